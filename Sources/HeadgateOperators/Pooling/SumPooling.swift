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
    let x = try input.elements(type)
    return try call.make(type, planes.outputShape) { (output) throws(TensorError) in
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      if planes.isMostlyInput {
        try addPlanes(x, y)
      } else {
        planes.forEachRow(x, y) { row, count in
          NumberRows.clear(row, count: count)
        } _: { source, target, count, stride in
          NumberRows.add(source, stride: stride, times: T.one, to: target, count: count)
        }
      }
      switch finish {
      case .root(let power): power.takeRoots(output)
      case .mean(let countsPads):
        let (lines, length) = (planes.window.lineCount, planes.window.row.output)
        planes.forEachRowOfCounts(countsPads: countsPads) { index, line, counts in
          let row = y + (index * lines + line) * length
          // A window of no elements has the mean 0.
          for column in 0..<length where counts[column] > 0 { row[column] /= T(counts[column]) }
        }
      }
    }
  }
}

extension Sums {
  private func addPlanes<T: Real>(_ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>) throws(TensorError) {
    let taps = try planes.window.axes.map(\.kernel).elementCount()
    try call.budget.withScratch(T.self, count: taps) { (ones) throws(TensorError) in
      NumberRows.fill(ones, count: taps, with: 1)
      try planes.forEachPlane(x, y, call.budget) { slider, plane, target, scratch in
        slider.slide(ones, over: plane, into: target, scratch: scratch)
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
    return try call.make(type, input.shape) { output in
      for index in x.indices { output[index] = power.apply(x[index]) }
    }
  }
}
