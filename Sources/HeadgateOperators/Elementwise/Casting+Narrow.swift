import HeadgateTensors

// Conversions from and to the types that nothing computes in: bfloat16, the floats of 8 and 4 bits and the
// integers of 4 and 2 bits.

extension Casting {
  /// The same numbers in a type that is computed with: narrow floats as float, narrow integers as the 8-bit ones
  /// that they are kept as; any other tensor as it is.
  static func computable(_ tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    if let type = tensor.elementType.integerInMemory { return try tensor.reinterpreted(as: type) }
    return tensor.elementType.isNarrowFloat ? try tensor.widened(budget: call.budget) : tensor
  }

  /// - Parameter source: of a type that is computed with, or bool or string.
  static func narrow(
    _ source: Tensor, to target: ElementType, _ call: OperatorCall, _ rules: NarrowingRules
  ) throws(TensorError) -> Tensor {
    if let type = target.integerInMemory {
      let bytes = try convert(source, to: type, call)
      defer { withExtendedLifetime(bytes) {} }
      // As between all integers, the upper bits are lost.
      return switch target {
      case .int4: try map(bytes, of: Int8.self, call) { Int4(wrapping: $0) }
      case .int2: try map(bytes, of: Int8.self, call) { Int2(wrapping: $0) }
      case .uint4: try map(bytes, of: UInt8.self, call) { UInt4(wrapping: $0) }
      default: try map(bytes, of: UInt8.self, call) { UInt2(wrapping: $0) }
      }
    }
    var numbers = source
    // Text may have more digits than a float, and must be rounded once.
    if source.elementType == .string { numbers = try convert(source, to: .double, call) }
    if source.elementType == .bool || source.elementType == .float16 { numbers = try convert(source, to: .float, call) }
    defer { withExtendedLifetime(numbers) {} }
    return try target.visit(ToNarrowFloat(tensor: numbers, rules: rules, call: call))
  }

  @inline(__always)
  static func map<A: TensorElement, B: TensorElement>(
    _ tensor: Tensor, of type: A.Type, _ call: OperatorCall, _ convert: (A) -> B
  ) throws(TensorError) -> Tensor {
    let x = try tensor.elements(type)
    return try call.make(B.self, tensor.shape) { output in
      for index in 0..<x.count { output[index] = convert(x[index]) }
    }
  }
}

extension Tensor {
  /// The numbers of a narrow floating-point type as floats.
  func widened(budget: MemoryBudget) throws(TensorError) -> Tensor {
    try elementType.visit(Widening(tensor: self, budget: budget))
  }
}

private struct Widening: NarrowFloatVisitor {
  let tensor: Tensor
  let budget: MemoryBudget

  func visit<T: NarrowFloat>(_ type: T.Type) throws(TensorError) -> Tensor {
    try tensor.withElements(type) { (source) throws(TensorError) in
      try Tensor(shape: tensor.shape, of: Float.self, budget: budget) { output in T.widen(source, into: output) }
    }
  }
}

private struct ToNarrowFloat: NarrowFloatVisitor {
  let tensor: Tensor
  let rules: NarrowingRules
  let call: OperatorCall

  func visit<T: NarrowFloat>(_ type: T.Type) throws(TensorError) -> Tensor {
    guard tensor.elementType == .float else {
      return try tensor.elementType.visit(FromNumber<T>(tensor: tensor, rules: rules, call: call))
    }
    let x = try tensor.elements(Float.self)
    return try call.make(type, tensor.shape) { output in T.narrow(x, into: output, rules) }
  }

  struct FromNumber<Target: NarrowFloat>: NumberVisitor {
    let tensor: Tensor
    let rules: NarrowingRules
    let call: OperatorCall

    func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
      let x = try tensor.elements(type)
      return try call.make(Target.self, tensor.shape) { output in
        for index in 0..<x.count { output[index] = Target.nearest(x[index].asDoubleForRounding, rules) }
      }
    }
  }
}
