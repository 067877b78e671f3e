/// Reads a document of objects, arrays, texts and numbers from front to back, whatever its notation.
///
/// Nothing is kept of what was read: arrays of numbers go straight into typed arrays, and what nobody asks for is
/// passed over. Every length is checked against the bytes that are left, so memory stays proportional to the file.
protocol DocumentReader {
  /// The byte that is read next. A reader may be set to where any other value of the document begins, to read just that
  /// value; its depth still counts from the containers that the reader was in.
  var position: Int { get set }

  /// Reads an object; `member` must read the value of each key.
  mutating func object(
    _ member: (inout Self, DocumentKey) throws(ModelFileError) -> Void
  ) throws(ModelFileError)

  /// Reads an array; `element` must read each value.
  mutating func array(_ element: (inout Self) throws(ModelFileError) -> Void) throws(ModelFileError)

  /// Reads a text, or a number or truth value as the text of it.
  mutating func text() throws(ModelFileError) -> String

  /// Reads an array of numbers; truth values count as 0 and 1.
  mutating func numbers<Element: DocumentNumber>(_ type: Element.Type) throws(ModelFileError) -> [Element]

  /// Passes over a value.
  mutating func skip() throws(ModelFileError)

  /// Checks that nothing follows the document.
  mutating func finish() throws(ModelFileError)

  /// The error for what does not make sense at a place.
  func malformed(_ what: String, at offset: Int) -> ModelFileError
}

extension DocumentReader {
  /// Reads an array of texts.
  mutating func texts() throws(ModelFileError) -> [String] {
    var texts: [String] = []
    try array { (reader: inout Self) throws(ModelFileError) in texts.append(try reader.text()) }
    return texts
  }

  /// Reads a whole number, which may stand in a text.
  mutating func integer() throws(ModelFileError) -> Int {
    let offset = position
    let text = try text()
    guard let number = Int(text) else { throw malformed("'\(text.prefix(40))' is no whole number", at: offset) }
    return number
  }
}

/// Containers may nest this deep; model files stay below 20.
let maxDocumentDepth = 64

/// A type that documents hold arrays of.
protocol DocumentNumber: BitwiseCopyable, Sendable {
  /// The number; nil when the type cannot hold it.
  init?(_ text: DecimalText)
  init?(whole: Int64)
  init?(real: Double)
}

extension DocumentNumber where Self: BinaryFloatingPoint {
  init?(whole: Int64) { self.init(whole) }
  init?(real: Double) { self.init(real) }
}

extension Float: DocumentNumber {
  init?(_ text: DecimalText) { self = text.float }
}

extension DocumentNumber where Self: FixedWidthInteger {
  init?(_ text: DecimalText) {
    guard let value = text.integer(Self.self) else { return nil }
    self = value
  }
  init?(whole: Int64) { self.init(exactly: whole) }
  init?(real: Double) { self.init(exactly: real) }
}

extension UInt8: DocumentNumber {}
extension Int32: DocumentNumber {}
extension Int64: DocumentNumber {}
