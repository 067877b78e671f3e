import Foundation
import Synchronization

/// A child process in a group of its own, whose output goes into files.
///
/// Foundation's `Process` notices an end only when every descendant has closed an inherited descriptor, and the model
/// server outlives the controller on purpose: hence `posix_spawn` and `waitpid`.
final class Child: Sendable {
  /// How a process ended.
  enum End: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
      self.description = description
    }
  }

  let pid: pid_t
  let output: String
  let errors: String
  private let ending = Mutex<End?>(nil)

  /// Starts a program that is found in PATH.
  init(
    _ words: [String], environment: [String: String], folder: String? = nil, output: String = "/dev/null",
    errors: String = "/dev/null"
  ) throws {
    self.output = output
    self.errors = errors
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    if errors == output {
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    } else {
      posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The test process may have blocked or ignored signals that a child must see.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = (folder.map { ["env", "-C", $0] } ?? []) + words
    let arguments = words.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, variables)
    guard code == 0 else { throw Failure("cannot start \(words[0]): \(String(cString: strerror(code)))") }
    self.pid = pid
  }

  /// How it ended, or `nil` while it runs.
  var end: End? {
    ending.withLock { end in
      if let end { return end }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7F
      end = signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal)
      return end
    }
  }

  /// Waits for the end.
  func end(within time: Duration) async throws -> End {
    try await eventually(within: time, "the end of process \(pid)") { end }
  }

  func send(_ signal: Int32) {
    if end == nil { kill(pid, signal) }
  }

  /// Ends the whole group, whatever it does.
  func destroy() async {
    guard end == nil else { return }
    kill(-pid, SIGKILL)
    _ = try? await end(within: .seconds(10))
  }
}

/// Waits for a value, asking every few milliseconds.
/// - Throws: when it does not come in time; the message names what was awaited.
func eventually<Value>(
  within time: Duration, every pause: Duration = .milliseconds(5), _ what: @autoclosure () -> String,
  isolation: isolated (any Actor)? = #isolation, _ look: () async throws -> Value?
) async throws -> Value {
  let deadline = ContinuousClock.now + time
  while true {
    if let value = try await look() { return value }
    guard ContinuousClock.now < deadline else { throw Child.Failure("waited \(time) in vain for \(what())") }
    try await Task.sleep(for: pause)
  }
}
