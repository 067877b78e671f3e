import Domain
import Glibc

/// An open regular file that is read from its beginning, by reads and not by mapping: a file that someone else cuts short
/// while it is mapped would end the process.
struct SourceFile: ~Copyable {
  private static let chunkByteCount = 1 << 20

  let path: String
  let descriptor: Int32
  let byteCount: Int

  init(_ path: String) throws(StoreError) {
    // O_NONBLOCK: opening a pipe would otherwise wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      guard errno != ELOOP else { throw StoreError(.failed, "\(path) is a link: give the file itself") }
      throw StoreError(errno: errno, "read", path)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw StoreError(.failed, "\(path) is not a regular file: give the file itself")
    }
    self.path = path
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The digest of the first `limit` bytes and what more there is; throws above the limit.
  func digest(limit: Int) throws(StoreError) -> Digest {
    try Self.digest(of: descriptor, path: path, limit: limit) { (_) throws(StoreError) in }
  }

  /// Reads a file from its beginning to its end, gives each piece to `body` and returns the digest of the whole.
  static func digest(
    of descriptor: Int32, path: String, limit: Int, body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) -> Digest {
    var digest = DigestStream()
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkByteCount, alignment: 16)
    defer { chunk.deallocate() }
    var offset = 0
    while true {
      let count = pread(descriptor, chunk.baseAddress, chunk.count, offset)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw StoreError(errno: errno, "read", path) }
      if count == 0 { return digest.finish() }
      offset += count
      guard offset <= limit else {
        throw StoreError(.tooLarge, "\(path) has more than \(limit) bytes: make it smaller")
      }
      // SAFETY: pread has just written `count` bytes there.
      let piece = UnsafeRawBufferPointer(rebasing: chunk[..<count])
      digest.add(piece)
      try body(piece)
    }
  }
}
