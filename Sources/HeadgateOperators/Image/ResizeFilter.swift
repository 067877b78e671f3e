import HeadgateTensors

/// The weighted sums of one axis of a Resize: for each position of the output `taps` rows of the input and their
/// weights. Rows beyond the ends are the outermost ones.
///
/// The cubic weights are those of Keys, "Cubic Convolution Interpolation for Digital Image Processing", equation 4.
struct ResizeFilter {
  let taps: Int
  /// Int64 `[to, taps]`; the first of a position is -1 where the extrapolation value goes.
  private let sources: Tensor
  /// Double `[to, taps]`.
  private let weights: Tensor

  init(_ axis: ResizedAxis, _ sampling: Sampling, _ call: OperatorCall) throws(TensorError) {
    // An antialiasing filter is stretched over as many elements of the input as one of the output stands for.
    let stretch = sampling.antialiases ? min(axis.scale, 1) : 1
    let reach = sampling.mode == .cubic ? 2.0 : 1.0
    // A scale that gives at least one element is not much smaller than 1 / from, so this bounds nothing sensible.
    let before = Int(min((reach / stretch).rounded(.up), 4 * Double(axis.from) + 4)) - 1
    let taps = 2 * before + 2
    self.taps = taps
    sources = try Tensor(uninitialized: .int64, shape: [axis.to, taps], budget: call.budget)
    weights = try Tensor(uninitialized: .double, shape: [axis.to, taps], budget: call.budget)
    // SAFETY: nobody else has seen these tensors yet.
    let sources = UnsafeMutableBufferPointer(mutating: sources.unsafeElements(Int64.self))
    let weights = UnsafeMutableBufferPointer(mutating: weights.unsafeElements(Double.self))
    var line = [Double](repeating: 0, count: taps)
    for position in 0..<axis.to {
      let place = axis.place(of: position, sampling.coordinates, as: Double.self)
      let table = position * taps
      guard !place.isNaN else {
        for tap in table..<table + taps {
          sources[tap] = -1
          weights[tap] = 0
        }
        continue
      }
      // Far from the input all elements are the outermost one.
      let near = min(max(place, -Double(taps) - 1), Double(axis.from + taps))
      let origin = near.rounded(.down)
      let first = Int(origin) - before
      for tap in 0..<taps {
        line[tap] = Self.weight(
          (Double(tap - before) - (near - origin)) * stretch, sampling.mode, sampling.cubicCoefficient)
        if sampling.excludesOutside, !(0..<axis.from).contains(first + tap) { line[tap] = 0 }
      }
      let total = line.reduce(0, +)
      let divisor = (sampling.antialiases || sampling.excludesOutside) && total != 0 ? total : 1
      for tap in 0..<taps {
        sources[table + tap] = Int64(min(max(first + tap, 0), axis.from - 1))
        weights[table + tap] = line[tap] / divisor
      }
    }
  }

  /// Gives the rows and weights to `body`.
  func withTables(_ body: (UnsafePointer<Int64>, UnsafePointer<Double>) -> Void) throws(TensorError) {
    let (rows, factors) = (try sources.elements(Int64.self), try weights.elements(Double.self))
    if let rows = rows.baseAddress, let factors = factors.baseAddress { body(rows, factors) }
    withExtendedLifetime((sources, weights)) {}
  }

  /// The weight of an element at a distance from the place that is sampled.
  private static func weight(_ distance: Double, _ mode: Sampling.Mode, _ a: Double) -> Double {
    let x = abs(distance)
    guard mode == .cubic else { return max(1 - x, 0) }
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}
