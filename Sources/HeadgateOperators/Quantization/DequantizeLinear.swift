import HeadgateTensors

extension Quantization {
  /// `(x - zero point) * scale`: the difference exact, the product in float, rounded once to the output's type.
  static func dequantize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let scale = try call.tensor(1)
    let target = try Casting.elementType(call.attributes, attribute: "output_dtype") ?? scale.elementType
    guard [.float, .float16, .bfloat16].contains(target) else {
      throw TensorError(.elementType, "does not dequantise to elements of type \(target); output_dtype names the type")
    }
    let numbers = try Casting.computable(input, call)
    let (scales, zeros) = try parameters(call, of: input.elementType)
    let work = Dequantizing(
      input: numbers, grain: try QuantizationGrain(input.shape, scale: scale.shape, call), scales: scales,
      zeros: zeros, call: call)
    defer { withExtendedLifetime(work) {} }
    return [.tensor(try Casting.convert(try numbers.elementType.visit(work), to: target, call))]
  }
}

private struct Dequantizing: NumberVisitor {
  let input: Tensor
  let grain: QuantizationGrain
  let scales: [Float]
  let zeros: [Double]
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    return try call.make(Float.self, input.shape) { output in
      grain.forEachRun { run in
        if run.stride == 0 {
          let (scale, zero) = (scales[run.scale], zeros[run.scale])
          for index in run.elements { output[index] = Float(x[index].asDouble - zero) * scale }
        } else {
          var place = run.scale
          for index in run.elements {
            output[index] = Float(x[index].asDouble - zeros[place]) * scales[place]
            place += 1
          }
        }
      }
    }
  }
}
