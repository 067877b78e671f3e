import HeadgateTensors

/// Pooling of whole planes: `[batch, channels, ...]` to `[batch, channels, 1, ...]`.
enum GlobalPooling {
  static func maximum(_ call: OperatorCall) throws(TensorError) -> [Value] { try pool(call, .maximum) }
  static func average(_ call: OperatorCall) throws(TensorError) -> [Value] { try pool(call, .average) }
  static func norm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try pool(call, .norm(try NormPower(call.attributes)))
  }

  fileprivate enum Measure: Sendable {
    case maximum, average
    case norm(NormPower)
  }

  private static func pool(_ call: OperatorCall, _ measure: Measure) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2 else { throw TensorError(.shape, "shape \(input.shape) has no channels") }
    let result = try input.elementType.visit(GlobalVisitor(input: input, measure: measure, call: call))
    return [.tensor(result)]
  }
}

private struct GlobalVisitor: RealVisitor {
  let input: Tensor
  let measure: GlobalPooling.Measure
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let length = input.shape.extent(of: 2..<input.rank)
    let shape = Array(input.shape.prefix(2)) + Shape(repeating: 1, count: input.rank - 2)
    let measure = measure
    return try call.produce(type, shape, reading: input) { output in
      for row in output.indices {
        let plane = row * length..<(row + 1) * length
        switch measure {
        case .maximum:
          var greatest = T.lowest
          for index in plane { greatest = greater(greatest, x[index]) }
          output[row] = greatest
        case .average:
          // In double, for a plane may have many elements.
          let total = x.baseAddress.map { NumberRows.sum($0 + plane.lowerBound, count: length) } ?? 0
          output[row] = T(total / Double(length))
        case .norm(let power):
          var total = 0.0
          for index in plane { total += power.apply(Double(x[index])) }
          output[row] = T(power.p == 2 ? total.squareRoot() : Double.pow(total, 1 / power.p))
        }
      }
    }
  }
}
