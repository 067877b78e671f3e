import Domain
import FoundationEssentials
import Glibc

/// Runs the `git` program, which knows credential helpers, proxies, SSH agents and every transport.
struct GitProgram: Sendable {
  /// Of git, and of nothing else: set by a hook that runs us, they would point git at another repository.
  private static let leftOut: Set<String> = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_PREFIX",
  ]

  let program: String
  /// As shown in messages.
  let remote: String
  /// Ends a peer that never answers.
  let limit: Duration
  private let environment: [String]

  init(program: String, remote: String, limit: Duration, environment: [String: String]?) {
    self.program = program
    self.remote = GitFailure.withoutCredentials(remote)
    self.limit = limit
    var variables = environment ?? ProcessInfo.processInfo.environment
    for name in Self.leftOut { variables[name] = nil }
    variables["GIT_TERMINAL_PROMPT"] = "0"
    // Messages are told apart by their English text.
    variables["LC_ALL"] = "C"
    variables["LANGUAGE"] = nil
    self.environment = variables.map { "\($0.key)=\($0.value)" }
  }

  /// Runs git and returns what it printed.
  /// - Throws: what the failure means and what to do.
  func run(_ arguments: [String], cancellation: Cancellation) throws(GitError) -> String {
    let result = try finish(arguments, cancellation: cancellation)
    guard result.status == 0 else {
      throw GitFailure(status: result.status, errors: result.errors, remote: remote).error
    }
    return String(decoding: result.output, as: UTF8.self)
  }

  /// Runs git to its end, whatever its status.
  func finish(_ arguments: [String], cancellation: Cancellation) throws(GitError) -> ChildProcess.Result {
    let child = ChildProcess(
      program: program, arguments: arguments, environment: environment,
      // A transfer that makes progress may take long, but not for ever.
      limits: ChildProcess.Limits(silence: limit, total: limit * 30))
    do throws(ChildProcess.Failure) {
      return try child.run(cancellation)
    } catch {
      throw describe(error)
    }
  }

  private func describe(_ failure: ChildProcess.Failure) -> GitError {
    switch failure {
    case .notStarted(ENOENT):
      GitError(.failed, "the program '\(program)' was not found: install git, or put it on the PATH")
    case .notStarted(let code):
      GitError(.failed, "the program '\(program)' could not be started (error \(code)): check its permissions")
    case .silent:
      GitError(
        .unreachable, "\(remote) did not answer within \(limit.components.seconds) s: check the network and the host")
    case .tooLong:
      GitError(
        .unreachable, "\(remote) took longer than \(limit.components.seconds * 30) s: check the network and the host")
    case .tooMuchOutput:
      GitError(.tooLarge, "\(remote) answered with more than can be right: check that it is a Git repository")
    case .cancelled:
      GitError(.failed, "git was stopped before it was done")
    }
  }
}
