import HeadgateTensors

/// Operators that order elements: extremes, the best few, distinct values, running sums.
enum Ranking {
  static let table: [OperatorDefinition] = [
    .op("ArgMax", since: 1, argument(greatest: true)).computingWide(.first, outputsLike: [nil]),
    .op("ArgMin", since: 1, argument(greatest: false)).computingWide(.first, outputsLike: [nil]),
    .op("TopK", since: 1, topK).computingWide(.first, outputsLike: [0, nil]),
    .op("CumSum", since: 11, cumulative(Adding(), from: 0)).computingWide(.first),
    .op("Unique", since: 11, unique).computingWide(.first, outputsLike: [0, nil]),
    .op("CumProd", since: 26, cumulative(Multiplying(), from: 1)).computingWide(.first),
  ]

  private static func argument(greatest: Bool) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let axis = try input.shape.axis(try call.attributes.int("axis") ?? 0)
      let picksLast = try call.attributes.flag("select_last_index")
      let found = try input.elementType.visit(
        Extreme(input: input, axis: axis, greatest: greatest, picksLast: picksLast, call: call))
      var shape = input.shape
      if try call.attributes.int("keepdims") != 0 { shape[axis] = 1 } else { shape.remove(at: axis) }
      return [.tensor(try found.reshaped(to: shape))]
    }
  }

  private static func topK(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? -1)
    var count = try call.attributes.int("k")
    if count == nil { count = try call.ints(1)?.first }
    guard let count else { throw TensorError(.missing, "the count is absent") }
    guard count >= 0, count <= input.shape[axis] else {
      throw TensorError(.invalidValue, "the best \(count) of an axis of \(input.shape[axis]) are wanted")
    }
    let greatest = try call.attributes.int("largest") != 0
    let best = Best(input: input, axis: axis, count: count, greatest: greatest, call: call)
    return try input.elementType.visit(best)
  }

  private static func cumulative(_ operation: some BinaryOperation, from start: Double) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      guard let axis = try call.ints(1)?.first else { throw TensorError(.missing, "the axis is absent") }
      let running = RunningTotal(
        operation: operation, start: start, input: input, axis: try input.shape.axis(axis),
        exclusive: try call.attributes.flag("exclusive"), reverse: try call.attributes.flag("reverse"), call: call)
      return [.tensor(try input.elementType.visit(running))]
    }
  }

  private static func unique(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var input = try call.tensor(0)
    let wanted = try call.attributes.int("axis")
    if wanted == nil { input = try input.reshaped(to: [input.count]) }
    let axis = try input.shape.axis(wanted ?? 0)
    let sorted = try call.attributes.int("sorted") != 0
    let groups =
      input.elementType == .string
      ? try Distinct(input: input, axis: axis, sorted: sorted).groups(String.self) { ExactText($0) < ExactText($1) }
      : input.elementType == .bool
        ? try Distinct(input: try Casting.convert(input, to: .int32, call), axis: axis, sorted: sorted).visit(
          Int32.self)
        : try input.elementType.visit(Distinct(input: input, axis: axis, sorted: sorted))
    var shape = input.shape
    shape[axis] = groups.first.count
    let integers = { (values: [Int]) throws(TensorError) -> Value in
      .tensor(try Tensor(shape: [values.count], integers: values.map(Int64.init)))
    }
    return [
      .tensor(try Gathering.take(input, axis, groups.first, shape, call)), try integers(groups.first),
      try integers(groups.inverse), try integers(groups.counts),
    ]
  }
}

private struct Extreme: WideNumberVisitor {
  let input: Tensor
  let axis: Int
  let greatest: Bool
  let picksLast: Bool
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let walk = AxisWalk(input.shape, axis: axis)
    guard walk.extent > 0 || walk.outer * walk.inner == 0 else {
      throw TensorError(.shape, "an empty axis has no extreme")
    }
    let x = try input.elements(type)
    return try call.make(Int64.self, [walk.outer * walk.inner]) { (output) throws(TensorError) in
      try walk.forEachLane { lane, start in
        var best = 0
        for index in stride(from: 1, to: walk.extent, by: 1) {
          let value = x[start + index * walk.inner]
          let leader = x[start + best * walk.inner]
          // NaN is the extreme, as in numpy.
          if leader.isNotANumber || value.isNotANumber {
            if value.isNotANumber, picksLast || !leader.isNotANumber { best = index }
          } else if greatest ? value > leader : value < leader {
            best = index
          } else if picksLast, value == leader {
            best = index
          }
        }
        output[lane] = Int64(best)
      }
    }
  }
}

