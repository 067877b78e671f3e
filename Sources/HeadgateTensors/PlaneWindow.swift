import HeadgateKernels

/// A window that slides over a plane, for which there are kernels that read the plane where it lies: with a dilation
/// along rows, or a long stride or kernel along them, there are none. See `hg_plane`.
package struct PlaneWindow: Sendable {
  /// Along one axis tap `t` of output `i` lies at `i * stride - before + t * dilation`.
  package struct Axis {
    let input, output, kernel, stride, dilation, before: Int

    package init(input: Int, output: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.before = before
    }
  }

  fileprivate let form: hg_plane

  /// - Parameters:
  ///   - rows: how the window steps from row to row.
  ///   - columns: how it steps along a row.
  package init?(rows: Axis, columns: Axis) {
    guard (1...2).contains(columns.stride), columns.dilation == 1 || columns.kernel == 1,
      columns.kernel <= HG_PLANE_COLUMNS, rows.stride > 0, rows.dilation > 0,
      min(rows.before, columns.before) >= 0
    else { return nil }
    form = hg_plane(
      rows: rows.input, columns: columns.input, out_rows: rows.output, out_columns: columns.output,
      kernel_rows: rows.kernel, kernel_columns: columns.kernel, row_stride: rows.stride, row_dilation: rows.dilation,
      column_stride: columns.stride, rows_before: rows.before, columns_before: columns.before)
  }
}

extension Float {
  package static func slide(
    _ weights: UnsafePointer<Float>, over x: UnsafePointer<Float>, _ window: PlaneWindow, offset: Float,
    _ bounds: Bounds<Float>, into y: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    withUnsafePointer(to: window.form) {
      kernels.table.pointee.splane_sums($0, weights, offset, bounds.least, bounds.greatest, x, y)
    }
  }

  package static func findMaxima(
    of x: UnsafePointer<Float>, _ window: PlaneWindow, into y: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    withUnsafePointer(to: window.form) { kernels.table.pointee.splane_maxima($0, x, y) }
  }
}

extension Double {
  package static func slide(
    _ weights: UnsafePointer<Double>, over x: UnsafePointer<Double>, _ window: PlaneWindow, offset: Double,
    _ bounds: Bounds<Double>, into y: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    withUnsafePointer(to: window.form) {
      kernels.table.pointee.dplane_sums($0, weights, offset, bounds.least, bounds.greatest, x, y)
    }
  }

  package static func findMaxima(
    of x: UnsafePointer<Double>, _ window: PlaneWindow, into y: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    withUnsafePointer(to: window.form) { kernels.table.pointee.dplane_maxima($0, x, y) }
  }
}
