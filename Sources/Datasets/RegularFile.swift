#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reads whole files of bounded size.
enum RegularFile {
  /// The bytes of a file.
  ///
  /// - Throws: `DatasetError.unreadable` when it is no regular file or cannot be read, `tooLarge` above the limit.
  static func read(_ path: String, limit: Int) throws(DatasetError) -> [UInt8] {
    // Without O_NONBLOCK opening a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw DatasetError(.unreadable, "\(path) is not a regular file; give the path of a CSV file")
    }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw DatasetError(.tooLarge, "\(path) has \(size) bytes; the limit is \(limit)")
    }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0, errno == EINTR { continue }
        failed = got < 0
        guard got > 0 else { return }
        count += got
      }
    }
    if failed { throw failure(path, "cannot be read") }
    return bytes
  }

  private static func failure(_ path: String, _ what: String) -> DatasetError {
    DatasetError(.unreadable, "\(path) \(what): \(String(cString: strerror(errno))); check path and permissions")
  }
}
