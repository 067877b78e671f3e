import HeadgateKernels

/// What no number of a result may pass; NaN stays NaN.
package struct Bounds<Element: BinaryFloatingPoint & Sendable>: Sendable, Equatable {
  package var least = -Element.infinity
  package var greatest = Element.infinity

  package init(least: Element = -.infinity, greatest: Element = .infinity) {
    self.least = least
    self.greatest = greatest
  }
}

/// What becomes of each element of a product last: the offset of its row, that of its column and the summand in its
/// place are added, it is brought within bounds, and maybe `RowFunction.gelu` applied.
package struct Finish<Element: BinaryFloatingPoint & Sendable> {
  package var rowOffsets: UnsafePointer<Element>?
  package var columnOffsets: UnsafePointer<Element>?
  package var bounds: Bounds<Element>
  /// A matrix of the product's shape, with rows side by side.
  package var summands: MatrixProduct.Operand<Element>?
  /// For floats only.
  package var hasGelu: Bool

  package init(
    rowOffsets: UnsafePointer<Element>? = nil, columnOffsets: UnsafePointer<Element>? = nil,
    bounds: Bounds<Element> = Bounds(), summands: MatrixProduct.Operand<Element>? = nil, hasGelu: Bool = false
  ) {
    self.rowOffsets = rowOffsets
    self.columnOffsets = columnOffsets
    self.bounds = bounds
    self.summands = summands
    self.hasGelu = hasGelu
  }

  /// Whether nothing happens.
  var isEmpty: Bool {
    rowOffsets == nil && columnOffsets == nil && bounds == Bounds() && summands == nil && !hasGelu
  }
}

extension Finish<Float> {
  /// Calls `body` with what the kernels take for it, nil where nothing happens.
  func withKernelForm(_ body: (UnsafePointer<hg_finish_f32>?) -> Void) {
    guard !isEmpty else { return body(nil) }
    var form = hg_finish_f32(self)
    body(&form)
  }
}

extension hg_finish_f32 {
  init(_ finish: Finish<Float>) {
    self.init(
      row_offsets: finish.rowOffsets, column_offsets: finish.columnOffsets, summands: finish.summands?.start,
      summand_row: finish.summands?.rowStride ?? 0, least: finish.bounds.least, greatest: finish.bounds.greatest,
      has_gelu: finish.hasGelu ? 1 : 0)
  }
}

extension Finish<Double> {
  /// Calls `body` with what the kernels take for it, nil where nothing happens.
  func withKernelForm(_ body: (UnsafePointer<hg_finish_f64>?) -> Void) {
    guard !isEmpty else { return body(nil) }
    var form = hg_finish_f64(self)
    body(&form)
  }
}

extension hg_finish_f64 {
  init(_ finish: Finish<Double>) {
    self.init(
      row_offsets: finish.rowOffsets, column_offsets: finish.columnOffsets, summands: finish.summands?.start,
      summand_row: finish.summands?.rowStride ?? 0, least: finish.bounds.least, greatest: finish.bounds.greatest,
      has_gelu: finish.hasGelu ? 1 : 0)
  }
}
