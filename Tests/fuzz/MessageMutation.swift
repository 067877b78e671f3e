import Fuzzer

@testable import HeadgateOperators

/// Changes protobuf messages as messages: the lengths around a change are written anew, so that the result still
/// decodes and the change reaches what lies behind the decoder. Chance alone mends no length.
struct MessageMutation {
  private indirect enum Content {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message([Field])
  }

  private struct Field {
    var tag: UInt64
    var content: Content
  }

  private var numbers: UInt64
  private static let maxDepth = 12
  /// Names of operators, which take the place of each other.
  private static let names = Array(Set(OperatorRegistry.standard.definitions.map(\.name))).sorted().map {
    Array($0.utf8)
  }
  private static let nameBytes = Set(names)

  init(seed: UInt32) { numbers = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// The changed message; nil when the bytes are none.
  mutating func change(_ bytes: [UInt8]) -> [UInt8]? {
    guard var fields = Self.parse(bytes[...], depth: 0), !fields.isEmpty else { return nil }
    for _ in 0...next(3) { change(&fields) }
    return Self.write(fields)
  }

  private mutating func change(_ fields: inout [Field]) {
    guard !fields.isEmpty else { return }
    let index = next(fields.count)
    // Inwards first: the outermost messages have few fields, and most of what matters lies deep.
    if case .message(var inner) = fields[index].content, !inner.isEmpty, next(8) > 0 {
      change(&inner)
      fields[index].content = .message(inner)
      return
    }
    switch next(12) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(fields[index], at: next(fields.count + 1))
    case 2: fields.swapAt(index, next(fields.count))
    case 3: fields[index].content = fields[next(fields.count)].content
    default: fields[index].content = changed(fields[index].content)
    }
  }

  private mutating func changed(_ content: Content) -> Content {
    switch content {
    case .varint(let value): .varint(number(value))
    case .fixed(let bytes): .fixed(bytes.count == 4 ? real(bytes) : mutated(bytes, growing: 0))
    case .bytes(let bytes):
      Self.nameBytes.contains(bytes) && next(4) > 0
        ? .bytes(Self.names[next(Self.names.count)]) : .bytes(elements(bytes))
    case .message(let fields): .bytes(mutated(Self.write(fields), growing: 8))
    }
  }

  private mutating func number(_ value: UInt64) -> UInt64 {
    let edges: [Int64] = [
      0, 1, -1, 2, 3, -2, 4, 7, 8, 16, 64, 255, 1 << 16, 1 << 31, 1 << 32, -(1 << 31), 1 << 40, 1 << 62, .max, .min,
    ]
    switch next(4) {
    case 0: return UInt64(bitPattern: edges[next(edges.count)])
    case 1: return value &+ 1
    case 2: return value &- 1
    default: return UInt64(next(27))
    }
  }

  private mutating func real(_ bytes: [UInt8]) -> [UInt8] {
    let edges: [Float] = [
      0, -0.0, 1, -1, 0.5, 2, .leastNonzeroMagnitude, 1e30, -1e30, .nan, .infinity, -.infinity, 1e10, 3,
    ]
    guard next(4) > 0 else { return mutated(bytes, growing: 0) }
    return withUnsafeBytes(of: edges[next(edges.count)].bitPattern.littleEndian) { Array($0) }
  }

  /// Bytes that may be the elements of a tensor: of four or eight bytes one element becomes an edge value.
  private mutating func elements(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 4, next(2) == 0 else { return mutated(bytes, growing: 4) }
    var bytes = bytes
    let isWide = bytes.count.isMultiple(of: 8) && next(2) == 0
    let place = isWide ? next(bytes.count / 8) * 8 : next(bytes.count / 4) * 4
    if isWide {
      withUnsafeBytes(of: number(UInt64(bytes[place])).littleEndian) {
        bytes.replaceSubrange(place..<place + 8, with: $0)
      }
    } else {
      bytes.replaceSubrange(place..<place + 4, with: real(Array(bytes[place..<place + 4])))
    }
    return bytes
  }

  private mutating func mutated(_ bytes: [UInt8], growing room: Int) -> [UInt8] {
    var buffer = bytes + [UInt8](repeating: 0, count: room)
    let size = buffer.withUnsafeMutableBufferPointer { buffer in
      buffer.isEmpty ? 0 : LLVMFuzzerMutate(buffer.baseAddress, bytes.count, buffer.count)
    }
    return Array(buffer.prefix(size))
  }

  private mutating func next(_ bound: Int) -> Int {
    numbers = numbers &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(numbers >> 33) % max(bound, 1)
  }

  // MARK: The wire format

  /// The fields of a message; nil when the bytes are none. Bytes inside that could be a message are taken as one.
  private static func parse(_ bytes: ArraySlice<UInt8>, depth: Int) -> [Field]? {
    var rest = bytes
    var fields: [Field] = []
    while !rest.isEmpty {
      guard let tag = varint(&rest), tag >> 3 > 0, tag >> 3 < 64 else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        fields.append(Field(tag: tag, content: .varint(value)))
      case 1, 5:
        let size = tag & 7 == 1 ? 8 : 4
        guard rest.count >= size else { return nil }
        fields.append(Field(tag: tag, content: .fixed(Array(rest.prefix(size)))))
        rest = rest.dropFirst(size)
      case 2:
        guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
        let part = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        let inner = depth < maxDepth && part.count > 1 ? parse(part, depth: depth + 1) : nil
        fields.append(Field(tag: tag, content: inner.map { .message($0) } ?? .bytes(Array(part))))
      default: return nil
      }
    }
    return fields
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = bytes.popFirst(), shift < 64 {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  private static func write(_ fields: [Field]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      append(field.tag, to: &bytes)
      switch field.content {
      case .varint(let value): append(value, to: &bytes)
      case .fixed(let content): bytes += content
      case .bytes(let content): appendPart(content, to: &bytes)
      case .message(let inner): appendPart(write(inner), to: &bytes)
      }
    }
    return bytes
  }

  private static func appendPart(_ part: [UInt8], to bytes: inout [UInt8]) {
    append(UInt64(part.count), to: &bytes)
    bytes += part
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Half of the changes are of messages for the targets that read them; all others are libFuzzer's own.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maxSize: Int, _ seed: UInt32) -> Int {
  let takesMessages = [.model, .onnx, .inspection].contains(FuzzTarget.chosen)
  if takesMessages, seed & 7 > 0 {
    var mutation = MessageMutation(seed: seed)
    if let changed = mutation.change(Array(UnsafeBufferPointer(start: data, count: size))), changed.count <= maxSize {
      data.update(from: changed, count: changed.count)
      return changed.count
    }
  }
  return LLVMFuzzerMutate(data, size, maxSize)
}
