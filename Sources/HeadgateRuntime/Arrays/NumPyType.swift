import HeadgateTensors

/// The type of an array's elements as NumPy writes it: `<f4`, `|b1`, `<U5`.
struct NumPyType: Hashable {
  enum Kind: Hashable {
    case numbers(ElementType)
    case bools
    /// UTF-8 that zeros fill up to the width.
    case bytes
    /// UTF-32 that zeros fill up to the width.
    case unicode
  }

  let kind: Kind
  /// Bytes of one element.
  let width: Int
  /// Bytes of the pieces that are reversed in the other order of bytes.
  let unit: Int
  let isBigEndian: Bool

  /// - Throws: for types that tensors do not have; the message says what to do.
  init(_ text: String) throws(ArrayArchiveError) {
    let characters = Array(text.utf8)
    guard characters.count >= 2, let width = Int(text.drop { "<>|=".contains($0) }.dropFirst()), width >= 0,
      width <= 1 << 30
    else {
      if text.hasSuffix("O") {
        throw ArrayArchiveError(
          "it holds Python objects, which are pickled and never unpacked here; convert it with astype(str) or to numbers"
        )
      }
      throw ArrayArchiveError("its type '\(text.prefix(40))' has no place in a tensor")
    }
    let letter = text.drop { "<>|=".contains($0) }.first
    isBigEndian = characters[0] == UInt8(ascii: ">")
    switch (letter, width) {
    case ("U", _):
      guard width <= 1 << 28 else { throw ArrayArchiveError("its texts are too long") }
      (kind, self.width, unit) = (.unicode, width * 4, 4)
    case ("S", _), ("a", _): (kind, self.width, unit) = (.bytes, width, 1)
    case ("b", 1): (kind, self.width, unit) = (.bools, 1, 1)
    case ("c", 8): (kind, self.width, unit) = (.numbers(.complex64), 8, 4)
    case ("c", 16): (kind, self.width, unit) = (.numbers(.complex128), 16, 8)
    default:
      guard let type = Self.numbers.first(where: { $0.letter == letter && $0.width == width })?.type else {
        throw ArrayArchiveError("its type '\(text.prefix(40))' has no place in a tensor")
      }
      (kind, self.width, unit) = (.numbers(type), width, width)
    }
  }

  /// How NumPy writes an element type that it has, but for texts, whose width is in the type.
  static func name(of type: ElementType) -> String? {
    switch type {
    case .bool: "|b1"
    case .complex64: "<c8"
    case .complex128: "<c16"
    default: numbers.first { $0.type == type }.map { ($0.width == 1 ? "|" : "<") + "\($0.letter)\($0.width)" }
    }
  }

  private static let numbers: [(letter: Character, width: Int, type: ElementType)] = [
    ("f", 2, .float16), ("f", 4, .float), ("f", 8, .double),
    ("i", 1, .int8), ("i", 2, .int16), ("i", 4, .int32), ("i", 8, .int64),
    ("u", 1, .uint8), ("u", 2, .uint16), ("u", 4, .uint32), ("u", 8, .uint64),
  ]
}
