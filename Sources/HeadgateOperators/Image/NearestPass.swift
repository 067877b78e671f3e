import HeadgateTensors

/// Resamples one axis by picking elements; of any type.
struct NearestPass: MovementVisitor {
  private let input: Tensor
  private let axis: Int
  /// For each position of the output the one of the input, or -1; int64 `[to]`.
  private let sources: Tensor
  /// One element of the input's type for the positions that have none.
  private let fill: Tensor?
  private let call: OperatorCall

  static func run(
    _ input: Tensor, _ axis: ResizedAxis, _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    var isComplete = true
    let sources = try call.make(Int64.self, [axis.to]) { output in
      for position in output.indices {
        let source = axis.nearest(to: position, sampling)
        output[position] = Int64(source)
        if source < 0 { isComplete = false }
      }
    }
    var fill: Tensor?
    if !isComplete {
      let value = try Tensor(shape: [1], floats: [sampling.extrapolation])
      fill = try Casting.convert(value, to: input.elementType, call)
    }
    return try input.elementType.visit(
      NearestPass(input: input, axis: axis.axis, sources: sources, fill: fill, call: call))
  }

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    var shape = input.shape
    shape[axis] = sources.count
    let walk = AxisWalk(input.shape, axis: axis)
    let rows = try sources.elements(Int64.self)
    let source = input.unsafeElements(type)
    let fallback = fill?.unsafeElements(type)
    defer { withExtendedLifetime((sources, fill)) {} }
    return try call.makeMoved(input.elementType, type, shape) { output in
      guard let from = source.baseAddress, var to = output.baseAddress else { return }
      for block in 0..<walk.outer {
        let start = from + block * walk.extent * walk.inner
        for row in rows {
          if row >= 0 {
            to.update(from: start + Int(row) * walk.inner, count: walk.inner)
          } else if let value = fallback?.first {
            to.update(repeating: value, count: walk.inner)
          }
          to += walk.inner
        }
      }
    }
  }
}
