/// A program to run, with nothing inherited that is not named here.
package struct ProcessCommand: Sendable {
  /// Where the program's standard output and standard error go.
  package enum Output: Sendable, Hashable {
    /// Both are kept in memory up to a number of bytes each; what comes later is read and dropped.
    case captured(limit: Int)
    /// Both are appended to a file, which is made when it is missing.
    case file(String)
  }

  /// The absolute path of the program.
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

/// How a program ended.
package struct ProcessEnding: Sendable, Hashable {
  package enum Status: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    /// It was killed with its whole process group when its time was over.
    case timedOut
  }

  package let status: Status
  package let standardOutput: [UInt8]
  package let standardError: [UInt8]

  package var succeeded: Bool { status == .exited(0) }
}

/// A program could not be started.
package struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package var description: String { message }
}
