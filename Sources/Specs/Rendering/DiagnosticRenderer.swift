import Domain

/// Writes diagnostics for people: place, message, the line with a caret below, and the hint.
package struct DiagnosticRenderer: Sendable {
  /// Whether to colour with ANSI escapes.
  package let usesColour: Bool
  /// How many columns of a source line are shown; a longer line is cut around the caret.
  package let width: Int

  package init(usesColour: Bool = false, width: Int = 100) {
    self.usesColour = usesColour
    self.width = max(20, width)
  }

  /// All diagnostics, one after the other.
  package func text(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map(text).joined()
  }

  /// One diagnostic; it ends with a line break.
  package func text(_ diagnostic: Diagnostic) -> String {
    let isError = diagnostic.severity == .error
    let severity = paint("\(diagnostic.severity.rawValue):", isError ? "1;31" : "1;35")
    let place = "\(onOneLine(diagnostic.place.path.text)):\(diagnostic.place.line):\(diagnostic.place.column):"
    var text = "\(paint(place, "1")) \(severity) \(paint(onOneLine(diagnostic.message), "1"))\n"
    if let line = diagnostic.sourceLine {
      let (source, caret) = excerpt(of: line, column: diagnostic.place.column, length: diagnostic.length)
      text += "  \(source)\n  \(paint(caret, "1;32"))\n"
    }
    if let hint = diagnostic.hint {
      text += "  \(paint("hint:", "1;36")) \(onOneLine(hint))\n"
    }
    return text
  }

  /// The part of the line around the fault, and the carets below it.
  private func excerpt(of line: String, column: Int, length: Int) -> (source: String, caret: String) {
    let scalars = line.unicodeScalars.map(\.visible)
    let fault = min(max(0, column - 1), scalars.count)
    var start = 0
    var end = scalars.count
    if scalars.count > width {
      // A third of the width before the fault, the rest after it.
      start = min(max(0, fault - width / 3), scalars.count - width)
      end = start + width
    }
    var source = start > 0 ? "..." : ""
    source.unicodeScalars.append(contentsOf: scalars[start..<end])
    if end < scalars.count { source += "..." }
    let indent = (start > 0 ? 3 : 0) + scalars[start..<min(fault, end)].reduce(0) { $0 + $1.columns }
    let faultEnd = min(max(fault + 1, fault.addingReportingOverflow(length).partialValue), max(end, fault + 1))
    let marked = fault < end ? scalars[fault..<min(faultEnd, end)].reduce(0) { $0 + $1.columns } : 1
    let caret = String(repeating: " ", count: indent) + "^" + String(repeating: "~", count: max(1, marked) - 1)
    return (source, caret)
  }

  /// Nothing in a message may break the line or steer the terminal.
  private func onOneLine(_ text: String) -> String {
    var result = ""
    result.unicodeScalars.append(contentsOf: text.unicodeScalars.map(\.visible))
    return result
  }

  private func paint(_ text: String, _ code: String) -> String {
    usesColour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
