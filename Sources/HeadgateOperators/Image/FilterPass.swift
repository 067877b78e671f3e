import HeadgateTensors

/// Resamples axes by weighted sums: linear and cubic. All sums are made in double precision and rounded once, at the
/// end; integers are rounded to nearest (ties to even) and clamped to their type.
enum FilterPass {
  static func run(
    _ input: Tensor, _ axes: [ResizedAxis], _ sampling: Sampling, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    // These are not computed with.
    if input.elementType == .bfloat16 {
      let wide = try run(try Casting.convert(input, to: .float, call), axes, sampling, call)
      return try Casting.convert(wide, to: input.elementType, call)
    }
    // Types that are rare in images go by way of double precision, so that there is less code for them.
    let isCommon = input.elementType == .float || input.elementType == .uint8
    var result = isCommon ? input : try Casting.convert(input, to: .double, call)
    for (index, axis) in axes.enumerated() {
      let pass = FilterAxis(
        input: result, filter: try ResizeFilter(axis, sampling, call), axis: axis, sampling: sampling, call: call)
      let isLast = index == axes.count - 1
      switch result.elementType {
      case .float: result = isLast ? try pass.run(Float.self, Float.self) : try pass.run(Float.self, Double.self)
      case .uint8: result = isLast ? try pass.run(UInt8.self, UInt8.self) : try pass.run(UInt8.self, Double.self)
      default:
        let isHalf = isLast && input.elementType == .float16
        let target = isLast ? input.elementType : .double
        result =
          isHalf ? try pass.run(Double.self, Float16.self) : try target.visit(FilterTarget(pass: pass))
      }
    }
    return result
  }
}

private struct FilterTarget: NumberVisitor {
  let pass: FilterAxis

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor { try pass.run(Double.self, type) }
}

/// One axis: each row of the output is a weighted sum of rows of the input.
private struct FilterAxis {
  let input: Tensor
  let filter: ResizeFilter
  let axis: ResizedAxis
  let sampling: Sampling
  let call: OperatorCall

  func run<S: Number, T: Number>(_ source: S.Type, _ type: T.Type) throws(TensorError) -> Tensor {
    let elements = try input.elements(source)
    let walk = AxisWalk(input.shape, axis: axis.axis)
    let inner = walk.inner
    var outputShape = input.shape
    outputShape[axis.axis] = axis.to
    // What is summed before it is rounded: a row, or all positions when the rows are single elements.
    let scratch = try Tensor(uninitialized: .double, shape: [inner == 1 ? axis.to : inner], budget: call.budget)
    // SAFETY: nobody else sees this tensor.
    let sums = UnsafeMutableBufferPointer(mutating: scratch.unsafeElements(Double.self))
    defer { withExtendedLifetime((input, scratch)) {} }
    return try call.make(type, outputShape) { (output) throws(TensorError) in
      try filter.withTables { sources, weights in
        guard let from = elements.baseAddress, let row = sums.baseAddress, var to = output.baseAddress else { return }
        for block in 0..<walk.outer {
          let start = from + block * walk.extent * inner
          if inner == 1 {
            sumLine(start, sources, weights, into: row)
            round(row, into: to, axis.to)
            to += axis.to
            continue
          }
          for position in 0..<axis.to {
            let table = position * filter.taps
            if sources[table] < 0 {
              row.update(repeating: Double(sampling.extrapolation), count: inner)
            } else {
              sumRows(start, sources + table, weights + table, into: row, inner)
            }
            round(row, into: to, inner)
            to += inner
          }
        }
      }
    }
  }

  /// All positions of an axis whose elements are neighbours.
  @inline(__always)
  private func sumLine<S: Number>(
    _ line: UnsafePointer<S>, _ sources: UnsafePointer<Int64>, _ weights: UnsafePointer<Double>,
    into sums: UnsafeMutablePointer<Double>
  ) {
    let taps = filter.taps
    for position in 0..<axis.to {
      let table = position * taps
      guard sources[table] >= 0 else {
        sums[position] = Double(sampling.extrapolation)
        continue
      }
      var sum = 0.0
      for tap in table..<table + taps { sum += weights[tap] * line[Int(sources[tap])].asDouble }
      sums[position] = sum
    }
  }

  /// One position of an axis whose elements are rows.
  @inline(__always)
  private func sumRows<S: Number>(
    _ rows: UnsafePointer<S>, _ sources: UnsafePointer<Int64>, _ weights: UnsafePointer<Double>,
    into sums: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    for tap in 0..<filter.taps {
      let weight = weights[tap]
      let row = rows + Int(sources[tap]) * count
      if tap == 0 {
        for index in 0..<count { sums[index] = weight * row[index].asDouble }
      } else {
        for index in 0..<count { sums[index] += weight * row[index].asDouble }
      }
    }
  }

  @inline(__always)
  private func round<T: Number>(_ sums: UnsafePointer<Double>, into output: UnsafeMutablePointer<T>, _ count: Int) {
    guard T.zero is any FixedWidthInteger else {
      for index in 0..<count { output[index] = T(nearest: sums[index]) }
      return
    }
    let (lowest, highest) = (T.lowest.asDouble, T.highest.asDouble)
    for index in 0..<count {
      let rounded = sums[index].rounded(.toNearestOrEven)
      // The highest int64 and uint64 are no doubles: what reaches them must not be converted.
      output[index] = rounded >= highest ? T.highest : rounded <= lowest ? T.lowest : T(nearest: rounded)
    }
  }
}
