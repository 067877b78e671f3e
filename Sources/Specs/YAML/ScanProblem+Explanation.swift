/// What libyaml says, in words for the person who wrote the file.
extension ScanProblem {
  /// Where the fault stands, what it is, and how to mend it.
  func explained(in source: SourceText) -> (span: Span, message: String, hint: String?) {
    guard let span else {
      let (line, column) = source.position(ofByte: byteOffset)
      return (
        Span(line: line, column: column), "the file holds a character YAML does not allow (\(problem))",
        "remove it, or write it as an escape inside double quotes"
      )
    }
    if let tab = tabIndent(at: span, in: source) ?? contextSpan.flatMap({ tabIndent(at: $0, in: source) }) {
      return (tab, "a tab cannot indent", "use spaces")
    }
    let opening = contextSpan ?? span
    switch (problem, context) {
    case ("found character that cannot start any token", _):
      let found = source.character(line: span.line, column: span.column).map { String($0).quoted } ?? "this"
      return (span, "\(found) cannot start a value", "put the value in quotes")
    case ("mapping values are not allowed in this context", _):
      return (span, "a ':' where no key can stand", "check the indentation, or quote a value that holds ': '")
    case ("block sequence entries are not allowed in this context", _):
      return (span, "a list item ('- ') where none can stand", "put the list on lines of its own, below its key")
    case ("could not find expected ':'", _):
      return (opening, "no ':' after this key", "write 'key: value', with a blank after the colon")
    case ("did not find expected key", "while parsing a block mapping"):
      return (span, "expected a key here", "the keys of one mapping start in the same column")
    case ("did not find expected '-' indicator", _):
      return (span, "expected a list item ('- ') here", "the items of one list start in the same column")
    case ("did not find expected ',' or ']'", _):
      return (opening, "this '[' is not closed before something else begins", "separate with ',' and close with ']'")
    case ("did not find expected ',' or '}'", _):
      return (opening, "this '{' is not closed before something else begins", "separate with ',' and close with '}'")
    case ("found unexpected end of stream", "while scanning a quoted scalar"),
      ("found unexpected document indicator", "while scanning a quoted scalar"):
      return (opening, "this quote is not closed", "close it with the same quote")
    case ("did not find expected <document start>", _):
      return (span, "something stands after the end of the document", "start a further document with '---'")
    case ("did not find expected node content", _):
      return (span, "expected a value here", nil)
    case ("found unknown escape character", _):
      return (span, "this escape is not known in double quotes", "write '\\\\' for a backslash, or use single quotes")
    case ("found undefined tag handle", _):
      return (span, "tags are not used in specs", "quote a value that starts with '!'")
    case ("found incompatible YAML document", _):
      return (span, "this version of YAML cannot be read", "leave the %YAML line out")
    default:
      let doing = context.isEmpty ? "" : " \(context)"
      return (span, "not YAML: \(problem)\(doing)", "check indentation, quotes and brackets near this place")
    }
  }

  /// The first tab among the blanks before a place, where only spaces may stand.
  private func tabIndent(at span: Span, in source: SourceText) -> Span? {
    guard let line = source.line(span.line) else { return nil }
    var column = 1
    for scalar in line.unicodeScalars {
      if scalar == "\t" { return Span(line: span.line, column: column) }
      guard scalar == " " || scalar == "-", column <= span.column else { return nil }
      column += 1
    }
    return nil
  }
}
