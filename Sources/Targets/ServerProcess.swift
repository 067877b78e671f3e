import CSpawn
import Domain
import Glibc

/// How the model server is started.
package struct ServerCommand: Sendable {
  /// The absolute path of the program, usually the one that runs now.
  package let executable: String
  /// Such as `["server", "--state", folder]`.
  package let arguments: [String]
  package let environment: [String: String]
  /// Where its output is appended.
  package let log: String

  package init(executable: String, arguments: [String], environment: [String: String], log: String) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.log = log
  }

  /// Starts the server in a process group of its own, so that it outlives whoever starts it.
  ///
  /// - Throws: `StageError` when the program cannot be started.
  func start() throws(StageError) -> ServerProcess {
    let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw Self.failure("cannot open the log \(log): \(String(cString: strerror(errno)))") }
    defer { close(output) }
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var pid: pid_t = 0
    let code = Self.withCStrings([executable] + arguments) { arguments in
      Self.withCStrings(variables) { variables in
        headgate_spawn(&pid, executable, arguments, variables, nil, output, output)
      }
    }
    guard code == 0 else { throw Self.failure("cannot start \(executable): \(String(cString: strerror(code)))") }
    return ServerProcess(pid: pid)
  }

  private static func failure(_ message: String) -> StageError {
    StageError(.loading, reason: "ServerNotStarted", message, remedy: .wait(seconds: 5))
  }

  /// Gives a null-terminated array of C strings for the time of a call.
  private static func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return (copies + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

/// A server that this process has started.
struct ServerProcess: Sendable, Hashable {
  let pid: pid_t

  /// Whether it still runs. A dead one is reaped, after which this is always false.
  func isAlive() -> Bool {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) == 0
  }

  /// Kills its group, and reaps it.
  func kill() {
    guard isAlive() else { return }
    Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
  }
}
