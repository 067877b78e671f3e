import HeadgateTensors

/// Operators on strings.
enum TextOperators {
  static let table: [OperatorDefinition] = [
    .op("StringNormalizer", since: 10, normalize), .op("StringConcat", since: 20, concatenate),
  ]

  /// Removes stop words and changes case; a list that becomes empty becomes one empty string.
  private static func normalize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 1 || (input.rank == 2 && input.shape[0] == 1) else {
      throw TensorError(.shape, "takes a list or one row of strings, got shape \(input.shape)")
    }
    let action = try call.attributes.string("case_change_action") ?? "NONE"
    let isSensitive = try call.attributes.flag("is_case_sensitive")
    let stopWords = try call.attributes.strings("stopwords") ?? []
    let stopped = Set(isSensitive ? stopWords : stopWords.map { $0.lowercased() })
    var words = try input.strings().filter { !stopped.contains(isSensitive ? $0 : $0.lowercased()) }
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
}
