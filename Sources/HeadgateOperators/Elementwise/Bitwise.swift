import HeadgateTensors

extension Arithmetic {
  /// Operations on the bits of integers. They work alike on any width, so they are done on the widest.
  enum BitOperation: Sendable {
    case and, or, xor, left, right
  }

  static func bitwise(_ operation: BitOperation) -> Kernel {
    { (call) throws(TensorError) in
      let (a, b) = (try call.tensor(0), try call.tensor(1))
      guard a.elementType == b.elementType else {
        throw TensorError(.elementType, "inputs have different types, \(a.elementType) and \(b.elementType)")
      }
      return [.tensor(try a.elementType.visit(BitVisitor(operation: operation, a: a, b: b, call: call)))]
    }
  }

  static func bitwiseNot(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    return [.tensor(try input.elementType.visit(InversionVisitor(input: input, call: call)))]
  }

  static func shift(_ node: OperatorNode) throws(TensorError) -> Kernel {
    switch try node.attributes.string("direction") {
    case "LEFT": return bitwise(.left)
    case "RIGHT": return bitwise(.right)
    case let other: throw TensorError(.invalidValue, "attribute 'direction' is '\(other ?? "")', not LEFT or RIGHT")
    }
  }

  /// - Throws: `TensorError.elementType` when the type has no bits to work on.
  fileprivate static func requireInteger<T: Number>(_ type: T.Type) throws(TensorError) {
    guard T.zero is any FixedWidthInteger else {
      throw TensorError(.elementType, "takes integers, got elements of type \(T.elementType)")
    }
  }
}

private struct BitVisitor: WideNumberVisitor {
  let operation: Arithmetic.BitOperation
  let a: Tensor
  let b: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    try Arithmetic.requireInteger(type)
    let broadcasting = try Broadcasting(a.shape, b.shape)
    let x = try a.elements(type)
    let y = try b.elements(type)
    return try call.make(type, broadcasting.shape) { output in
      broadcasting.map(x, y, into: output) { left, right in
        let a = UInt64(bitPattern: left.asInt64)
        let b = UInt64(bitPattern: right.asInt64)
        // A shift by the width or more leaves nothing.
        let result =
          switch operation {
          case .and: a & b
          case .or: a | b
          case .xor: a ^ b
          case .left: a << b
          case .right: a >> b
          }
        return T(wrapping: Int64(bitPattern: result))
      }
    }
  }
}

private struct InversionVisitor: WideNumberVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    try Arithmetic.requireInteger(type)
    let x = try input.elements(type)
    return try call.make(type, input.shape) { output in
      for index in x.indices { output[index] = T(wrapping: ~x[index].asInt64) }
    }
  }
}
