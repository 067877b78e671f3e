import HeadgateTensors

/// MurmurHash3 (Austin Appleby's x86 form of 32 bits) of each element's bytes.
enum Hashing {
  static let table: [OperatorDefinition] = [.contributed("MurmurHash3", murmur)]

  private static func murmur(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let seed = UInt32(truncatingIfNeeded: try call.attributes.int("seed") ?? 0)
    let hashes = try hashes(input, seed: seed, call)
    let isSigned = try call.attributes.int("positive") ?? 1 == 0
    return [.tensor(isSigned ? try hashes.reinterpreted(as: .int32) : hashes)]
  }

  private static func hashes(_ input: Tensor, seed: UInt32, _ call: OperatorCall) throws(TensorError) -> Tensor {
    switch input.elementType {
    case .string:
      let texts = try input.elements(String.self)
      return try call.make(UInt32.self, input.shape) { output in
        for index in output.indices {
          var text = texts[index]
          output[index] = text.withUTF8 { hash(UnsafeRawBufferPointer($0), seed: seed) }
        }
      }
    case .int32, .uint32, .int64, .uint64, .float, .double:
      let (bytes, size) = (input.unsafeBytes, input.elementType.byteCount)
      return try call.make(UInt32.self, input.shape) { output in
        for index in output.indices {
          output[index] = hash(UnsafeRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size]), seed: seed)
        }
      }
    default: throw TensorError(.elementType, "does not hash elements of type \(input.elementType)")
    }
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    var hash = seed
    let blocks = bytes.count / 4
    for block in 0..<blocks {
      hash ^= scrambled(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: block * 4, as: UInt32.self)))
      hash = (hash << 13 | hash >> 19) &* 5 &+ 0xE654_6B64
    }
    var rest: UInt32 = 0
    for index in (blocks * 4..<bytes.count).reversed() { rest = rest << 8 | UInt32(bytes[index]) }
    if blocks * 4 < bytes.count { hash ^= scrambled(rest) }
    hash ^= UInt32(truncatingIfNeeded: bytes.count)
    hash ^= hash >> 16
    hash = hash &* 0x85EB_CA6B
    hash ^= hash >> 13
    hash = hash &* 0xC2B2_AE35
    return hash ^ hash >> 16
  }

  private static func scrambled(_ block: UInt32) -> UInt32 {
    let product = block &* 0xCC9E_2D51
    return (product << 15 | product >> 17) &* 0x1B87_3593
  }
}
