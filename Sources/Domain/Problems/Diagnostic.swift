/// Where something stands in a file of the repository; line and column count from 1.
package struct SourcePlace: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
  package let path: RepositoryPath
  package let line: Int
  package let column: Int

  package init(path: RepositoryPath, line: Int, column: Int) {
    self.path = path
    self.line = line
    self.column = column
  }

  package var description: String { "\(path):\(line):\(column)" }

  package static func < (left: SourcePlace, right: SourcePlace) -> Bool {
    (left.path, left.line, left.column) < (right.path, right.line, right.column)
  }
}

/// What a person wrote wrong: where, what, and how to mend it.
package struct Diagnostic: Hashable, Sendable, Codable, Error {
  package enum Severity: String, Sendable, Codable {
    case error, warning
  }

  package let severity: Severity
  package let place: SourcePlace
  /// How many columns the fault spans, at least 1.
  package let length: Int
  package let message: String
  /// What to do, for instance `did you mean 'rollout'?`.
  package let hint: String?
  /// The line as it stands in the file, for the caret below it.
  package let sourceLine: String?

  package init(
    _ severity: Severity = .error, at place: SourcePlace, length: Int = 1, _ message: String, hint: String? = nil,
    sourceLine: String? = nil
  ) {
    self.severity = severity
    self.place = place
    self.length = max(1, length)
    self.message = message
    self.hint = hint
    self.sourceLine = sourceLine
  }
}
