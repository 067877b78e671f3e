import Domain

/// The log of a build: one file for all steps of a run, with a line before each.
enum BuildLog {
  /// The last line that says something, for a one-line error; control characters are taken out.
  static func lastError(of path: String) -> String {
    let lines = FileSystem.tail(of: path, limit: 4096).split(whereSeparator: \.isNewline)
    let line = lines.last { !$0.allSatisfy(\.isWhitespace) } ?? "it printed nothing"
    return String(plain(line).prefix(300))
  }

  /// Text that a program has printed, with a space for each control character.
  static func plain(_ text: some StringProtocol) -> String {
    String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
  }
}
