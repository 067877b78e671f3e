import HeadgateKernels

/// Functions of floats that are computed a row at a time, many numbers at once.
///
/// NaN gives NaN. A number has the same result in whatever place of a row and on every run of one instruction set; on
/// another the last place may differ. Errors are given in units of the last place (ulp) of the exact result, as a test
/// holds them on every set, all over the floats.
package enum RowFunction: Sendable, CaseIterable {
  /// `e^x`, to 1.1 ulp.
  case exponential
  /// `1 / (1 + e^-x)`, to 2.5 ulp.
  case sigmoid
  /// To 1.5 ulp.
  case tanh
  /// The error function, to 1.5 ulp.
  case erf
  /// `x / 2 (1 + erf(x / sqrt 2))`, to 1.3e-7 of the greater of 1 and |x|: below -1 the sum cancels.
  case gelu

  private var kernel: hg_function {
    switch self {
    case .exponential: HG_EXP
    case .sigmoid: HG_SIGMOID
    case .tanh: HG_TANH
    case .erf: HG_ERF
    case .gelu: HG_GELU
    }
  }

  /// `y[i] = f(x[i])`; both may be the same row.
  ///
  /// SAFETY: both must have `count` elements.
  package func apply(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, using kernels: KernelSet = .current
  ) {
    hg_apply(kernels.table, kernel, count, x, y)
  }
}

extension RowKernels {
  /// `y[i] = e^(x[i] - greatest)` by the sum of all of them; both may be the same row. All are NaN when one of x is, or
  /// the greatest is infinite.
  ///
  /// SAFETY: both must have `count` elements.
  ///
  /// - Parameter greatest: what `greatest(_:count:)` says of x.
  package static func softmax(
    _ x: UnsafePointer<Float>, greatest: Float, into y: UnsafeMutablePointer<Float>, count: Int,
    using kernels: KernelSet = .current
  ) {
    let sum = kernels.table.pointee.exp_sum(count, x, greatest, y)
    // A sum is at least 1, or NaN.
    kernels.table.pointee.multiply(count, 1 / sum, y)
  }

  /// The greatest of the elements, which NaN is not; negative infinity of none.
  ///
  /// SAFETY: there must be `count` elements.
  package static func greatest(_ x: UnsafePointer<Float>, count: Int, using kernels: KernelSet = .current) -> Float {
    kernels.table.pointee.greatest(count, x)
  }

  /// Turns rows of scores, `stride` apart, into weights: with `mask` added, rows of which are `maskStride` apart,
  /// `e^(score - greatest)` of each row, and their sum. Rows of negative infinities become zeros.
  ///
  /// SAFETY: there must be `rows` rows of `count` elements, and room for as many sums.
  package static func weigh(
    _ scores: UnsafeMutablePointer<Float>, rows: Int, count: Int, stride: Int, mask: UnsafePointer<Float>?,
    maskStride: Int, sums: UnsafeMutablePointer<Float>, using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.weigh(rows, count, scores, stride, mask, maskStride, sums)
  }

  /// Divides rows, `stride` apart, by their sums; those with a sum of zero become zeros.
  ///
  /// SAFETY: there must be `rows` rows of `count` elements, and as many sums.
  package static func divide(
    _ y: UnsafeMutablePointer<Float>, by sums: UnsafePointer<Float>, rows: Int, count: Int, stride: Int,
    using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.divide(rows, count, sums, y, stride)
  }

  /// A step of an LSTM's cells from the sums of its gates `[4, count]`, which are i, o, f and c of ONNX:
  /// `C = sigmoid(f) C + sigmoid(i) tanh(c)`, `H = sigmoid(o) tanh(C)`.
  ///
  /// SAFETY: there must be that many gates, and `count` cells and states.
  package static func advanceMemory(
    gates: UnsafePointer<Float>, cell: UnsafeMutablePointer<Float>, state: UnsafeMutablePointer<Float>, count: Int,
    using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.advance_memory(count, gates, cell, state)
  }

  /// Normalises a row: `y[i] = (x[i] - mean) / sqrt(variance + epsilon) * factors[i] + offsets[i]`, with 0 for the mean
  /// unless it `centers`. Within some 1e-6 of the greatest of the distances by the deviation, whatever the mean is.
  ///
  /// SAFETY: all must have `count` elements, at least one.
  ///
  /// - Returns: the mean and the inverse deviation; nil, with `y` as it was, when the squares of the row are too great or
  ///   too small for floats.
  package static func normalize(
    _ x: UnsafePointer<Float>, centers: Bool, epsilon: Double, times factors: UnsafePointer<Float>,
    plus offsets: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, count: Int,
    using kernels: KernelSet = .current
  ) -> (mean: Float, inverseDeviation: Float)? {
    var (mean, deviation): (Float, Float) = (0, 0)
    let isDone = kernels.table.pointee.normalize(
      count, x, centers ? 1 : 0, epsilon, factors, offsets, y, &mean, &deviation)
    return isDone == 1 ? (mean, deviation) : nil
  }
}
