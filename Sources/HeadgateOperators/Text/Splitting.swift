import HeadgateTensors

extension TextOperators {
  /// Cuts strings `[...]` to pieces `[..., most pieces]`, padded with empty strings, and counts them.
  static func split(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let splitting = Splitting(
      delimiter: Array((try call.attributes.string("delimiter") ?? "").utf8),
      mostSplits: try call.attributes.int("maxsplit") ?? -1)
    let texts = try input.elements(String.self)
    // Counted before they are cut, so that the room for the pieces is charged before it is taken.
    var width = 0
    let counts = try call.make(Int64.self, input.shape) { output in
      for index in texts.indices {
        var count = 0
        splitting.forEachPiece(of: texts[index]) { _ in count += 1 }
        output[index] = Int64(count)
        width = max(width, count)
      }
    }
    let pieces = try call.make(String.self, input.shape + [width]) { output in
      for index in texts.indices {
        var place = index * width
        splitting.forEachPiece(of: texts[index]) { piece in
          output[place] = String(piece)
          place += 1
        }
      }
    }
    return [.tensor(pieces), .tensor(counts)]
  }
}

/// How texts are cut: at a delimiter, or, when that is empty, into words.
private struct Splitting {
  let delimiter: [UInt8]
  /// Negative for no bound.
  let mostSplits: Int

  func forEachPiece(of text: String, _ body: (Substring) -> Void) {
    if delimiter.isEmpty { forEachWord(of: text, body) } else { forEachPart(of: text, body) }
  }

  /// The parts between delimiters, compared byte for byte; neighbouring delimiters have an empty part between them.
  private func forEachPart(of text: String, _ body: (Substring) -> Void) {
    let bytes = text.utf8
    var start = bytes.startIndex
    var place = start
    var splits = 0
    while splits != mostSplits, place < bytes.endIndex {
      if bytes[place] == delimiter[0], bytes[place...].starts(with: delimiter) {
        body(text[start..<place])
        splits += 1
        place = bytes.index(place, offsetBy: delimiter.count)
        start = place
      } else {
        place = bytes.index(after: place)
      }
    }
    body(text[start...])
  }

  /// The words between white space. What is left after the last split keeps what lies between its words, but no end.
  private func forEachWord(of text: String, _ body: (Substring) -> Void) {
    let scalars = text.unicodeScalars
    var place = scalars.startIndex
    var splits = 0
    while true {
      while place < scalars.endIndex, isSpace(scalars[place]) { place = scalars.index(after: place) }
      guard place < scalars.endIndex else { return }
      let start = place
      guard splits != mostSplits else {
        var end = scalars.endIndex
        while isSpace(scalars[scalars.index(before: end)]) { end = scalars.index(before: end) }
        return body(text[start..<end])
      }
      while place < scalars.endIndex, !isSpace(scalars[place]) { place = scalars.index(after: place) }
      body(text[start..<place])
      splits += 1
    }
  }

  /// White space as Python knows it: that of Unicode, and the separators of ASCII.
  private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
  }
}
