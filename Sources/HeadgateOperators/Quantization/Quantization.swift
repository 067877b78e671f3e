import HeadgateTensors

/// Linear quantisation: numbers of few bits that stand for `(x - zero point) * scale`.
///
/// Versions differ in the types and attributes that they allow; what a model may say means the same in all.
enum Quantization {
  static let table: [OperatorDefinition] = [
    .op("QuantizeLinear", since: 10, quantize), .op("DequantizeLinear", since: 10, dequantize),
    .op("DynamicQuantizeLinear", since: 11, quantizeDynamically),
    .op("QuantizeLinear", domain: "com.microsoft", since: 1, quantize),
    .op("DequantizeLinear", domain: "com.microsoft", since: 1, dequantize),
  ]

  /// The scales as floats and the zero points, one for each scale, as doubles; 0 where none are given.
  ///
  /// - Parameter type: what the zero points must be.
  static func parameters(
    _ call: OperatorCall, of type: ElementType
  ) throws(TensorError) -> (scales: [Float], zeros: [Double]) {
    let scale = try call.tensor(1)
    let scales = try Casting.convert(scale, to: .float, call).floats()
    guard let zero = try call.optionalTensor(2) else { return (scales, [Double](repeating: 0, count: scales.count)) }
    guard zero.elementType == type else {
      throw TensorError(.elementType, "the zero point has elements of type \(zero.elementType), not \(type)")
    }
    let zeros = try Casting.convert(zero, to: .double, call).doubles()
    if zeros.count == 1 { return (scales, [Double](repeating: zeros[0], count: scales.count)) }
    guard zero.shape == scale.shape else {
      throw TensorError(.shape, "the zero point has shape \(zero.shape), the scale \(scale.shape)")
    }
    return (scales, zeros)
  }

  /// The nearest integer, of two equally near the even one; NaN as the least, and beyond 2^20 as 2^20, which all
  /// quantised types and zero points leave out of range.
  ///
  /// 1.5 * 2^23 is so great that a sum with it has no room for a fraction: its last bits are the integer. A loop
  /// over it takes 0.5 ns an element, over `rounded` and a checked conversion 3.0 (quotient and saturation to
  /// uint8 included; 65,536 elements in the cache, baseline x86-64).
  @inline(__always)
  static func nearestInteger(_ value: Float) -> Int32 {
    let inside: Float = value > -0x1p20 ? min(value, 0x1p20) : -0x1p20
    return Int32(bitPattern: (inside + 0x1.8p23).bitPattern) &- 0x4B40_0000
  }
}
