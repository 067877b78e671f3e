import ArgumentParser
import Domain
import Glibc
import HeadgateRuntime

/// The exit codes every command keeps to; 64 for wrong usage comes from the argument parser.
enum ExitStatus {
  static let changes = ExitCode(2)
  static let gateFailed = ExitCode(3)
  static let inconclusive = ExitCode(4)
}

/// Why a command could not do what it was asked, with a remedy, in one line.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// What is wrong with a model file. That it cannot be opened is said with its path already.
  init(_ error: ModelFileError, of path: String) {
    self.init(error.code == .unreadable ? error.description : "\(path): \(error.description)")
  }

  /// Ends the process. Errors of our modules are one line already; those of the argument parser print themselves.
  static func end(_ error: any Error, otherwise: () -> Never) -> Never {
    let line: String? =
      switch error {
      case let failure as Failure: failure.description
      case let error as StageError: error.message
      case let error as GitError: error.message
      case let error as StoreError: error.message
      case let error as TensorError: error.message
      default: nil
      }
    guard let line else { otherwise() }
    Terminal.complain("headgate: " + line)
    exit(1)
  }
}
