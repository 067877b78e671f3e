import HeadgateKernels

/// The Swift face of the kernels for rows of floats; each reads or writes one side every `stride` elements.
///
/// SAFETY: the pointers must reach that far, and the two sides must not overlap.
package enum RowKernels {
  /// `y[i] = value`
  package static func fill(_ y: UnsafeMutablePointer<Float>, count: Int, with value: Float) {
    hg_row_fill(count, value, y)
  }

  /// `y[i] = x[i * stride]`
  package static func copy(_ x: UnsafePointer<Float>, stride: Int, into y: UnsafeMutablePointer<Float>, count: Int) {
    hg_row_copy(count, x, stride, y)
  }

  /// `y[i] += factor * x[i * stride]`
  package static func add(
    _ x: UnsafePointer<Float>, stride: Int, times factor: Float, to y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_add(count, factor, x, stride, y)
  }

  /// `y[i]` becomes the greater of itself and `x[i * stride]`; NaN when either is.
  package static func maximize(
    _ y: UnsafeMutablePointer<Float>, with x: UnsafePointer<Float>, stride: Int, count: Int
  ) {
    hg_row_max(count, x, stride, y)
  }

  /// `y[i * stride] += x[i]`
  package static func scatter(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, stride: Int, count: Int) {
    hg_row_scatter(count, x, y, stride)
  }

  /// `y[i] = x[i] * factor + offset`
  package static func scale(
    _ x: UnsafePointer<Float>, by factor: Float, plus offset: Float, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    hg_row_scale(count, x, factor, offset, y)
  }
}
