import HeadgateTensors

/// The patches of an image as a matrix with a row for each channel and tap and a column for each position of the kernel,
/// to be added up to the image that they are of. `PatchMap` is for the other way.
struct Patches: Sendable {
  let window: SlidingWindow
  private let taps: [SlidingWindow.Tap]

  init(_ window: SlidingWindow) {
    self.window = window
    taps = window.rowTaps()
  }

  /// How many columns of the matrix are made at a time: 4 MiB of floats stay in the cache while a
  /// product goes over them.
  static func columnCount(depth: Int, of count: Int) -> Int {
    min(count, max(16, (1 << 20) / max(depth, 1)))
  }

  /// Adds some columns of the matrix `[channels * taps, columns]` to the elements that they lie on.
  func scatter<T: Number>(
    _ matrix: UnsafePointer<T>, channels: Int, columns: Range<Int>, into input: UnsafeMutablePointer<T>
  ) {
    let (inputCount, tapCount, width) = (window.inputCount, window.tapCount, columns.count)
    forEachSegment(columns) { row, tap, outputs, column in
      let to = input + (row.offset &+ outputs.lowerBound &* window.row.stride &+ tap.shift)
      let from = matrix + ((row.tap &+ tap.index) &* width &+ column)
      for channel in 0..<channels {
        NumberRows.scatter(
          from + channel &* tapCount &* width, to: to + channel &* inputCount, stride: window.row.stride,
          count: outputs.count)
      }
    }
  }

  /// Calls `body(kernel row, tap, outputs, column)` for each run of outputs in one line for which a tap lies on
  /// the input; `column` is where the first of them is among `columns`.
  @inline(__always)
  private func forEachSegment(
    _ columns: Range<Int>, _ body: (SlidingWindow.KernelRow, SlidingWindow.Tap, Range<Int>, Int) -> Void
  ) {
    let length = window.row.output
    guard length > 0 else { return }
    var rows: [SlidingWindow.KernelRow] = []
    var start = columns.lowerBound
    while start < columns.upperBound {
      let line = start / length
      let first = start % length
      let end = min(length, first + columns.upperBound - start)
      window.findKernelRows(of: line, into: &rows)
      for row in rows {
        for tap in taps {
          let lower = max(first, tap.outputs.lowerBound)
          let upper = min(end, tap.outputs.upperBound)
          guard lower < upper else { continue }
          body(row, tap, lower..<upper, start - columns.lowerBound + lower - first)
        }
      }
      start += end - first
    }
  }
}
