import Domain

/// The diagnostics of one file while it is decoded, at most as many as the limit says.
final class Findings {
  let source: SourceText
  private(set) var diagnostics: [Diagnostic] = []
  /// Errors found so far, those beyond the limit included.
  private(set) var errorCount = 0
  private let limit: Int
  private var dropped = 0

  init(source: SourceText, limit: Int) {
    self.source = source
    self.limit = limit
  }

  /// Records an error at a place of the file.
  func error(at span: Span, _ message: String, hint: String? = nil) {
    errorCount += 1
    add(.error, span, message, hint)
  }

  /// Records a warning at a place of the file.
  func warning(at span: Span, _ message: String, hint: String? = nil) {
    add(.warning, span, message, hint)
  }

  /// All that was found, in order of place, with a last line for what the limit dropped.
  func finish() -> [Diagnostic] {
    diagnostics.sort { $0.place < $1.place }
    guard dropped > 0, let last = diagnostics.last else { return diagnostics }
    let more = Diagnostic(
      at: last.place, "\(dropped) more problems in this file are not shown", hint: "mend those above first")
    return diagnostics + [more]
  }

  private func add(_ severity: Diagnostic.Severity, _ span: Span, _ message: String, _ hint: String?) {
    guard diagnostics.count < limit else {
      dropped += 1
      return
    }
    diagnostics.append(source.diagnostic(severity, at: span, message, hint: hint))
  }
}

extension SourceText {
  /// A diagnostic at a place of this file, with the line it points at.
  func diagnostic(
    _ severity: Diagnostic.Severity = .error, at span: Span, _ message: String, hint: String? = nil
  ) -> Diagnostic {
    Diagnostic(
      severity, at: place(of: span), length: span.length, message, hint: hint, sourceLine: line(span.line))
  }

  /// The place of a span.
  func place(of span: Span) -> SourcePlace {
    SourcePlace(path: path, line: span.line, column: span.column)
  }
}
