import Glibc

/// How a program ended, and what it wrote.
package struct ProcessEnding: Sendable, Hashable {
  package enum Status: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
    /// It was stopped from here, with its whole process group.
    case stopped(StopReason)
  }

  /// Why a program was stopped.
  package enum StopReason: Sendable, Hashable {
    case timeOver, silent, tooMuchOutput, cancelled
  }

  package let status: Status
  package let standardOutput: [UInt8]
  package let standardError: [UInt8]

  package var succeeded: Bool { status == .exited(0) }

  /// The number a shell would give: the exit code, or 128 and the number of the signal that ended the program.
  package var shellStatus: Int32 {
    switch status {
    case .exited(let code): code
    case .signalled(let signal): 128 + signal
    case .stopped: 128 + SIGKILL
    }
  }
}

/// A program could not be started.
package struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String
  /// The system's error number.
  package let code: Int32

  init(_ message: String, code: Int32) {
    self.message = "\(message): \(String(cString: strerror(code)))"
    self.code = code
  }

  package var description: String { message }
}
