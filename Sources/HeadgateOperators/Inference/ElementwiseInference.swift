import HeadgateTensors

/// Operators that work on one element, or on elements at the same place of inputs that are broadcast.
enum ElementwiseInference {
  static let rules: [InferenceRow] =
    ["Abs", "Neg", "Sign", "Relu", "Clip"].rows(SharedRule.same(.numbers))
    + [
      "Reciprocal", "Sqrt", "Exp", "Log", "Erf", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh",
      "Asinh", "Acosh", "Atanh", "Sigmoid", "Softplus", "Softsign", "HardSwish", "Mish", "LeakyRelu", "Elu", "Celu",
      "Selu", "HardSigmoid", "Gelu", "Swish", "com.microsoft.Gelu",
    ].rows(SharedRule.same(.floats))
    + ["Floor", "Ceil", "Round", "ThresholdedRelu", "Shrink"].rows(SharedRule.same(.numbers))
    + ["BitwiseNot"].rows(SharedRule.same(.integers))
    + ["com.microsoft.FastGelu", "com.microsoft.BiasGelu", "com.microsoft.QuickGelu"].rows(SharedRule.same(.floats))
    + ["Not"].rows(SharedRule.same(.bools))
    + ["IsNaN", "IsInf"].rows(SharedRule.sameShape(.bool))
    + ["Add", "Sub", "Mul", "Div"].rows(arithmetic)
    + ["Mod", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"].rows(binary(.numbers))
    + [("Pow", power), ("PRelu", binary(.numbers))]
    + ["Min", "Max", "Sum", "Mean"].rows(variadic)
    + ["Equal"].rows(comparison(nil)) + ["Less", "Greater", "LessOrEqual", "GreaterOrEqual"].rows(comparison(.numbers))
    + ["And", "Or", "Xor"].rows(comparison(.bools))
    + [("Where", choice), ("Cast", cast), ("CastLike", castLike)]

  /// The shape that some inputs broadcast to.
  ///
  /// - Throws: `TensorError.shape` with the two inputs that cannot be broadcast together.
  static func broadcast(_ call: InferenceCall, _ indices: some Sequence<Int>) throws(TensorError) -> PartialShape {
    var result: [Int?]?
    var isKnown = true
    var earlier: [Int] = []
    for index in indices where call.isPresent(index) {
      guard let shape = call.shape(index) else {
        isKnown = false
        continue
      }
      for other in earlier {
        guard let before = call.shape(other) else { continue }
        for (a, b) in zip(before.reversed(), shape.reversed()) {
          guard let a, let b, a != b, a != 1, b != 1 else { continue }
          throw call.conflict(other, index, "cannot be broadcast together")
        }
      }
      earlier.append(index)
      result = result.map { merge($0, shape) } ?? shape
    }
    return isKnown ? result : nil
  }

  private static func merge(_ a: [Int?], _ b: [Int?]) -> [Int?] {
    let rank = max(a.count, b.count)
    return (0..<rank).map { axis in
      let x = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
      let y = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
      if x == 1 { return y }
      if y == 1 { return x }
      // Of an open extent and one above 1 the result is the latter in every run that gets through.
      return x ?? y
    }
  }

  /// Before opset 7 attributes said which axes of the second input meet which of the first.
  private static func isOld(_ call: InferenceCall) -> Bool { call.opset < 7 }

  private static func binary(_ kind: ElementKind) -> InferenceRule {
    { (call) throws(TensorError) in
      for index in 0..<2 { try call.require(index, kind) }
      let type = try call.commonType(0..<2)
      return [InferredValue(type, isOld(call) ? call.shape(0) : try broadcast(call, 0..<2))]
    }
  }

  /// Sums and products of shapes are followed, for shapes are computed so.
  private static let arithmetic: InferenceRule = { (call) throws(TensorError) in
    let outputs = try binary(.numbers)(call)
    guard !isOld(call), let a = call.input(0).integers, let b = call.input(1).integers,
      a.count == b.count || a.count == 1 || b.count == 1, let shape = outputs[0].shape, shape.count <= 1
    else { return outputs }
    let operation: (Int?, Int?) -> Int?
    switch call.node.operatorName {
    case "Add": operation = Extent.sum
    case "Sub": operation = Extent.difference
    case "Mul": operation = Extent.product
    default: operation = Extent.quotient
    }
    let count = a.isEmpty || b.isEmpty ? 0 : max(a.count, b.count)
    let values = (0..<count).map { operation(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
    return [InferredValue(outputs[0].elementType, shape, integers: values)]
  }

  /// The exponent may be of another type.
  private static let power: InferenceRule = { (call) throws(TensorError) in
    for index in 0..<2 { try call.require(index, .numbers) }
    return [InferredValue(call.type(0), isOld(call) ? call.shape(0) : try broadcast(call, 0..<2))]
  }

  private static let variadic: InferenceRule = { (call) throws(TensorError) in
    for index in call.inputs.indices { try call.require(index, .numbers) }
    let type = try call.commonType(call.inputs.indices)
    return [InferredValue(type, call.opset < 8 ? nil : try broadcast(call, call.inputs.indices))]
  }

  private static func comparison(_ kind: ElementKind?) -> InferenceRule {
    { (call) throws(TensorError) in
      if let kind { for index in 0..<2 { try call.require(index, kind) } }
      _ = try call.commonType(0..<2)
      return [InferredValue(.bool, isOld(call) ? call.shape(0) : try broadcast(call, 0..<2))]
    }
  }

  private static let choice: InferenceRule = { (call) throws(TensorError) in
    try call.require(0, .bools)
    let type = try call.commonType(1..<3)
    return [InferredValue(type, try broadcast(call, 0..<3))]
  }

  private static let cast: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    var type: ElementType?
    // In opset 1 it was the type's name.
    if case .int(let number)? = call.attributes["to"] { type = Int32(exactly: number).flatMap(ElementType.init) }
    let isIndex = type == .int64 || type == .int32
    return [InferredValue(type, input.shape, integers: isIndex ? input.integers : nil)]
  }

  private static let castLike: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(call.type(1), call.shape(0))]
  }
}