/// TopK: values in order, ties by the lower index.
private struct Best: WideNumberVisitor {
  let input: Tensor
  let axis: Int
  let count: Int
  let greatest: Bool
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> [Value] {
    let walk = AxisWalk(input.shape, axis: axis)
    var shape = input.shape
    shape[axis] = count
    let x = try input.elements(type)
    let indices = try call.make(Int64.self, shape) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      var order = [Int](repeating: 0, count: walk.extent)
      try walk.forEachLane { lane, start in
        for index in order.indices { order[index] = index }
        order.sort { first, second in
          let a = x[start + first * walk.inner]
          let b = x[start + second * walk.inner]
          if a.isNotANumber || b.isNotANumber {
            // NaN counts as the greatest number, so that the order stays a total one.
            if a.isNotANumber != b.isNotANumber { return a.isNotANumber == greatest }
            return first < second
          }
          return a == b ? first < second : greatest ? a > b : a < b
        }
        let base = lane / max(walk.inner, 1) * count * walk.inner + lane % max(walk.inner, 1)
        for rank in 0..<count { output[base + rank * walk.inner] = Int64(order[rank]) }
      }
    }
    let chosen = try indices.elements(Int64.self)
    let values = try call.make(type, shape) { output in
      for index in output.indices {
        let lane = index / (max(count, 1) * walk.inner) * walk.inner + index % walk.inner
        let start = lane / walk.inner * walk.extent * walk.inner + lane % walk.inner
        output[index] = x[start + Int(chosen[index]) * walk.inner]
      }
    }
    withExtendedLifetime(indices) {}
    return [.tensor(values), .tensor(indices)]
  }
}

private struct RunningTotal<Operation: BinaryOperation>: WideNumberVisitor {
  let operation: Operation
  let start: Double
  let input: Tensor
  let axis: Int
  let exclusive: Bool
  let reverse: Bool
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let walk = AxisWalk(input.shape, axis: axis)
    let x = try input.elements(type)
    let first = T(nearest: start)
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      try walk.forEachLane { _, start in
        var total = first
        for step in 0..<walk.extent {
          let index = start + (reverse ? walk.extent - 1 - step : step) * walk.inner
          if exclusive { output[index] = total }
          total = operation.apply(total, x[index])
          if !exclusive { output[index] = total }
        }
      }
    }
  }
}

/// Groups equal rows of an axis.
private struct Distinct: WideNumberVisitor {
  struct Groups {
    /// The first row of each group.
    var first: [Int] = []
    /// For each row the number of its group.
    var inverse: [Int] = []
    var counts: [Int] = []
  }

  let input: Tensor
  let axis: Int
  let sorted: Bool

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Groups {
    // NaN comes last, and each equals the others.
    try groups(type) { $0 < $1 || ($1.isNotANumber && !$0.isNotANumber) }
  }

  func groups<T: TensorElement>(_ type: T.Type, _ isLess: (T, T) -> Bool) throws(TensorError) -> Groups {
    let walk = AxisWalk(input.shape, axis: axis)
    let x = try input.elements(type)
    defer { withExtendedLifetime(input) {} }
    /// -1, 0 or 1 as row `a` comes before, with or after row `b`.
    func compare(_ a: Int, _ b: Int) -> Int {
      for block in 0..<(walk.inner > 0 ? walk.outer : 0) {
        for column in 0..<walk.inner {
          let start = block * walk.extent * walk.inner + column
          let (left, right) = (x[start + a * walk.inner], x[start + b * walk.inner])
          if isLess(left, right) { return -1 }
          if isLess(right, left) { return 1 }
        }
      }
      return 0
    }
    // Rows without elements take no memory, but their order would.
    guard x.count > 0 || walk.extent < 1 << 20 else {
      throw TensorError(.memoryLimit, "an axis of \(walk.extent) rows without elements is too long")
    }
    let order = (0..<walk.extent).sorted { a, b in
      let result = compare(a, b)
      return result == 0 ? a < b : result < 0
    }
    var groups = Groups()
    groups.inverse = [Int](repeating: 0, count: walk.extent)
    for (position, row) in order.enumerated() {
      if position > 0, compare(order[position - 1], row) == 0 {
        groups.counts[groups.counts.count - 1] += 1
      } else {
        groups.first.append(row)
        groups.counts.append(1)
      }
      groups.inverse[row] = groups.first.count - 1
    }
    guard !sorted else { return groups }
    let appearance = groups.first.indices.sorted { groups.first[$0] < groups.first[$1] }
    var renumbered = [Int](repeating: 0, count: appearance.count)
    for (new, old) in appearance.enumerated() { renumbered[old] = new }
    return Groups(
      first: appearance.map { groups.first[$0] }, inverse: groups.inverse.map { renumbered[$0] },
      counts: appearance.map { groups.counts[$0] })
  }
}
