/// A program to run, with nothing inherited that is not named here.
///
/// It leads a session and a process group of its own: it cannot ask at a terminal, and it is ended with all it started.
package struct ProcessCommand: Sendable {
  /// Where the program's standard output and standard error go.
  package enum Output: Sendable, Hashable {
    /// Both are kept in memory: of the output the first bytes, up to a number, of the errors the last 64 KiB.
    case captured(limit: Int)
    /// Both are appended to a file, which is made when it is missing.
    case file(String)
  }

  /// The path of the program, or a name to look for on the PATH of this process.
  package let executable: String
  package let arguments: [String]
  package let environment: [String: String]
  package let workingFolder: String?
  package let output: Output

  package init(
    _ executable: String, _ arguments: [String], environment: [String: String], workingFolder: String? = nil,
    output: Output = .captured(limit: 1 << 20)
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingFolder = workingFolder
    self.output = output
  }
}

/// How long a program may take, and how it is stopped.
package struct ProcessLimits: Sendable, Hashable {
  /// From its start to its end.
  package var total: Duration
  /// Without a byte of captured output; `nil` leaves silence unwatched.
  package var silence: Duration?
  /// Whether captured output beyond its limit stops the program; otherwise it is read and dropped.
  package var stopsAtOutputLimit: Bool
  /// The time between SIGTERM, at which a program can put its files in order, and SIGKILL; zero kills at once.
  package var grace: Duration
  /// Whether processes that outlive the program in its group are killed when it has ended by itself.
  package var killsRemainder: Bool

  package init(
    total: Duration, silence: Duration? = nil, stopsAtOutputLimit: Bool = false, grace: Duration = .zero,
    killsRemainder: Bool = true
  ) {
    self.total = total
    self.silence = silence
    self.stopsAtOutputLimit = stopsAtOutputLimit
    self.grace = grace
    self.killsRemainder = killsRemainder
  }
}
