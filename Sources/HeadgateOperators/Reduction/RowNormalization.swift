import HeadgateTensors

/// Normalises rows to mean 0 and variance 1, then scales: gives the result, and if asked for, the means and inverse deviations.
struct RowNormalization: RealVisitor {
  let input: Tensor
  /// The innermost extents of the input, which make a row.
  let rowShape: Shape
  /// Of any shape that can be stretched to the input's.
  let scale: Tensor
  let bias: Tensor?
  let epsilon: Double
  /// Whether the mean is taken off; else it counts as 0.
  let centers: Bool
  /// Whether the means and inverse deviations are given as well.
  var givesStatistics = false
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> [Value] {
    let length = rowShape.extent(of: 0..<rowShape.count)
    let rows = length == 0 ? 0 : input.count / length
    let (factors, factorStep) = try parameter(scale)
    let (offsets, offsetStep) = try bias.map { (bias) throws(TensorError) in try parameter(bias) } ?? (nil, 0)
    let outer = Array(input.shape.dropLast(rowShape.count)) + Shape(repeating: 1, count: rowShape.count)
    let result = try call.output(T.elementType, input.shape)
    // Hardly ever does anybody read the statistics.
    var statistics: [Tensor] = []
    if givesStatistics, length > 0 { for _ in 0..<2 { statistics.append(try call.output(.float, outer)) } }
    let (x, factor, offset) = (
      try input.elements(type).baseAddress, try factors.elements(type).baseAddress,
      try offsets?.elements(type).baseAddress
    )
    // SAFETY: nobody else has seen the outputs yet.
    let y = UnsafeMutablePointer(mutating: try result.elements(type).baseAddress)
    let means = UnsafeMutablePointer(mutating: try statistics.first?.elements(Float.self).baseAddress)
    let deviations = UnsafeMutablePointer(mutating: try statistics.last?.elements(Float.self).baseAddress)
    let (epsilon, centers, team) = (epsilon, centers, call.team)
    try call.perform(reading: [input, factors, offsets]) {
      guard let x, let y, let factor else { return }
      team.split(rows, each: Double(length)) { range, _ in
        for row in range {
          let start = row * length
          let (factors, offsets) = (factor + row * factorStep, offset.map { $0 + row * offsetStep })
          if let known = Self.normalize(
            x + start, centers: centers, epsilon: epsilon, factors, offsets, into: y + start, count: length)
          {
            means?[row] = known.mean
            deviations?[row] = known.inverseDeviation
            continue
          }
          let mean = centers ? NumberRows.sum(x + start, count: length) / Double(length) : 0
          let variance = NumberRows.squares(x + start, count: length, around: mean) / Double(length)
          let inverse = 1 / (variance + epsilon).squareRoot()
          means?[row] = Float(mean)
          deviations?[row] = Float(inverse)
          NumberRows.center(x + start, at: mean, times: inverse, plus: 0, into: y + start, count: length)
          NumberRows.multiply(y + start, by: factors, plus: offsets, count: length)
        }
      }
    }
    return [.tensor(result)] + statistics.map { .tensor($0) }
  }

  /// What the kernel of floats gives; nil for other types, and for rows whose squares floats do not hold.
  private static func normalize<T: Real>(
    _ x: UnsafePointer<T>, centers: Bool, epsilon: Double, _ factors: UnsafePointer<T>, _ offsets: UnsafePointer<T>?,
    into y: UnsafeMutablePointer<T>, count: Int
  ) -> (mean: Float, inverseDeviation: Float)? {
    guard T.self == Float.self else { return nil }
    // SAFETY: T is Float here.
    return RowKernels.normalize(
      UnsafeRawPointer(x).assumingMemoryBound(to: Float.self), centers: centers, epsilon: epsilon,
      times: UnsafeRawPointer(factors).assumingMemoryBound(to: Float.self),
      plus: offsets.map { UnsafeRawPointer($0).assumingMemoryBound(to: Float.self) },
      into: UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self), count: count)
  }

  /// Scale or bias, and how far its elements of one row are from those of the next: 0 when all rows share them.
  private func parameter(_ tensor: Tensor) throws(TensorError) -> (tensor: Tensor, step: Int) {
    let typed = try Casting.convert(tensor, to: input.elementType, call)
    let outer = typed.shape.dropLast(rowShape.count)
    if outer.allSatisfy({ $0 == 1 }) {
      let inner = try typed.reshaped(to: Array(typed.shape.suffix(rowShape.count)))
      return (try inner.expanded(to: rowShape, call), 0)
    }
    return (try typed.expanded(to: input.shape, call), rowShape.extent(of: 0..<rowShape.count))
  }
}
