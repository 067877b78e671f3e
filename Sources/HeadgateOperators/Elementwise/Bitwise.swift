import HeadgateTensors

extension Arithmetic {
  /// Operations on the bits of integers. Both work on any width, so they are done on the widest.
  enum BitOperation: Sendable {
    case and, or, xor, left, right
  }

  static func bitwise(_ operation: BitOperation) -> Kernel {
    { (call) throws(TensorError) in
      let a = try call.tensor(0)
      return [.tensor(try a.elementType.visit(BitVisitor(operation: operation, a: a, b: call.tensor(1), call: call)))]
    }
  }

  static func shift(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try bitwise(try call.attributes.string("direction") == "LEFT" ? .left : .right)(call)
  }
}

struct BitwiseNot: NumberFunction {
  func apply<T: Number>(_ x: T) -> T { T(wrapping: ~x.asInt64) }
}

private struct BitVisitor: NumberVisitor {
  let operation: Arithmetic.BitOperation
  let a: Tensor
  let b: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let broadcasting = try Broadcasting(a.shape, b.shape)
    let x = try a.elements(type)
    let y = try b.elements(type)
    return try call.make(type, broadcasting.shape) { output in
      broadcasting.map(x, y, into: output) { left, right in
        let a = left.asInt64
        let b = right.asInt64
        return switch operation {
        case .and: T(wrapping: a & b)
        case .or: T(wrapping: a | b)
        case .xor: T(wrapping: a ^ b)
        case .left: T(wrapping: a << b)
        case .right: T(wrapping: Int64(bitPattern: UInt64(bitPattern: a) >> UInt64(bitPattern: b)))
        }
      }
    }
  }
}
