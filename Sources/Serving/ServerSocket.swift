import Glibc

/// The right to listen on a server's own socket. One process has it at a time: a lock on a file beside the socket, which
/// the system lets go of when the process ends, however it ends.
final class ServerSocket: Sendable {
  let path: String
  /// Where the socket is bound first; it gets its name when its mode is set.
  let temporaryPath: String
  private let lock: Int32

  /// Takes the right.
  /// - Throws: `ServerError` when another server lives, or the path is too long for a socket.
  init(path: String) throws(ServerError) {
    let temporaryPath = path + ".new"
    let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
    guard temporaryPath.utf8.count < limit else {
      throw ServerError("the socket \(path) has a path longer than \(limit - 5) bytes; choose a shorter state folder")
    }
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw ServerError("cannot open \(path).lock: \(String(cString: strerror(errno))); check the state folder")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw ServerError("another server lives at \(path); stop it, or choose another state folder")
    }
    self.path = path
    self.temporaryPath = temporaryPath
    self.lock = lock
    // What a dead server left.
    unlink(temporaryPath)
    unlink(path)
  }

  deinit {
    close(lock)
  }

  /// Gives the bound socket its mode, then its name: it is never seen under its name with another mode.
  func publish() throws(ServerError) {
    guard chmod(temporaryPath, 0o600) == 0, rename(temporaryPath, path) == 0 else {
      throw ServerError("cannot publish the socket \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Removes the socket's name.
  func remove() {
    unlink(path)
  }
}
