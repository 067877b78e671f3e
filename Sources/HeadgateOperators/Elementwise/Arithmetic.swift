import HeadgateTensors

/// Arithmetic on two or more tensors, broadcast together.
enum Arithmetic {
  static let table: [OperatorDefinition] =
    [
      .op("Add", since: 1, binary(Adding())), .op("Sub", since: 1, binary(Subtracting())),
      .op("Mul", since: 1, binary(Multiplying())), .op("Div", since: 1, binary(Dividing())),
      .op("Mod", since: 10, modulo), .op("PRelu", since: 7, binary(ParametricRelu())),
      .op("PRelu", since: 1, parametricReluByChannel),
      .op("Min", since: 1, variadic(Minimum())), .op("Max", since: 1, variadic(Maximum())),
      .op("Sum", since: 1, variadic(Adding())), .op("Mean", since: 1, mean),
      .prepared("BitShift", since: 11, shift), .op("BitwiseAnd", since: 18, bitwise(.and)),
      .op("BitwiseOr", since: 18, bitwise(.or)), .op("BitwiseXor", since: 18, bitwise(.xor)),
      .op("BitwiseNot", since: 18, bitwiseNot),
    ].computingWide() + [.op("Pow", since: 1, power).computingWide(.first)]

  static func binary(_ operation: some BinaryOperation) -> Kernel {
    { (call) throws(TensorError) in
      let a = try call.tensor(0)
      var b = try call.tensor(1)
      if call.node.opset < 7 { b = try broadcastByAttributes(call, a, b) }
      return [.tensor(try apply(operation, a, b, call))]
    }
  }

  static func variadic(_ operation: some BinaryOperation) -> Kernel {
    { (call) throws(TensorError) in
      var result = try call.tensor(0)
      for index in call.inputs.indices.dropFirst() {
        result = try apply(operation, result, try call.tensor(index), call)
      }
      return [.tensor(result)]
    }
  }

  /// The products of two tensors of one type, broadcast.
  @inline(never)
  static func multiply(_ a: Tensor, _ b: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try apply(Multiplying(), a, b, call)
  }

  static func apply<Operation: BinaryOperation>(
    _ operation: Operation, _ a: Tensor, _ b: Tensor, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard a.elementType == b.elementType else {
      throw TensorError(.elementType, "inputs have different types, \(a.elementType) and \(b.elementType)")
    }
    return try a.elementType.visit(BinaryVisitor(operation: operation, a: a, b: b, call: call))
  }

  private static func mean(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard case .tensor(let sum) = try variadic(Adding())(call)[0] else { return [] }
    return [
      .tensor(try sum.elementType.visit(ScaleVisitor(tensor: sum, factor: 1 / Double(call.inputs.count), call: call)))
    ]
  }

  private static func modulo(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let isC = try call.attributes.flag("fmod")
    return [.tensor(try apply(Modulo(signOfDivisor: !isC), call.tensor(0), call.tensor(1), call))]
  }

  /// Before opset 7 the slopes belong to the channels, the second axis.
  private static func parametricReluByChannel(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    var slope = try call.tensor(1)
    if slope.rank == 1, slope.count > 1, input.rank > 2 {
      slope = try slope.reshaped(to: [slope.count] + Shape(repeating: 1, count: input.rank - 2))
    }
    return [.tensor(try apply(ParametricRelu(), input, slope, call))]
  }

  /// The exponent may have another type than the base, whose type the result has.
  private static func power(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let base = try call.tensor(0)
    var exponent = try call.tensor(1)
    if call.node.opset < 7 { exponent = try broadcastByAttributes(call, base, exponent) }
    exponent = try Casting.convert(exponent, to: .double, call)
    return [.tensor(try base.elementType.visit(PowerVisitor(base: base, exponent: exponent, call: call)))]
  }
}

/// A function of two numbers of one type.
protocol BinaryOperation: Sendable {
  func apply<T: Number>(_ a: T, _ b: T) -> T
}

struct Adding: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.add(a, b) }
}
struct Subtracting: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.subtract(a, b) }
}
struct Multiplying: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.multiply(a, b) }
}
struct Dividing: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.divide(a, b) }
}
struct Minimum: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.minimum(a, b) }
}
struct Maximum: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.maximum(a, b) }
}
struct Modulo: BinaryOperation {
  let signOfDivisor: Bool
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { T.remainder(a, b, signOfDivisor: signOfDivisor) }
}
struct ParametricRelu: BinaryOperation {
  @inline(__always) func apply<T: Number>(_ a: T, _ b: T) -> T { a < T.zero ? T.multiply(a, b) : a }
}

private struct BinaryVisitor<Operation: BinaryOperation>: WideNumberVisitor {
  let operation: Operation
  let a: Tensor
  let b: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let broadcasting = try Broadcasting(a.shape, b.shape)
    let x = try a.elements(type)
    let y = try b.elements(type)
    let (operation, team) = (operation, call.team)
    return try call.produce(type, broadcasting.shape, reading: a, b) { output in
      broadcasting.map(x, y, into: output, team: team) { operation.apply($0, $1) }
    }
  }
}

/// Multiplies by a number; integers are rounded towards zero.
struct ScaleVisitor: WideNumberVisitor {
  let tensor: Tensor
  let factor: Double
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try tensor.elements(type)
    let factor = factor
    return try call.produce(type, tensor.shape, reading: tensor) { output in
      for index in x.indices { output[index] = T(nearest: x[index].asDouble * factor) }
    }
  }
}

/// Computed in double whatever the types: the exponent is converted once, so that one loop serves for
/// each type of base and not one for each pair of types.
private struct PowerVisitor: WideNumberVisitor {
  let base: Tensor
  let exponent: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let broadcasting = try Broadcasting(base.shape, exponent.shape)
    let x = try base.elements(type)
    let y = try exponent.elements(Double.self)
    return try call.produce(type, broadcasting.shape, reading: base, exponent) { output in
      // Squares are by far the most common power, and exact this way.
      if y.count == 1, y[0] == 2, output.count == x.count {
        for index in 0..<x.count { output[index] = T.multiply(x[index], x[index]) }
      } else {
        broadcasting.map(x, y, into: output) { T(nearest: Double.pow($0.asDouble, $1)) }
      }
    }
  }
}
