import HeadgateTensors

extension TextOperators {
  /// Cuts strings `[...]` to pieces `[..., most pieces]`, padded with empty strings, and counts them.
  static func split(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let delimiter = Array((try call.attributes.string("delimiter") ?? "").utf8)
    let wanted = try call.attributes.int("maxsplit") ?? -1
    let most = wanted < 0 ? Int.max : wanted
    let texts = try input.elements(String.self)
    let pieces = texts.map { delimiter.isEmpty ? words($0, splits: most) : parts($0, delimiter, splits: most) }
    let width = pieces.reduce(0) { max($0, $1.count) }
    let substrings = try call.make(String.self, input.shape + [width]) { output in
      for (row, list) in pieces.enumerated() {
        for (column, piece) in list.enumerated() { output[row * width + column] = String(piece) }
      }
    }
    let counts = try call.make(Int64.self, input.shape) { output in
      for index in pieces.indices { output[index] = Int64(pieces[index].count) }
    }
    return [.tensor(substrings), .tensor(counts)]
  }

  /// The parts between delimiters, compared byte for byte; neighbouring delimiters have an empty part between them.
  private static func parts(_ text: String, _ delimiter: [UInt8], splits: Int) -> [Substring] {
    var result: [Substring] = []
    let bytes = text.utf8
    var start = bytes.startIndex
    var place = start
    while result.count < splits, place < bytes.endIndex {
      if bytes[place] == delimiter[0], bytes[place...].starts(with: delimiter) {
        result.append(text[start..<place])
        place = bytes.index(place, offsetBy: delimiter.count)
        start = place
      } else {
        place = bytes.index(after: place)
      }
    }
    result.append(text[start...])
    return result
  }

  /// The words between white space. What is left after the last split keeps what lies between its words, but no end.
  private static func words(_ text: String, splits: Int) -> [Substring] {
    var result: [Substring] = []
    let scalars = text.unicodeScalars
    var place = scalars.startIndex
    while true {
      while place < scalars.endIndex, isSpace(scalars[place]) { place = scalars.index(after: place) }
      guard place < scalars.endIndex else { return result }
      let start = place
      guard result.count < splits else {
        var end = scalars.endIndex
        while isSpace(scalars[scalars.index(before: end)]) { end = scalars.index(before: end) }
        result.append(text[start..<end])
        return result
      }
      while place < scalars.endIndex, !isSpace(scalars[place]) { place = scalars.index(after: place) }
      result.append(text[start..<place])
    }
  }

  /// White space as Python knows it: that of Unicode, and the separators of ASCII.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
  }
}
