import HeadgateTensors

extension Quantization {
  /// Scale and zero point from the input's own range, which is stretched to hold 0, then uint8 by them.
  ///
  /// Gives the result, the scale and the zero point. An input with no range, empty or all 0, has the scale 1 / 255.
  static func quantizeDynamically(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let x = try input.elements(Float.self)
    var (least, greatest): (Float, Float) = (0, 0)
    for index in 0..<x.count {
      least = Minimum().apply(x[index], least)
      greatest = Maximum().apply(x[index], greatest)
    }
    let scale = (greatest == least ? 1 : greatest - least) / 255
    let zero = saturated(nearestInteger(0 - least / scale))
    let result = try call.make(UInt8.self, input.shape) { output in
      for index in 0..<x.count { output[index] = saturated(nearestInteger(x[index] / scale) &+ Int32(zero)) }
    }
    return [
      .tensor(result), .tensor(try Tensor(shape: [], floats: [scale])), .tensor(try Tensor(shape: [], [zero])),
    ]
  }

  @inline(__always)
  private static func saturated(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: min(max(value, 0), 255)) }
}
