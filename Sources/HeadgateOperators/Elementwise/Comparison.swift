import HeadgateTensors

/// Comparisons and logic: tensors of bool come out.
enum Comparison {
  static let table: [OperatorDefinition] =
    [
      .op("Equal", since: 1, equal), .op("Less", since: 1, compare(.less)),
      .op("Greater", since: 1, compare(.less, swapped: true)),
      .op("LessOrEqual", since: 12, compare(.lessOrEqual)),
      .op("GreaterOrEqual", since: 12, compare(.lessOrEqual, swapped: true)),
      .op("And", since: 1, logic { $0 && $1 }), .op("Or", since: 1, logic { $0 || $1 }),
      .op("Xor", since: 1, logic { $0 != $1 }), .op("Not", since: 1, not),
      .op("IsNaN", since: 9, isNaN), .op("IsInf", since: 10, isInfinite),
    ].computingWide() + [.op("Where", since: 9, select)]

  enum Relation: Sendable {
    case equal, less, lessOrEqual
  }

  /// - Parameter swapped: whether the second input stands first, as `a > b` is `b < a`.
  private static func compare(_ relation: Relation, swapped: Bool = false) -> Kernel {
    { (call) throws(TensorError) in
      let inputs = try operands(call)
      let (a, b) = swapped ? (inputs.1, inputs.0) : inputs
      return [.tensor(try a.elementType.visit(RelationVisitor(relation: relation, a: a, b: b, call: call)))]
    }
  }

  private static func equal(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (a, b) = try operands(call)
    switch a.elementType {
    case .string: return [.tensor(try map(call, a, b, of: String.self) { ExactText($0) == ExactText($1) })]
    case .bool: return [.tensor(try map(call, a, b, of: Bool.self) { $0 == $1 })]
    default: return try compare(.equal)(call)
    }
  }

  private static func logic(_ combine: @escaping @Sendable (Bool, Bool) -> Bool) -> Kernel {
    { (call) throws(TensorError) in
      let (a, b) = try operands(call)
      return [.tensor(try map(call, a, b, of: Bool.self, combine))]
    }
  }

  private static func not(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let x = try input.elements(Bool.self)
    return [
      .tensor(
        try call.produce(Bool.self, input.shape, reading: input) { output in
          for index in x.indices { output[index] = !x[index] }
        })
    ]
  }

  private static func isNaN(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try Casting.computable(try call.tensor(0), call)
    return [.tensor(try input.elementType.visit(RealTest(input: input, call: call) { $0.isNaN }))]
  }

  private static func isInfinite(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try Casting.computable(try call.tensor(0), call)
    let positive = try call.attributes.int("detect_positive") != 0
    let negative = try call.attributes.int("detect_negative") != 0
    let test = RealTest(input: input, call: call) { $0.isInfinite && ($0 > 0 ? positive : negative) }
    return [.tensor(try input.elementType.visit(test))]
  }

  private static func select(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try call.tensor(1)
    let b = try call.tensor(2)
    guard a.elementType == b.elementType else {
      throw TensorError(.elementType, "inputs have different types, \(a.elementType) and \(b.elementType)")
    }
    return [.tensor(try a.elementType.visit(SelectionVisitor(condition: call.tensor(0), a: a, b: b, call: call)))]
  }

  private static func operands(_ call: OperatorCall) throws(TensorError) -> (Tensor, Tensor) {
    let a = try call.tensor(0)
    let b = try call.tensor(1)
    return (a, call.node.opset < 7 ? try broadcastByAttributes(call, a, b) : b)
  }

  @inline(__always)
  fileprivate static func map<T: TensorElement>(
    _ call: OperatorCall, _ a: Tensor, _ b: Tensor, of type: T.Type, _ combine: @escaping (T, T) -> Bool
  ) throws(TensorError) -> Tensor {
    let broadcasting = try Broadcasting(a.shape, b.shape)
    let x = try a.elements(type)
    let y = try b.elements(type)
    return try call.produce(Bool.self, broadcasting.shape, reading: a, b) { output in
      broadcasting.map(x, y, into: output, combine)
    }
  }
}

private struct RelationVisitor: WideNumberVisitor {
  let relation: Comparison.Relation
  let a: Tensor
  let b: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    switch relation {
    case .equal: try Comparison.map(call, a, b, of: type) { $0 == $1 }
    case .less: try Comparison.map(call, a, b, of: type) { $0 < $1 }
    case .lessOrEqual: try Comparison.map(call, a, b, of: type) { $0 <= $1 }
    }
  }
}

private struct RealTest: RealVisitor {
  let input: Tensor
  let call: OperatorCall
  let test: @Sendable (Double) -> Bool

  init(input: Tensor, call: OperatorCall, _ test: @escaping @Sendable (Double) -> Bool) {
    self.input = input
    self.call = call
    self.test = test
  }

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let test = test
    return try call.produce(Bool.self, input.shape, reading: input) { output in
      for index in x.indices { output[index] = test(Double(x[index])) }
    }
  }
}

private struct SelectionVisitor: MovementVisitor {
  let condition: Tensor
  let a: Tensor
  let b: Tensor
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let shape = try condition.shape.broadcast(with: a.shape).broadcast(with: b.shape)
    let choices = try condition.expanded(to: shape, call)
    let first = try a.expanded(to: shape, call)
    let second = try b.expanded(to: shape, call)
    let (flags, x, y) = (
      try choices.elements(Bool.self), first.unsafeElements(type), second.unsafeElements(type)
    )
    return try call.produce(a.elementType, type, shape, reading: [choices, first, second]) { output in
      for index in flags.indices { output[index] = flags[index] ? x[index] : y[index] }
    }
  }
}
