import HeadgateTensors

/// The sum of each window, and what is made of it: a mean or a norm.
struct Sums: RealVisitor {
  enum Finish: Sendable {
    /// Divided by the number of elements; the pads count as such or not, what lies behind them never does.
    case mean(countsPads: Bool)
    case root(NormPower)
  }

  let input: Tensor
  let planes: PooledPlanes
  let finish: Finish
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type).baseAddress
    let result = try call.output(T.elementType, planes.outputShape)
    let output = UnsafeMutableBufferPointer(mutating: try result.elements(type))
    guard !output.isEmpty else { return result }
    let (planes, finish, budget) = (planes, finish, call.budget)
    let slider = planes.isMostlyInput ? try PlaneSlider(planes.window, budget) : nil
    var counts: WindowCounts?
    if case .mean(let countsPads) = finish { counts = WindowCounts(planes.window, countsPads: countsPads) }
    try call.perform(reading: [input]) { [counts] () throws(TensorError) in
      guard let x, let y = output.baseAddress else { return }
      if let slider {
        try Self.add(planes, slider, x, y, budget)
      } else {
        planes.forEachRow(x, y) { row, count in
          NumberRows.clear(row, count: count)
        } _: { source, target, count, stride in
          NumberRows.add(source, stride: stride, times: T.one, to: target, count: count)
        }
      }
      if case .root(let power) = finish { power.takeRoots(output) }
      if let counts { Self.divide(y, lines: planes.count * planes.window.lineCount, of: planes.window, by: counts) }
    }
    return result
  }
}

extension Sums {
  private static func add<T: Real>(
    _ planes: PooledPlanes, _ slider: PlaneSlider, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>,
    _ budget: MemoryBudget
  ) throws(TensorError) {
    // Windows that reach beyond the input may have more taps than there is memory for.
    var taps = 1
    for axis in planes.window.axes { taps = try taps.times(axis.kernel) }
    try budget.withScratch(T.self, count: taps) { (ones) throws(TensorError) in
      NumberRows.fill(ones, count: taps, with: 1)
      try planes.forEachPlane(slider, x, y, budget) { plane, target, scratch in
        slider.slide(ones, over: plane, into: target, scratch: scratch)
      }
    }
  }
}

extension Sums {
  /// Makes means of sums.
  private static func divide<T: Real>(
    _ sums: UnsafeMutablePointer<T>, lines: Int, of window: SlidingWindow, by counts: WindowCounts
  ) {
    for line in 0..<lines {
      let row = sums + line * counts.inner.count
      let factor = counts.factor(ofLine: line % window.lineCount)
      for column in counts.inner.indices {
        // A window of no elements has the mean 0.
        let count = counts.inner[column] &* factor
        if count > 0 { row[column] /= T(count) }
      }
    }
  }
}

/// The order of a norm: `(sum of |x|^p)^(1/p)`.
struct NormPower: Sendable {
  let p: Double

  init(_ attributes: Attributes) throws(TensorError) {
    // The first version had it as a float.
    if case .float(let value)? = attributes["p"] { p = Double(value) } else { p = Double(try attributes.int("p") ?? 2) }
    guard p > 0, p.isFinite else { throw TensorError(.invalidValue, "there is no norm of order \(p)") }
  }

  @inline(__always)
  func apply<T: Real>(_ x: T) -> T {
    if p == 2 { return x * x }
    return p == 1 ? abs(x) : T.pow(abs(x), T(p))
  }

  func takeRoots<T: Real>(_ sums: UnsafeMutableBufferPointer<T>) {
    guard p != 1 else { return }
    for index in sums.indices { sums[index] = p == 2 ? sums[index].squareRoot() : T.pow(sums[index], T(1 / p)) }
  }
}

/// `|x|^p` of each element.
struct NormPowers: RealVisitor {
  let input: Tensor
  let power: NormPower
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let power = power
    return try call.produce(type, input.shape, reading: input) { output in
      for index in x.indices { output[index] = power.apply(x[index]) }
    }
  }
}
