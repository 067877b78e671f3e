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

/// What becomes of each element of a product last: the offset of its row and that of its column are added, and it is
/// brought within bounds.
package struct Finish<Element: BinaryFloatingPoint & Sendable> {
  package var rowOffsets: UnsafePointer<Element>?
  package var columnOffsets: UnsafePointer<Element>?
  package var bounds: Bounds<Element>

  package init(
    rowOffsets: UnsafePointer<Element>? = nil, columnOffsets: UnsafePointer<Element>? = nil,
    bounds: Bounds<Element> = Bounds()
  ) {
    self.rowOffsets = rowOffsets
    self.columnOffsets = columnOffsets
    self.bounds = bounds
  }

  /// Whether nothing happens.
  var isEmpty: Bool { rowOffsets == nil && columnOffsets == nil && bounds == Bounds() }
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
      row_offsets: finish.rowOffsets, column_offsets: finish.columnOffsets, least: finish.bounds.least,
      greatest: finish.bounds.greatest)
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
      row_offsets: finish.rowOffsets, column_offsets: finish.columnOffsets, least: finish.bounds.least,
      greatest: finish.bounds.greatest)
  }
}
