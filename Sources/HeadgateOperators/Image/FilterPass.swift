import HeadgateTensors

/// Resamples axes by weighted sums: linear and cubic. Single precision for single and half inputs, double for others;
/// integers are rounded to nearest (ties to even) at the end and clamped to their type.
enum FilterPass {
  static func run(
    _ input: Tensor, _ axes: [ResizedAxis], _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard input.elementType != .bool, input.elementType != .string else {
      throw TensorError(.elementType, "cannot interpolate elements of type \(input.elementType)")
    }
    switch input.elementType {
    case .float, .float16, .bfloat16:
      let result = try passes(Float.self, try Casting.convert(input, to: .float, call), axes, sampling, call)
      return try Casting.convert(result, to: input.elementType, call)
    case .double: return try passes(Double.self, input, axes, sampling, call)
    default:
      let result = try passes(Double.self, try Casting.convert(input, to: .double, call), axes, sampling, call)
      return try input.elementType.visit(Saturation(input: result, call: call))
    }
  }

  private static func passes<R: BinaryFloatingPoint & TensorElement>(
    _ type: R.Type, _ input: Tensor, _ axes: [ResizedAxis], _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    var result = input
    for axis in axes { result = try pass(type, result, axis, sampling, call) }
    return result
  }

  /// One axis: each row of the output is a weighted sum of rows of the input.
  private static func pass<R: BinaryFloatingPoint & TensorElement>(
    _ type: R.Type, _ input: Tensor, _ axis: ResizedAxis, _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let filter = try ResizeFilter<R>(axis, sampling, call)
    let walk = AxisWalk(input.shape, axis: axis.axis)
    var shape = input.shape
    shape[axis.axis] = axis.to
    let source = try input.elements(type)
    defer { withExtendedLifetime(input) {} }
    return try call.make(type, shape) { (output) throws(TensorError) in
      try filter.withTables { sources, weights in
        guard let from = source.baseAddress, var to = output.baseAddress else { return }
        let (taps, inner) = (filter.taps, walk.inner)
        for block in 0..<walk.outer {
          let start = from + block * walk.extent * inner
          for position in 0..<axis.to {
            let table = position * taps
            if sources[table] < 0 {
              to.update(repeating: R(sampling.extrapolation), count: inner)
            } else if inner == 1 {
              var sum: R = 0
              for tap in table..<table + taps { sum += weights[tap] * start[Int(sources[tap])] }
              to[0] = sum
            } else {
              add(rows: start, sources + table, weights + table, taps, into: to, inner)
            }
            to += inner
          }
        }
      }
    }
  }

  @inline(__always)
  private static func add<R: BinaryFloatingPoint>(
    rows: UnsafePointer<R>, _ sources: UnsafePointer<Int64>, _ weights: UnsafePointer<R>, _ taps: Int,
    into output: UnsafeMutablePointer<R>, _ count: Int
  ) {
    for tap in 0..<taps {
      let weight = weights[tap]
      let row = rows + Int(sources[tap]) * count
      if tap == 0 {
        for index in 0..<count { output[index] = weight * row[index] }
      } else {
        for index in 0..<count { output[index] += weight * row[index] }
      }
    }
  }
}

/// Doubles as a type of integers.
private struct Saturation: NumberVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(Double.self)
    let (lowest, highest) = (T.lowest.asDouble, T.highest.asDouble)
    return try call.make(type, input.shape) { output in
      for index in x.indices {
        let rounded = x[index].rounded(.toNearestOrEven)
        // The highest int64 and uint64 are no doubles: what reaches them must not be converted.
        output[index] = rounded >= highest ? T.highest : rounded <= lowest ? T.lowest : T(nearest: rounded)
      }
    }
  }
}
