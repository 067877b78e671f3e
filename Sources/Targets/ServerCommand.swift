import Domain
import Processes

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

  /// Starts the server so that it outlives whoever starts it.
  ///
  /// - Throws: `StageError` when the program cannot be started.
  func start() throws(StageError) -> DetachedProcess {
    do throws(ProcessError) {
      return try ProcessCommand(executable, arguments, environment: environment, output: .file(log)).startDetached()
    } catch {
      throw StageError(.loading, reason: "ServerNotStarted", error.message, remedy: .wait(seconds: 5))
    }
  }
}
