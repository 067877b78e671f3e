import HeadgateTensors

/// Operators on strings.
enum TextOperators {
  static let table: [OperatorDefinition] = [
    .op("StringNormalizer", since: 10, normalize), .op("StringConcat", since: 20, concatenate),
    .op("StringSplit", since: 20, split), .prepared("RegexFullMatch", since: 20, fullMatch),
    .prepared("TfIdfVectorizer", since: 9, termFrequencies),
  ]

  /// Removes stop words and changes case; a list that becomes empty becomes one empty string.
  private static func normalize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 1 || (input.rank == 2 && input.shape[0] == 1) else {
      throw TensorError(.shape, "takes a list or one row of strings, got shape \(input.shape)")
    }
    let action = try call.attributes.string("case_change_action") ?? "NONE"
    guard ["NONE", "LOWER", "UPPER"].contains(action) else {
      throw TensorError(.invalidValue, "attribute 'case_change_action' is '\(action)'")
    }
    let isSensitive = try call.attributes.flag("is_case_sensitive")
    func key(_ word: String) -> ExactText { ExactText(isSensitive ? word : word.lowercased()) }
    let stopped = Set((try call.attributes.strings("stopwords") ?? []).map(key))
    var words = try input.strings().filter { !stopped.contains(key($0)) }
    switch action {
    case "LOWER": words = words.map { $0.lowercased() }
    case "UPPER": words = words.map { $0.uppercased() }
    default: break
    }
    if words.isEmpty { words = [""] }
    return [.tensor(try Tensor(shape: input.rank == 1 ? [words.count] : [1, words.count], strings: words))]
  }

  private static func concatenate(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (a, b) = (try call.tensor(0), try call.tensor(1))
    let broadcasting = try Broadcasting(a.shape, b.shape)
    let (x, y) = (try a.elements(String.self), try b.elements(String.self))
    return [
      .tensor(try call.make(String.self, broadcasting.shape) { broadcasting.map(x, y, into: $0) { $0 + $1 } })
    ]
  }

  /// Whether each whole string matches a regular expression, which is compiled once.
  private static func fullMatch(_ node: OperatorNode) throws(TensorError) -> Kernel {
    guard let expression = try node.attributes.string("pattern") else {
      throw TensorError(.missing, "attribute 'pattern' is absent")
    }
    let pattern = try Pattern(expression)
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let texts = try input.elements(String.self)
      var matcher = PatternMatcher(pattern)
      return [
        .tensor(
          try call.make(Bool.self, input.shape) { output in
            for index in texts.indices { output[index] = matcher.matches(texts[index]) }
          })
      ]
    }
  }
}
