import HeadgateTensors

/// Elementwise operators and softmax on 8-bit integers that stand for `(element - zero point) * scale`.
enum QuantizedArithmetic {
  static let table: [OperatorDefinition] = [
    .contributed("QLinearAdd", add), .contributed("QLinearMul", multiply), .contributed("QLinearSigmoid", sigmoid),
    .contributed("QLinearLeakyRelu", leakyRelu), .contributed("QLinearConcat", concatenate),
    .contributed("QLinearWhere", select), .contributed("QLinearReduceMean", mean),
    .contributed("QLinearSoftmax", softmax),
  ]

  private static func add(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let pair = try QuantizedPair(call)
    let (a, b) = (pair.a.scale / pair.output.scale, pair.b.scale / pair.output.scale)
    // The order of the sum is that of ONNX Runtime, on which the last bit depends.
    let fixed = Float(pair.output.zero) - (a * Float(pair.a.zero) + b * Float(pair.b.zero))
    return [
      .tensor(try pair.combined(call) { x, y in Quantization.nearestInteger(fixed + Float(x) * a + Float(y) * b) })
    ]
  }

  private static func multiply(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let pair = try QuantizedPair(call)
    let factor = pair.a.scale * pair.b.scale / pair.output.scale
    let (zeroA, zeroB, zero) = (pair.a.zero, pair.b.zero, Float(pair.output.zero))
    return [
      .tensor(
        try pair.combined(call) { x, y in
          Quantization.nearestInteger(Float((x &- zeroA) &* (y &- zeroB)) * factor + zero)
        })
    ]
  }

  private static func sigmoid(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try map(call) { (x) throws(TensorError) in try call.apply("Sigmoid", x) }
  }

  private static func leakyRelu(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let attributes = call.attributes.passing(["alpha"])
    return try map(call) { (x) throws(TensorError) in try call.apply("LeakyRelu", x, with: attributes) }
  }

  private static func mean(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let axes = try call.attributes.ints("axes").map { (axes) throws(TensorError) in try call.list(axes) }
    let attributes = call.attributes.passing(["keepdims"])
    return try map(call) { (x) throws(TensorError) in try call.apply("ReduceMean", x, axes, with: attributes) }
  }

  /// A function of numbers: input, its scale and zero point, the output's scale and zero point.
  private static func map(
    _ call: OperatorCall, _ body: (Tensor) throws(TensorError) -> Tensor
  ) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let from = try LinearQuantity(call, at: 1, type: input.elementType)
    let to = try LinearQuantity(call, at: 3, type: input.elementType)
    return [.tensor(try to.quantized(body(from.dequantized(input, call)), call))]
  }

  /// Tensors that each have a scale and a zero point of their own.
  private static func concatenate(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard call.inputs.count >= 5, (call.inputs.count - 2) % 3 == 0 else {
      throw TensorError(.missing, "needs a tensor, a scale and a zero point for each part")
    }
    let to = try LinearQuantity(call, at: 0, type: call.tensor(1).elementType)
    var parts: [Tensor] = []
    for index in stride(from: 2, to: call.inputs.count, by: 3) {
      let part = try call.tensor(index)
      parts.append(
        try LinearQuantity(call, at: index + 1, type: part.elementType).converted(part, to: to, call))
    }
    let axis = try parts[0].shape.axis(try call.attributes.int("axis") ?? 0)
    return [.tensor(try Arranging.joined(parts, axis: axis, call))]
  }

  private static func select(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (x, y) = (try call.tensor(1), try call.tensor(4))
    let to = try LinearQuantity(call, at: 7, type: x.elementType)
    let left = try LinearQuantity(call, at: 2, type: x.elementType).converted(x, to: to, call)
    let right = try LinearQuantity(call, at: 5, type: y.elementType).converted(y, to: to, call)
    return [.tensor(try call.apply("Where", call.tensor(0), left, right))]
  }

  private static func softmax(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let from = try LinearQuantity(call, at: 1, type: input.elementType)
    let to = try LinearQuantity(call, at: 3, type: input.elementType)
    let isFlat = try call.attributes.int("opset") ?? 13 < 13
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? (isFlat ? 1 : -1))
    let shape = isFlat ? [input.shape.extent(of: 0..<axis), input.shape.extent(of: axis..<input.rank)] : input.shape
    let walk = AxisWalk(shape, axis: isFlat ? 1 : axis)
    let work = QuantizedSoftmax(input: input, walk: walk, from: from, to: to, call: call)
    return [.tensor(input.elementType == .int8 ? try work.run(Int8.self) : try work.run(UInt8.self))]
  }
}

/// Two operands and the result, each with scale and zero point.
private struct QuantizedPair {
  let first: Tensor
  let second: Tensor
  let a: LinearQuantity
  let b: LinearQuantity
  let output: LinearQuantity

  init(_ call: OperatorCall) throws(TensorError) {
    (first, second) = (try call.tensor(0), try call.tensor(3))
    try first.check(sameTypeAs: second)
    a = try LinearQuantity(call, at: 1, type: first.elementType)
    b = try LinearQuantity(call, at: 4, type: first.elementType)
    output = try LinearQuantity(call, at: 6, type: first.elementType)
  }

  @inline(__always)
  func combined(_ call: OperatorCall, _ body: (Int32, Int32) -> Int32) throws(TensorError) -> Tensor {
    if first.elementType == .int8 { return try combined(call, Int8.self, body) }
    return try combined(call, UInt8.self, body)
  }

  @inline(__always)
  private func combined<T: TensorElement & FixedWidthInteger>(
    _ call: OperatorCall, _ type: T.Type, _ body: (Int32, Int32) -> Int32
  ) throws(TensorError) -> Tensor {
    let broadcasting = try Broadcasting(first.shape, second.shape)
    let (x, y) = (try first.elements(type), try second.elements(type))
    return try call.make(type, broadcasting.shape) { output in
      broadcasting.map(x, y, into: output) { T(clamping: body(Int32($0), Int32($1))) }
    }
  }
}

/// Softmax of integers: what an element has to do with the greatest of its row is one of 256 numbers.
private struct QuantizedSoftmax {
  let input: Tensor
  let walk: AxisWalk
  let from: LinearQuantity
  let to: LinearQuantity
  let call: OperatorCall

  func run<T: TensorElement & FixedWidthInteger>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let scale = Double(from.scale)
    let exponentials = (0..<256).map { Float(Double.exp(-Double($0) * scale)) }
    // As in ONNX Runtime, the inverse of the scale is taken for a whole number.
    let steps = (1 / to.scale).rounded(.down)
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      try walk.forEachLane { _, start in
        var greatest = T.min
        for index in 0..<walk.extent { greatest = max(greatest, x[start + index * walk.inner]) }
        var total: Float = 0
        for index in 0..<walk.extent {
          total += exponentials[Int(greatest) - Int(x[start + index * walk.inner])]
        }
        for index in 0..<walk.extent {
          let place = start + index * walk.inner
          let share = exponentials[Int(greatest) - Int(x[place])] * steps / total
          output[place] = T(clamping: Quantization.nearestInteger(share) &+ to.zero)
        }
      }
    }
  }
}
