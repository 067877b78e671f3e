import HeadgateTensors

extension Casting {
  /// BitCast: the bits of each element as an element of another type of that many bits.
  static func bitCast(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let target = try elementType(call.attributes, attribute: "to") else {
      throw TensorError(.missing, "attribute 'to' is absent")
    }
    guard input.elementType != .string, target != .string, bitCount(input.elementType) == bitCount(target) else {
      throw TensorError(.elementType, "elements of type \(input.elementType) have not the bits of \(target)")
    }
    if input.elementType == target { return [.tensor(input)] }
    guard target == .bool || target.packedBitCount != nil else { return [.tensor(try input.reinterpreted(as: target))] }
    // These are kept in bytes that have bits to spare, which must be what the type says.
    let bytes = try input.reinterpreted(as: .uint8)
    defer { withExtendedLifetime(bytes) {} }
    if target == .float4e2m1 { return [.tensor(try convert(bytes, to: .uint4, call).reinterpreted(as: target))] }
    return [.tensor(try convert(bytes, to: target, call))]
  }

  private static func bitCount(_ type: ElementType) -> Int { type.packedBitCount ?? type.byteCount * 8 }
}
