import HeadgateTensors

/// Softmax and its relatives. Before opset 13 the input was seen as a matrix split at the axis.
enum Softmax {
  static let table: [OperatorDefinition] = [
    .op("Softmax", since: 1, flattened(.softmax)), .op("Softmax", since: 13, alongAxis(.softmax)),
    .op("LogSoftmax", since: 1, flattened(.logSoftmax)), .op("LogSoftmax", since: 13, alongAxis(.logSoftmax)),
    .op("Hardmax", since: 1, flattened(.hardmax)), .op("Hardmax", since: 13, alongAxis(.hardmax)),
  ]

  enum Kind: Sendable {
    case softmax, logSoftmax, hardmax
  }

  private static func flattened(_ kind: Kind) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let axis = input.rank == 0 ? 0 : try input.shape.axis(try call.attributes.int("axis") ?? min(1, input.rank - 1))
      let matrix = [input.shape.extent(of: 0..<axis), input.shape.extent(of: axis..<input.rank)]
      let walk = AxisWalk(matrix, axis: 1)
      return [
        .tensor(try input.elementType.visit(SoftmaxVisitor(kind: kind, input: input, walk: walk, call: call)))
      ]
    }
  }

  private static func alongAxis(_ kind: Kind) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let shape = input.rank == 0 ? [1] : input.shape
      let walk = AxisWalk(shape, axis: try shape.axis(try call.attributes.int("axis") ?? -1))
      return [
        .tensor(try input.elementType.visit(SoftmaxVisitor(kind: kind, input: input, walk: walk, call: call)))
      ]
    }
  }
}

private struct SoftmaxVisitor: RealVisitor {
  let kind: Softmax.Kind
  let input: Tensor
  let walk: AxisWalk
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (kind, walk, step) = (kind, walk, walk.inner)
    return try call.produce(type, input.shape, reading: input) { (output) throws(TensorError) in
      guard walk.extent > 0 else { return }
      if kind == .softmax, step == 1, let source = (x as? UnsafeBufferPointer<Float>)?.baseAddress,
        let target = (output as? UnsafeMutableBufferPointer<Float>)?.baseAddress
      {
        return try walk.forEachLane { _, start in
          let greatest = RowKernels.greatest(source + start, count: walk.extent)
          RowKernels.softmax(source + start, greatest: greatest, into: target + start, count: walk.extent)
        }
      }
      try walk.forEachLane { _, start in
        var greatest = start
        for index in 1..<max(walk.extent, 1) where x[start + index * step] > x[greatest] {
          greatest = start + index * step
        }
        let origin = x[greatest]
        switch kind {
        case .hardmax:
          for index in 0..<walk.extent { output[start + index * step] = 0 }
          output[greatest] = 1
        case .softmax:
          var total: T = 0
          for index in 0..<walk.extent {
            let value = T.exp(x[start + index * step] - origin)
            output[start + index * step] = value
            total += value
          }
          for index in 0..<walk.extent { output[start + index * step] /= total }
        case .logSoftmax:
          var total: T = 0
          for index in 0..<walk.extent { total += T.exp(x[start + index * step] - origin) }
          let logarithm = T.log(total)
          for index in 0..<walk.extent { output[start + index * step] = x[start + index * step] - origin - logarithm }
        }
      }
    }
  }
}
