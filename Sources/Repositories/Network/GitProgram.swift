import Domain
import FoundationEssentials
import Glibc
import Processes

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
  private let environment: [String: String]

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
    self.environment = variables
  }

  /// Runs git and returns what it printed.
  /// - Throws: what the failure means and what to do.
  func run(_ arguments: [String], cancellation: Cancellation) throws(GitError) -> String {
    let ending = try finish(arguments, cancellation: cancellation)
    guard ending.succeeded else { throw GitFailure(ending, remote: remote).error }
    return String(decoding: ending.standardOutput, as: UTF8.self)
  }

  /// Runs git to its end, whatever its status.
  func finish(_ arguments: [String], cancellation: Cancellation) throws(GitError) -> ProcessEnding {
    let command = ProcessCommand(program, arguments, environment: environment, output: .captured(limit: 8 << 20))
    // A transfer that makes progress may take long, but not for ever. What git leaves running, such as a cache of
    // credentials, is its user's.
    let limits = ProcessLimits(
      total: limit * 30, silence: limit, stopsAtOutputLimit: true, grace: .seconds(1), killsRemainder: false)
    let ending: ProcessEnding
    do throws(ProcessError) {
      ending = try command.run(limits, cancellation)
    } catch {
      throw describe(error)
    }
    if case .stopped(let reason) = ending.status { throw describe(reason) }
    return ending
  }

  private func describe(_ error: ProcessError) -> GitError {
    error.code == ENOENT
      ? GitError(.failed, "the program '\(program)' was not found: install git, or put it on the PATH")
      : GitError(.failed, "\(error.message): check the permissions of '\(program)'")
  }

  private func describe(_ reason: ProcessEnding.StopReason) -> GitError {
    switch reason {
    case .silent:
      GitError(
        .unreachable, "\(remote) did not answer within \(limit.components.seconds) s: check the network and the host")
    case .timeOver:
      GitError(
        .unreachable, "\(remote) took longer than \(limit.components.seconds * 30) s: check the network and the host")
    case .tooMuchOutput:
      GitError(.tooLarge, "\(remote) answered with more than can be right: check that it is a Git repository")
    case .cancelled:
      GitError(.failed, "git was stopped before it was done")
    }
  }
}
