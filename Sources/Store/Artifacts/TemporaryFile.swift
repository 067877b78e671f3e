import Domain
import FoundationEssentials
import Glibc

/// A file being written beside its final place; gone with its owner unless it was kept.
///
/// The writer holds a lock on it for as long as it lives, by which a file that a killed process left is told apart.
struct TemporaryFile: ~Copyable {
  private static let prefix = ".writing-"
  /// FICLONE of linux/fs.h.
  private static let cloneRequest: UInt = 0x4004_9409

  private let folder: String
  private let path: String
  private let descriptor: Int32

  init(in folder: String) throws(StoreError) {
    self.folder = folder
    var found: (path: String, descriptor: Int32)?
    var code: Int32 = EEXIST
    // Opened and locked are two steps; whoever removes abandoned files in between makes us begin again.
    for _ in 0..<16 where found == nil {
      let path = "\(folder)/\(Self.prefix)\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        code = errno
        break
      }
      var status = stat()
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0 {
        found = (path, descriptor)
      } else {
        close(descriptor)
      }
    }
    guard let found else { throw StoreError(errno: code, "write in", folder) }
    path = found.path
    descriptor = found.descriptor
  }

  deinit {
    // After a rename the name is gone already.
    unlink(path)
    close(descriptor)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
    var written = 0
    while written < bytes.count {
      let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw StoreError(errno: errno, "write", path) }
      written += count
    }
  }

  /// Copies a file in, sharing its blocks where the file system can, and returns the digest of the copy.
  func copy(_ source: borrowing SourceFile, limit: Int) throws(StoreError) -> Digest {
    if ioctl(descriptor, Self.cloneRequest, source.descriptor) == 0 {
      return try SourceFile.digest(of: descriptor, path: path, limit: limit) { (_) throws(StoreError) in }
    }
    return try SourceFile.digest(of: source.descriptor, path: source.path, limit: limit) { (piece) throws(StoreError) in
      try append(piece)
    }
  }

  /// Puts the file at its place, whole and durable.
  func keep(as name: String) throws(StoreError) {
    // Nobody changes what lies under a digest.
    guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else { throw StoreError(errno: errno, "write", path) }
    guard rename(path, "\(folder)/\(name)") == 0 else { throw StoreError(errno: errno, "write", "\(folder)/\(name)") }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw StoreError(errno: errno, "open", folder) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw StoreError(errno: errno, "write in", folder) }
  }

  /// Removes what killed writers have left in a folder.
  static func removeAbandoned(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      let descriptor = open("\(folder)/\(name)", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(folder)/\(name)") }
    }
  }
}
