/// Why a data set cannot be used.
package struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// The file cannot be opened or read.
    case unreadable
    /// The file, a row or the header passes a limit.
    case tooLarge
    /// The bytes are no CSV table.
    case malformed
    /// The file is not the one that the spec's digest names.
    case digestMismatch
    /// The spec or a gate names a column, split or group that the file does not have.
    case unknownName
    /// A cell does not hold what its use asks for.
    case badValue
  }

  package let code: Code
  /// What is wrong and what to do, beginning with `file:line:column` when one place is to blame.
  package let message: String
  /// The line of the file, from 1.
  package let line: Int?
  /// The byte within the line, from 1.
  package let column: Int?

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
    line = nil
    column = nil
  }

  init(_ code: Code, at place: (line: Int, column: Int), of file: String, _ message: String) {
    self.code = code
    self.message = "\(file):\(place.line):\(place.column): \(message)"
    line = place.line
    column = place.column
  }

  package var description: String { message }
}
