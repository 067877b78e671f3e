/// Reads UBJSON (draft 12), the binary notation of XGBoost's models.
///
/// SAFETY: `bytes` must stay valid while the reader is used.
struct UBJSONReader: DocumentReader {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  private var depth = 0
  private let subject: String

  init(_ bytes: UnsafeRawBufferPointer, subject: String) {
    self.bytes = bytes
    self.subject = subject
  }

  /// The type of a value, by its marker.
  private enum Marker: UInt8 {
    case null = 0x5A  // Z
    case yes = 0x54  // T
    case no = 0x46  // F
    case int8 = 0x69  // i
    case uint8 = 0x55  // U
    case int16 = 0x49  // I
    case int32 = 0x6C  // l
    case int64 = 0x4C  // L
    case float = 0x64  // d
    case double = 0x44  // D
    case precise = 0x48  // H
    case character = 0x43  // C
    case string = 0x53  // S
    case array = 0x5B  // [
    case object = 0x7B  // {

    /// The bytes after the marker, when all values of the type have as many.
    var byteCount: Int? {
      switch self {
      case .null, .yes, .no: 0
      case .int8, .uint8, .character: 1
      case .int16: 2
      case .int32, .float: 4
      case .int64, .double: 8
      case .precise, .string, .array, .object: nil
      }
    }
  }

  mutating func object(
    _ member: (inout UBJSONReader, DocumentKey) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    let list = try open(.object)
    guard list.type == nil else { throw malformed("an object of one type", at: position) }
    var count = 0
    while try goesOn(list, count, until: UInt8(ascii: "}")) {
      try member(&self, DocumentKey(try payload()))
      count += 1
    }
    depth -= 1
  }

  mutating func array(_ element: (inout UBJSONReader) throws(ModelFileError) -> Void) throws(ModelFileError) {
    let list = try open(.array)
    guard list.type == nil else { throw malformed("an array of one type", at: position) }
    var count = 0
    while try goesOn(list, count, until: UInt8(ascii: "]")) {
      try element(&self)
      count += 1
    }
    depth -= 1
  }

  mutating func text() throws(ModelFileError) -> String {
    let offset = position
    switch try marker() {
    case .string, .precise: return try payloadText()
    case .yes: return "true"
    case .no: return "false"
    case .float: return "\(Float(bitPattern: try fixed(UInt32.self)))"
    case .double: return "\(Double(bitPattern: try fixed(UInt64.self)))"
    case .character: return String(UnicodeScalar(try fixed(UInt8.self)))
    case let type:
      guard let number = try whole(type) else { throw malformed("no text or number", at: offset) }
      return "\(number)"
    }
  }

  mutating func numbers<Element: DocumentNumber>(_ type: Element.Type) throws(ModelFileError) -> [Element] {
    let list = try open(.array)
    defer { depth -= 1 }
    var values: [Element] = []
    if let count = list.count, let stored = list.type {
      // Checked against the bytes that are left, so an array of the file's own size at most.
      values.reserveCapacity(count)
      switch stored {
      case .float: try append(count, UInt32.self, to: &values) { Element(real: Double(Float(bitPattern: $0))) }
      case .double: try append(count, UInt64.self, to: &values) { Element(real: Double(bitPattern: $0)) }
      case .uint8: try append(count, UInt8.self, to: &values) { Element(whole: Int64($0)) }
      case .int8: try append(count, UInt8.self, to: &values) { Element(whole: Int64(Int8(bitPattern: $0))) }
      case .int16: try append(count, UInt16.self, to: &values) { Element(whole: Int64(Int16(bitPattern: $0))) }
      case .int32: try append(count, UInt32.self, to: &values) { Element(whole: Int64(Int32(bitPattern: $0))) }
      case .int64: try append(count, UInt64.self, to: &values) { Element(whole: Int64(bitPattern: $0)) }
      default: throw malformed("an array of something else than numbers", at: position)
      }
      return values
    }
    var count = 0
    while try goesOn(list, count, until: UInt8(ascii: "]")) {
      let offset = position
      switch try marker() {
      case .float: try append(Double(Float(bitPattern: fixed(UInt32.self))), &values)
      case .double: try append(Double(bitPattern: fixed(UInt64.self)), &values)
      case .yes: try append(1, &values)
      case .no: try append(0, &values)
      case let type:
        guard let number = try whole(type), let value = Element(whole: number) else { throw unfit(offset) }
        values.append(value)
      }
      count += 1
    }
    return values
  }

  mutating func skip() throws(ModelFileError) {
    try skip(try marker())
  }

  mutating func finish() throws(ModelFileError) {
    guard position == bytes.count else { throw malformed("there is something after its end", at: position) }
  }

  func malformed(_ what: String, at offset: Int) -> ModelFileError {
    ModelFileError(
      .malformed, "not a readable \(subject): \(what); the file is damaged, incomplete or of another format",
      byteOffset: offset)
  }

