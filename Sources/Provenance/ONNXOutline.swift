/// The outermost fields of an ONNX file: enough to tell it from every other format, at the cost of a few reads.
enum ONNXOutline {
  case whole, damaged, foreign

  /// The fields of `ModelProto` (onnx.proto): number to wire type.
  private static let fields: [UInt64: UInt64] = [
    1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2,
  ]

  init(of bytes: UnsafeRawBufferPointer) {
    var position = 0
    var seen: Set<UInt64> = []
    var fieldCount = 0
    while position < bytes.count {
      guard let tag = Self.varint(bytes, &position), let wireType = Self.fields[tag >> 3], wireType == tag & 7,
        fieldCount < 100_000
      else {
        self = seen.contains(7) || seen.contains(8) ? .damaged : .foreign
        return
      }
      fieldCount += 1
      guard let value = Self.varint(bytes, &position) else {
        self = .damaged
        return
      }
      if wireType == 2 {
        guard value <= UInt64(bytes.count - position) else {
          self = .damaged
          return
        }
        position += Int(value)
      }
      seen.insert(tag >> 3)
    }
    // The version of the format, the graph and the operator sets it uses.
    self = seen.isSuperset(of: [1, 7, 8]) ? .whole : seen.contains(7) ? .damaged : .foreign
  }

  private static func varint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}
