import Domain
import Glibc

/// The few file operations a build needs, each bounded and without following links where it matters.
enum FileSystem {
  static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func isLink(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }

  /// The size of a regular file that is not a link; `nil` for anything else.
  static func regularFileSize(_ path: String) -> Int? {
    var info = stat()
    guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(info.st_size)
  }

  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The beginning of a file as text.
  static func text(of path: String, limit: Int) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = fread(&bytes, 1, limit, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The end of a file as text.
  static func tail(of path: String, limit: Int) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    let size = regularFileSize(path) ?? 0
    fseek(file, max(0, size - limit), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = fread(&bytes, 1, limit, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// Writes into a file that is there already, such as one of a control group.
  static func overwrite(_ path: String, with text: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
  }

  /// Makes a new file with these bytes; fails when it is there already.
  static func create(_ path: String, bytes: [UInt8]) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("create", path) }
    defer { close(descriptor) }
    // SAFETY: the array stays in place for the whole of the call.
    let result = bytes.withUnsafeBytes { region in
      Result { () throws(FileError) in try write(region, to: descriptor, path: path) }
    }
    try result.get()
  }

  /// Copies a file and returns the digest of what was copied; the copy must not exist.
  static func copy(_ source: String, to path: String) throws(FileError) -> Digest {
    let output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw FileError("create", path) }
    defer { close(output) }
    return try read(source) { (piece) throws(FileError) in try write(piece, to: output, path: path) }
  }

  /// Gives a file to `body` piece by piece and returns the digest of the whole.
  private static func read(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) -> Digest {
    let input = open(path, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw FileError("open", path) }
    defer { close(input) }
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { chunk.deallocate() }
    var digest = DigestStream()
    while true {
      let count = Glibc.read(input, chunk.baseAddress, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError("read", path) }
      if count == 0 { return digest.finish() }
      // SAFETY: read has just written `count` bytes there.
      let piece = UnsafeRawBufferPointer(rebasing: chunk[..<count])
      digest.add(piece)
      try body(piece)
    }
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError("write", path) }
      written += count
    }
  }

  /// The names in a folder; none when it cannot be listed.
  static func names(in path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Makes a folder and those above it; one that is there already, or a link to one, is as good.
  static func makeFolder(_ path: String) throws(FileError) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      guard mkdir(made, 0o755) != 0 else { continue }
      guard errno == EEXIST else { throw FileError("make the folder", made) }
      var info = stat()
      guard stat(made, &info) == 0 else { throw FileError("make the folder", made) }
      if info.st_mode & S_IFMT != S_IFDIR {
        errno = ENOTDIR
        throw FileError("make the folder", made)
      }
    }
  }
}

/// A file operation that failed, with its path and the system's reason.
struct FileError: Error, CustomStringConvertible {
  let description: String

  init(_ operation: String, _ path: String) {
    description = "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
  }
}
