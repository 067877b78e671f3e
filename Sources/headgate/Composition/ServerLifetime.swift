import Domain
import Glibc

/// The one server of a state folder, known to others by its process number.
enum ServerLifetime {
  /// Leaves this process's number in the state folder. Without it, only `up` could not end this server.
  static func announce(_ folder: StateFolder) {
    guard let file = fopen(path(folder), "we") else {
      Terminal.complain("headgate: cannot write \(path(folder)): \(String(cString: strerror(errno)))")
      return
    }
    fputs("\(getpid())\n", file)
    fclose(file)
  }

  /// Asks the server to finish what it has taken and end, and waits for that.
  static func end(_ folder: StateFolder) async {
    guard let pid = pid(folder), kill(pid, SIGTERM) == 0 else { return }
    let end = ContinuousClock.now + .seconds(40)
    while isServer(pid, folder), ContinuousClock.now < end {
      var status: Int32 = 0
      // A server that this process has started is its child.
      waitpid(pid, &status, WNOHANG)
      try? await Task.sleep(for: .milliseconds(20))
    }
    unlink(path(folder))
  }

  private static func path(_ folder: StateFolder) -> String { folder.root + "/server.pid" }

  private static func pid(_ folder: StateFolder) -> pid_t? {
    guard let text = contents(path(folder)), let pid = pid_t(text.prefix { $0.isNumber }), isServer(pid, folder) else {
      return nil
    }
    return pid
  }

  /// Process numbers are used again: only a process whose command line names this folder is the server.
  private static func isServer(_ pid: pid_t, _ folder: StateFolder) -> Bool {
    guard let text = contents("/proc/\(pid)/cmdline") else { return false }
    let words = text.split(separator: "\0")
    return words.dropFirst().first == "server" && words.contains { $0 == folder.root }
  }

  private static func contents(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
