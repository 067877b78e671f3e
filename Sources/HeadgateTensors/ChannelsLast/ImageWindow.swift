import HeadgateKernels

/// A window that slides over an image whose channels come last, in the form of the kernels. See `hg_window`.
package struct ImageWindow: Sendable {
  let form: hg_window

  /// - Parameters:
  ///   - rows: how the window steps from row to row.
  ///   - columns: how it steps along a row.
  package init(rows: PlaneWindow.Axis, columns: PlaneWindow.Axis) {
    form = hg_window(
      rows: rows.input, columns: columns.input, out_rows: rows.output, out_columns: columns.output,
      kernel_rows: rows.kernel, kernel_columns: columns.kernel, row_stride: rows.stride,
      column_stride: columns.stride, row_dilation: rows.dilation, column_dilation: columns.dilation,
      rows_before: rows.before, columns_before: columns.before)
  }

  /// The places of the input and of the output.
  var inputCount: Int { form.rows * form.columns }
  package var outputCount: Int { form.out_rows * form.out_columns }
  var tapCount: Int { form.kernel_rows * form.kernel_columns }
}

extension ImageWindow {
  /// The greatest of each channel under the window: NaN when one is, negative infinity without taps on the image.
  ///
  /// SAFETY: `x` must hold an image of so many channels, `y` must have room for one.
  package func findMaxima(
    of x: UnsafePointer<Float>, channels: Int, into y: UnsafeMutablePointer<Float>, team: ThreadTeam = .alone,
    using kernels: KernelSet = .current
  ) {
    var job = hg_convolution()
    job.window = form
    job.channels = channels
    job.features = channels
    job.x = x
    job.y = y
    withUnsafePointer(to: &job) { job in
      team.share(0.03 * Double(outputCount * tapCount * channels)) { kernels.table.pointee.maxima_last(job, $0) }
    }
  }
}

/// Where the channels of an image lie.
package enum ChannelsOrder {
  /// Moves channels from before the places of an image to behind them.
  ///
  /// SAFETY: `x` must hold `channels * places` elements, `y` must have room for as many.
  package static func moveLast(
    _ x: UnsafePointer<Float>, channels: Int, places: Int, into y: UnsafeMutablePointer<Float>,
    using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.turn_image(channels, places, x, y)
  }

  /// Moves them back.
  ///
  /// SAFETY: see `moveLast`.
  package static func moveFirst(
    _ x: UnsafePointer<Float>, channels: Int, places: Int, into y: UnsafeMutablePointer<Float>,
    using kernels: KernelSet = .current
  ) {
    kernels.table.pointee.turn_image(places, channels, x, y)
  }
}