  /// Passes over the value that follows a marker.
  private mutating func skip(_ type: Marker) throws(ModelFileError) {
    if let count = type.byteCount { return try advance(count) }
    switch type {
    case .array, .object:
      position -= 1
      let list = try open(type)
      let isObject = type == .object
      if let stored = list.type, let count = list.count, let size = stored.byteCount, !isObject {
        // The count was checked against the bytes that are left.
        try advance(count &* size)
      } else {
        var count = 0
        while try goesOn(list, count, until: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          if isObject { try advance(try length()) }
          if let stored = list.type {
            guard stored != .array, stored != .object else {
              throw malformed("an array of unmarked containers", at: position)
            }
            try skip(stored)
          } else {
            try skip()
          }
          count += 1
        }
      }
      depth -= 1
    default: try advance(try length())
    }
  }

  private func unfit(_ offset: Int) -> ModelFileError { malformed("a number does not fit its place", at: offset) }

  /// Appends numbers that are stored one after the other.
  @inline(__always)
  private mutating func append<Element: DocumentNumber, Stored: FixedWidthInteger>(
    _ count: Int, _ type: Stored.Type, to values: inout [Element], _ convert: (Stored) -> Element?
  ) throws(ModelFileError) {
    let start = position
    try advance(count * MemoryLayout<Stored>.size)
    for index in 0..<count {
      let offset = start + index * MemoryLayout<Stored>.size
      let stored = Stored(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Stored.self))
      guard let value = convert(stored) else { throw unfit(offset) }
      values.append(value)
    }
  }

  private func append<Element: DocumentNumber>(_ number: Double, _ values: inout [Element]) throws(ModelFileError) {
    guard let value = Element(real: number) else { throw unfit(position) }
    values.append(value)
  }

  /// What a container says before its first value.
  private struct List {
    var type: Marker?
    var count: Int?
  }

  private mutating func open(_ bracket: Marker) throws(ModelFileError) -> List {
    let offset = position
    guard try marker() == bracket else {
      throw malformed("expected an \(bracket == .array ? "array" : "object")", at: offset)
    }
    depth += 1
    guard depth <= maxDocumentDepth else {
      throw ModelFileError(
        .tooLarge, "the \(subject) nests deeper than \(maxDocumentDepth); this is no ordinary one", byteOffset: offset)
    }
    var list = List()
    if position < bytes.count, bytes[position] == UInt8(ascii: "$") {
      position += 1
      let place = position
      let type = try marker()
      // Values without bytes could be as many as one likes.
      guard type.byteCount != 0 else { throw malformed("an array of values without bytes", at: place) }
      guard position < bytes.count, bytes[position] == UInt8(ascii: "#") else {
        throw malformed("an array of one type without a count", at: place)
      }
      list.type = type
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: "#") {
      position += 1
      let place = position
      let count = try length()
      guard count <= (bytes.count - position) / (list.type?.byteCount ?? 1) else {
        throw malformed("a list of \(count) values in \(bytes.count - position) remaining bytes", at: place)
      }
      list.count = count
    }
    return list
  }

  /// Whether another value follows; passes over the end of a container that gave no count.
  private mutating func goesOn(_ list: List, _ count: Int, until end: UInt8) throws(ModelFileError) -> Bool {
    if let total = list.count { return count < total }
    try skipNothing()
    guard position < bytes.count else { throw malformed("the file ends within a value", at: position) }
    guard bytes[position] == end else { return true }
    position += 1
    return false
  }

  /// Passes over the marker that stands for nothing at all.
  private mutating func skipNothing() throws(ModelFileError) {
    while position < bytes.count, bytes[position] == UInt8(ascii: "N") { position += 1 }
  }

  private mutating func marker() throws(ModelFileError) -> Marker {
    try skipNothing()
    guard position < bytes.count else { throw malformed("the file ends within a value", at: position) }
    guard let marker = Marker(rawValue: bytes[position]) else {
      throw malformed("byte \(bytes[position]) marks no type", at: position)
    }
    position += 1
    return marker
  }

  /// A length or count: a marked integer that is not negative.
  private mutating func length() throws(ModelFileError) -> Int {
    let offset = position
    guard let number = try whole(try marker()), number >= 0 else { throw malformed("no length", at: offset) }
    return Int(number)
  }

  /// A length and as many bytes.
  private mutating func payload() throws(ModelFileError) -> UnsafeRawBufferPointer {
    let count = try length()
    let start = position
    try advance(count)
    return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  private mutating func payloadText() throws(ModelFileError) -> String {
    String(decoding: try payload(), as: UTF8.self)
  }

  /// The payload of an integer; nil for another type.
  @inline(__always)
  private mutating func whole(_ type: Marker) throws(ModelFileError) -> Int64? {
    switch type {
    case .int8: Int64(Int8(bitPattern: try fixed(UInt8.self)))
    case .uint8: Int64(try fixed(UInt8.self))
    case .int16: Int64(Int16(bitPattern: try fixed(UInt16.self)))
    case .int32: Int64(Int32(bitPattern: try fixed(UInt32.self)))
    case .int64: Int64(bitPattern: try fixed(UInt64.self))
    default: nil
    }
  }

  @inline(__always)
  private mutating func fixed<Value: FixedWidthInteger>(_ type: Value.Type) throws(ModelFileError) -> Value {
    let start = position
    try advance(MemoryLayout<Value>.size)
    return Value(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Value.self))
  }

  @inline(__always)
  private mutating func advance(_ count: Int) throws(ModelFileError) {
    guard count <= bytes.count - position else { throw malformed("the file ends within a value", at: position) }
    position += count
  }
}
