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
}
