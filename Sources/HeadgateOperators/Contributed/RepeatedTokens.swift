import HeadgateTensors

/// NGramRepeatBlock: forbids the tokens that would repeat a run of `ngram_size` tokens of the sequence so far.
enum RepeatedTokens {
  static let table: [OperatorDefinition] = [.contributed("NGramRepeatBlock", block)]

  private static func block(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (ids, scores) = (try call.tensor(0), try call.tensor(1))
    guard let size = try call.attributes.int("ngram_size"), size > 0 else {
      throw TensorError(.invalidValue, "attribute 'ngram_size' must be greater than 0")
    }
    guard ids.rank == 2, scores.rank == 2, ids.shape[0] == scores.shape[0] else {
      throw TensorError(.shape, "ids of shape \(ids.shape) do not fit scores of shape \(scores.shape)")
    }
    let (length, vocabulary) = (ids.shape[1], scores.shape[1])
    let (tokens, given) = (try ids.elements(Int64.self), try scores.elements(Float.self))
    let result = try call.make(Float.self, scores.shape) { (output) throws(TensorError) in
      for index in output.indices { output[index] = given[index] }
      guard size <= length else { return }
      for row in 0..<ids.shape[0] {
        let sequence = tokens[row * length..<(row + 1) * length]
        let ending = sequence.suffix(size - 1)
        for start in sequence.startIndex...sequence.endIndex - size
        where sequence[start..<start + size - 1].elementsEqual(ending) {
          let token = sequence[start + size - 1]
          guard token >= 0, token < vocabulary else {
            throw TensorError(.invalidValue, "token \(token) is outside of a vocabulary of \(vocabulary)")
          }
          output[row * vocabulary + Int(token)] = -Float.infinity
        }
      }
    }
    return [.tensor(result)]
  }
}
