import Domain
import FoundationEssentials
import Glibc

/// Holds a state folder for one controller, until the process ends or the lock goes.
///
/// The kernel lets the lock go with the process, however it ends: there is never a stale one.
package final class StateLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `locked` with the number of the process that holds it.
  package init(_ folder: StateFolder) throws(StoreError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder.root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(.failed, "could not make the state folder \(folder.root): choose another with --state")
    }
    let path = folder.root + "/controller.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw StoreError(errno: errno, "open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.holder(descriptor)
      close(descriptor)
      guard code == EWOULDBLOCK else { throw StoreError(errno: code, "lock", path) }
      throw StoreError(
        .locked,
        "another controller\(holder.map { " (process \($0))" } ?? "") uses \(folder.root): end it, or choose another "
          + "state folder with --state")
    }
    let text = "\(getpid())\n"
    // Only to be shown to whoever comes second; the lock itself needs no content.
    _ = ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return nil }
    return Int(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self))
  }
}

extension StoreError {
  /// What a failed system call on a file means and what to do.
  init(errno code: Int32, _ doing: String, _ path: String) {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EDQUOT:
      self.init(.full, "could not \(doing) \(path): \(reason); free space on that disk")
    case ENOENT:
      self.init(.notFound, "could not \(doing) \(path): \(reason); check the path")
    default:
      self.init(.failed, "could not \(doing) \(path): \(reason); check its permissions and the disk")
    }
  }
}
