import HeadgateTensors

/// Tokenizer: divides texts `[...]` into tokens `[..., most tokens]`, at separators or by an expression for tokens.
enum Tokenizer {
  static let table: [OperatorDefinition] = [
    .prepared("Tokenizer", domain: ContributedOperators.domain, since: 1, prepare)
  ]

  private enum Rule: Sendable {
    case characters
    case separators([Pattern])
    case tokens(Pattern)
  }

  private static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let separators = try attributes.strings("separators") ?? []
    let expression = try attributes.string("tokenexp") ?? ""
    guard separators.isEmpty != expression.isEmpty else {
      throw TensorError(.invalidValue, "either attribute 'separators' or 'tokenexp' must be given")
    }
    let rule: Rule
    if separators == [""] || expression == "." {
      rule = .characters
    } else if separators.isEmpty {
      rule = .tokens(try Pattern(expression))
    } else {
      rule = .separators(try separators.map { (separator) throws(TensorError) in try Pattern(separator) })
    }
    let shortest = try attributes.int("mincharnum") ?? 1
    guard shortest > 0 else { throw TensorError(.invalidValue, "attribute 'mincharnum' is \(shortest)") }
    let isMarked = try attributes.flag("mark")
    let pad = try attributes.string("pad_value") ?? ""
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      guard input.rank == 1 || input.rank == 2 else {
        throw TensorError(.shape, "takes lists or rows of texts, got shape \(input.shape)")
      }
      let texts = try input.strings()
      if texts.isEmpty { return [.tensor(input)] }
      let tokens = divide(texts, by: rule).map { $0.filter { $0.unicodeScalars.count >= shortest } }
      return [.tensor(try padded(tokens, input.shape, pad: pad, isMarked: isMarked, call))]
    }
  }

  private static func padded(
    _ tokens: [[String]], _ shape: Shape, pad: String, isMarked: Bool, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let most = tokens.reduce(0) { max($0, $1.count) }
    let width = most == 0 ? 0 : isMarked ? most + 2 : most
    return try call.make(String.self, shape + [width]) { output in
      guard width > 0 else { return }
      for (row, list) in tokens.enumerated() {
        let marked = isMarked ? ["\u{2}"] + list + ["\u{3}"] : list
        for column in 0..<width { output[row * width + column] = column < marked.count ? marked[column] : pad }
      }
    }
  }

  private static func divide(_ texts: [String], by rule: Rule) -> [[String]] {
    switch rule {
    case .characters: return texts.map { $0.unicodeScalars.map { String($0) } }
    case .separators(let patterns):
      var matchers = patterns.map { PatternMatcher($0) }
      return texts.map { text in
        var pieces = [Array(text.unicodeScalars)[...]]
        for index in matchers.indices { pieces = pieces.flatMap { between($0, &matchers[index]) } }
        return pieces.map(string)
      }
    case .tokens(let pattern):
      var matcher = PatternMatcher(pattern)
      return texts.map { matches(Array($0.unicodeScalars), &matcher).map(string) }
    }
  }

  /// What lies between the matches. Where a match is empty, the character after it belongs to it.
  private static func between(
    _ text: ArraySlice<Unicode.Scalar>, _ matcher: inout PatternMatcher
  ) -> [ArraySlice<Unicode.Scalar>] {
    let scalars = Array(text)
    var pieces: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < scalars.count, let match = matcher.firstMatch(in: scalars, from: start) {
      if match.lowerBound > start { pieces.append(scalars[start..<match.lowerBound]) }
      start = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
    if start < scalars.count { pieces.append(scalars[start...]) }
    return pieces
  }

  /// The matches that are not empty, one after the other.
  private static func matches(
    _ scalars: [Unicode.Scalar], _ matcher: inout PatternMatcher
  ) -> [ArraySlice<Unicode.Scalar>] {
    var pieces: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < scalars.count, let match = matcher.firstMatch(in: scalars, from: start) {
      if !match.isEmpty { pieces.append(scalars[match]) }
      start = match.isEmpty ? match.upperBound + 1 : match.upperBound
    }
    return pieces
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
