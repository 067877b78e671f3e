import HeadgateTensors

/// Reductions over axes. The axes are an attribute in old opsets and an input in new ones.
enum Reduction {
  static let table: [OperatorDefinition] = [
    .op("ReduceSum", since: 1, reduce(.sum)), .op("ReduceMean", since: 1, reduce(.mean)),
    .op("ReduceMax", since: 1, reduce(.max)), .op("ReduceMin", since: 1, reduce(.min)),
    .op("ReduceProd", since: 1, reduce(.product)), .op("ReduceL1", since: 1, reduce(.l1)),
    .op("ReduceL2", since: 1, reduce(.l2)), .op("ReduceSumSquare", since: 1, reduce(.sumSquare)),
    .op("ReduceLogSum", since: 1, reduce(.logSum)), .op("ReduceLogSumExp", since: 1, reduce(.logSumExp)),
  ].computingWide(.first)

  enum Measure: Sendable {
    case sum, mean, max, min, product, l1, l2, sumSquare, logSum, logSumExp
  }

  private static func reduce(_ measure: Measure) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let wanted = try call.ints(attribute: "axes", orInput: 1) ?? []
      if wanted.isEmpty, try call.attributes.flag("noop_with_empty_axes") {
        return [.tensor(try applied(measure, to: input, axes: [], call).reshaped(to: input.shape))]
      }
      var axes: Set<Int> = []
      for axis in wanted { axes.insert(try input.shape.axis(axis)) }
      if wanted.isEmpty { axes = Set(input.shape.indices) }
      let keeps = try call.attributes.int("keepdims") != 0
      let kept = input.shape.indices.filter { keeps || !axes.contains($0) }
      let shape = kept.map { axes.contains($0) ? 1 : input.shape[$0] }
      return [.tensor(try applied(measure, to: input, axes: axes, call).reshaped(to: shape))]
    }
  }

  /// Brings the reduced axes to the end, if they are not there, and reduces each row.
  private static func applied(
    _ measure: Measure, to input: Tensor, axes: Set<Int>, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let order = input.shape.indices.filter { !axes.contains($0) } + input.shape.indices.filter { axes.contains($0) }
    let moved = order == Array(input.shape.indices) ? input : try Arranging.permuted(input, order, call)
    let rows = order.dropLast(axes.count).reduce(1) { $0 * input.shape[$1] }
    let length = order.suffix(axes.count).reduce(1) { $0 * input.shape[$1] }
    if moved.elementType == .bool {
      let numbers = try Casting.convert(moved, to: .int32, call)
      return try Casting.convert(
        try RowReduction(measure: measure, input: numbers, rows: rows, length: length, call: call).visit(Int32.self),
        to: .bool, call)
    }
    return try moved.elementType.visit(
      RowReduction(measure: measure, input: moved, rows: rows, length: length, call: call))
  }
}

private struct RowReduction: WideNumberVisitor {
  let measure: Reduction.Measure
  let input: Tensor
  let rows: Int
  let length: Int
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    if length == 0, rows > 0, measure == .max || measure == .min, !(T.zero is any BinaryFloatingPoint) {
      throw TensorError(.shape, "an empty axis of integers has no extreme")
    }
    let x = try input.elements(type)
    let (measure, rows, length) = (measure, rows, length)
    return try call.produce(type, [rows], reading: input) { output in
      for row in 0..<rows {
        let lane = UnsafeBufferPointer(rebasing: x[row * length..<(row + 1) * length])
        output[row] = Self.reduce(lane, to: measure)
      }
    }
  }

  private static func reduce<T: Number>(_ lane: UnsafeBufferPointer<T>, to measure: Reduction.Measure) -> T {
    switch measure {
    case .sum: return sum(lane) { $0 }
    case .mean:
      // Integers are averaged in integers, as ONNX Runtime does.
      return T.zero is any BinaryFloatingPoint
        ? T.divide(sum(lane) { $0 }, T(nearest: Double(lane.count)))
        : T.divide(sum(lane) { $0 }, T(wrapping: Int64(lane.count)))
    case .max: return lane.reduce(T.lowest) { T.maximum($0, $1) }
    case .min: return lane.reduce(T.highest) { T.minimum($0, $1) }
    case .product: return lane.reduce(T.one) { T.multiply($0, $1) }
    case .l1: return sum(lane) { Absolute().apply($0) }
    case .sumSquare: return sum(lane) { T.multiply($0, $0) }
    case .l2: return T(nearest: sum(lane) { T.multiply($0, $0) }.asDouble.squareRoot())
    case .logSum: return T(nearest: Double.log(sum(lane) { $0 }.asDouble))
    case .logSumExp:
      let greatest = lane.reduce(T.lowest) { T.maximum($0, $1) }.asDouble
      let origin = greatest.isFinite ? greatest : 0
      let total = lane.reduce(0.0) { $0 + Double.exp($1.asDouble - origin) }
      return T(nearest: Double.log(total) + origin)
    }
  }

  /// Eight partial sums: exact to more digits than one running sum, and the processor works on all at once.
  @inline(__always)
  private static func sum<T: Number>(_ lane: UnsafeBufferPointer<T>, _ map: (T) -> T) -> T {
    var index = 0
    var total = T.zero
    if lane.count >= 16 {
      var (a, b, c, d, e, f, g, h) = (T.zero, T.zero, T.zero, T.zero, T.zero, T.zero, T.zero, T.zero)
      while index + 8 <= lane.count {
        a = T.add(a, map(lane[index]))
        b = T.add(b, map(lane[index + 1]))
        c = T.add(c, map(lane[index + 2]))
        d = T.add(d, map(lane[index + 3]))
        e = T.add(e, map(lane[index + 4]))
        f = T.add(f, map(lane[index + 5]))
        g = T.add(g, map(lane[index + 6]))
        h = T.add(h, map(lane[index + 7]))
        index += 8
      }
      total = T.add(T.add(T.add(a, b), T.add(c, d)), T.add(T.add(e, f), T.add(g, h)))
    }
    while index < lane.count {
      total = T.add(total, map(lane[index]))
      index += 1
    }
    return total
  }
}
