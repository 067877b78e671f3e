import HeadgateKernels

/// The Swift face of the kernels for rows of floats; each reads or writes one side every `stride` elements.
///
/// SAFETY: the pointers must reach that far, and the two sides must not overlap where nothing else is said.
package enum RowKernels {
  /// `y[i] = value`
  package static func fill(_ y: UnsafeMutablePointer<Float>, count: Int, with value: Float) {
    hg_row_fill(count, value, y)
  }

  /// `y[i] += factor * x[i * stride]`
  package static func add(
    _ x: UnsafePointer<Float>, stride: Int, times factor: Float, to y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_add(count, factor, x, stride, y)
  }

  /// `y[i] += factors[0] * x[i * stride] + factors[1] * x[i * stride + gap] + ...`, one after the other.
  package static func add(
    taps: Int, _ factors: UnsafePointer<Float>, _ x: UnsafePointer<Float>, gap: Int, stride: Int,
    to y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_add_taps(count, taps, factors, x, gap, stride, y)
  }

  /// `y[i * stride] += x[i]`
  package static func scatter(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    hg_row_scatter(count, x, y, stride)
  }

  /// The sum in double, in an order that depends on the count only.
  package static func sum(_ x: UnsafePointer<Float>, count: Int) -> Double { hg_row_sum(count, x) }

  /// The sum of the squares of the distances from `origin`, in double.
  package static func squares(_ x: UnsafePointer<Float>, count: Int, around origin: Double) -> Double {
    hg_row_squares(count, x, origin)
  }

  /// `y[i] = (x[i] - origin) * factor + offset`, in double and rounded once.
  package static func center(
    _ x: UnsafePointer<Float>, at origin: Double, times factor: Double, plus offset: Double,
    into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_center(count, x, origin, factor, offset, y)
  }

  /// `y[i] = y[i] * factors[i] + offsets[i]`, or without offsets.
  package static func multiply(
    _ y: UnsafeMutablePointer<Float>, by factors: UnsafePointer<Float>, plus offsets: UnsafePointer<Float>?, count: Int
  ) {
    hg_row_multiply_add(count, y, factors, offsets)
  }

  /// `y[i] = x[i] * factor + offset`
  package static func scale(
    _ x: UnsafePointer<Float>, by factor: Float, plus offset: Float, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_scale(count, x, factor, offset, y)
  }
}
