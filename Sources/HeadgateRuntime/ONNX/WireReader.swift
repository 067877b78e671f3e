/// Reads protobuf's wire format within the bounds of one message.
///
/// Every length is checked against the enclosing message before it is used, so no input can make it
/// read outside of the file, recurse without end or allocate more than a multiple of the file's size.
///
/// SAFETY: `bytes` must stay valid while the reader is used; decoding happens inside
/// `ModelBytes.withUnsafeBytes`.
struct WireReader {
  enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  struct Field {
    let number: Int
    let type: WireType
    /// Where the field's tag begins.
    let offset: Int
  }

  /// Messages may nest this deep; real models stay below 20.
  static let maxDepth = 96

  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let end: Int
  private let depth: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(bytes, range: 0..<bytes.count, depth: 0)
  }

  /// A reader of a part of the bytes that was found to be one message before.
  init(_ bytes: UnsafeRawBufferPointer, range: Range<Int>, depth: Int = 0) {
    self.bytes = bytes
    self.position = range.lowerBound
    self.end = range.upperBound
    self.depth = depth
  }

  var isAtEnd: Bool { position == end }

  /// The next field's tag, or nil at the end of the message.
  mutating func next() throws(ModelFileError) -> Field? {
    guard position < end else { return nil }
    let offset = position
    let tag = try rawVarint()
    guard let type = WireType(rawValue: UInt8(tag & 7)) else {
      throw malformed("unknown wire type \(tag & 7)", at: offset)
    }
    let number = tag >> 3
    guard number > 0, number < 1 << 29 else { throw malformed("invalid field number \(number)", at: offset) }
    return Field(number: Int(number), type: type, offset: offset)
  }

  /// Passes over the value of a field that the reader does not know.
  mutating func skip(_ field: Field) throws(ModelFileError) {
    switch field.type {
    case .varint: _ = try rawVarint()
    case .fixed64: try advance(8)
    case .fixed32: try advance(4)
    case .lengthDelimited: _ = try rawRange()
    }
  }

  mutating func varint(_ field: Field) throws(ModelFileError) -> UInt64 {
    try expect(.varint, field)
    return try rawVarint()
  }

  mutating func int64(_ field: Field) throws(ModelFileError) -> Int64 {
    Int64(bitPattern: try varint(field))
  }

  /// An `int32` or `enum`, which writers sign-extend to 64 bits.
  mutating func int32(_ field: Field) throws(ModelFileError) -> Int32 {
    Int32(truncatingIfNeeded: try varint(field))
  }

  mutating func float(_ field: Field) throws(ModelFileError) -> Float {
    try expect(.fixed32, field)
    return Float(bitPattern: try fixed(UInt32.self))
  }

  /// Where in the file the field's bytes lie.
  mutating func range(_ field: Field) throws(ModelFileError) -> Range<Int> {
    try expect(.lengthDelimited, field)
    return try rawRange()
  }

  mutating func string(_ field: Field) throws(ModelFileError) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: bytes[try range(field)]), as: UTF8.self)
  }

  /// A reader of a nested message.
  mutating func message(_ field: Field) throws(ModelFileError) -> WireReader {
    let range = try range(field)
    guard depth < WireReader.maxDepth else {
      throw ModelFileError(
        .tooLarge, "messages nest deeper than \(WireReader.maxDepth); this is no ordinary model",
        byteOffset: field.offset)
    }
    return WireReader(bytes, range: range, depth: depth + 1)
  }

  /// Appends the values of a repeated varint field, packed or not.
  mutating func varints<Value>(
    _ field: Field, into values: inout [Value], _ convert: (UInt64) -> Value
  ) throws(ModelFileError) {
    guard field.type == .lengthDelimited else {
      return values.append(convert(try varint(field)))
    }
    var packed = WireReader(bytes, range: try range(field), depth: depth)
    while !packed.isAtEnd { values.append(convert(try packed.rawVarint())) }
  }

  /// Appends the values of a repeated fixed-width field, packed or not.
  mutating func fixed<Value: FixedWidthInteger & UnsignedInteger, Result>(
    _ field: Field, into values: inout [Result], _ convert: (Value) -> Result
  ) throws(ModelFileError) {
    guard field.type == .lengthDelimited else {
      try expect(MemoryLayout<Value>.size == 4 ? .fixed32 : .fixed64, field)
      return values.append(convert(try fixed(Value.self)))
    }
    var packed = WireReader(bytes, range: try range(field), depth: depth)
    values.reserveCapacity(values.count + (packed.end - packed.position) / MemoryLayout<Value>.size)
    while !packed.isAtEnd { values.append(convert(try packed.fixed(Value.self))) }
  }

  func malformed(_ what: String, at offset: Int) -> ModelFileError {
    ModelFileError(
      .malformed, "not a readable ONNX model: \(what); the file is damaged, incomplete or of another format",
      byteOffset: offset)
  }

  private func expect(_ type: WireType, _ field: Field) throws(ModelFileError) {
    guard field.type == type else {
      throw malformed("field \(field.number) has wire type \(field.type), expected \(type)", at: field.offset)
    }
  }

  private mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type) throws(ModelFileError) -> Value {
    let start = position
    try advance(MemoryLayout<Value>.size)
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Value.self))
  }

  private mutating func advance(_ count: Int) throws(ModelFileError) {
    guard count <= end - position else { throw malformed("a field ends after its message", at: position) }
    position += count
  }

  private mutating func rawRange() throws(ModelFileError) -> Range<Int> {
    let offset = position
    let length = try rawVarint()
    guard length <= UInt64(end - position) else {
      throw malformed("a field of \(length) bytes in \(end - position) remaining", at: offset)
    }
    let start = position
    position += Int(length)
    return start..<position
  }

  private mutating func rawVarint() throws(ModelFileError) -> UInt64 {
    let offset = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      // The tenth byte has room for one bit only.
      guard shift < 63 || byte <= 1 else { throw malformed("a varint of more than 64 bits", at: offset) }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw malformed("a varint ends after its message", at: offset)
  }
}
