import HeadgateTensors

/// A kernel that slides over an input, all numbers known and checked.
///
/// Along each axis tap `t` of output `i` lies on input `i * stride - before + t * dilation`; taps outside
/// of the input lie on padding. Kernels work on whole rows: the innermost axis is the row, the axes
/// before it make lines.
struct SlidingWindow: Sendable {
  struct Axis: Sendable {
    let input: Int
    let output: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    let before: Int
    let after: Int

    /// The taps of an output that lie on the input.
    @inline(__always)
    func taps(of index: Int) -> Range<Int> {
      let origin = index &* stride &- before
      let first = origin >= 0 ? 0 : (dilation &- 1 &- origin) / dilation
      let end = origin >= input ? 0 : (input &- origin &+ dilation &- 1) / dilation
      let lower = min(first, kernel)
      return lower..<max(lower, min(end, kernel))
    }

    /// The outputs of which a tap lies on the input.
    func outputs(of tap: Int) -> Range<Int> {
      let shift = before &- tap &* dilation
      let first = shift <= 0 ? 0 : (shift &+ stride &- 1) / stride
      let end = input &+ shift <= 0 ? 0 : (input &+ shift &+ stride &- 1) / stride
      let lower = min(first, output)
      return lower..<max(lower, min(end, output))
    }

    /// Whether a tap lies behind the input. A last window that is counted though it does not fit whole does that.
    var reachesBeyond: Bool { output > 0 && (output &- 1) &* stride &- before &+ (kernel &- 1) &* dilation >= input }

    /// How many taps of an output lie on the input or its pads: a last window may reach beyond both.
    func paddedTapCount(of index: Int) -> Int {
      let room = input &+ after &- (index &* stride &- before)
      return max(0, min(kernel, (room &+ dilation &- 1) / dilation))
    }
  }

  /// A tap of the innermost axis: the outputs of a row for which it lies on the input, and on which element.
  struct Tap: Sendable {
    let index: Int
    let outputs: Range<Int>
    /// Output `i` reads element `i * stride + shift` of the row.
    let shift: Int
  }

  /// A row of the kernel that lies on the input.
  struct KernelRow: Sendable {
    /// The kernel's first tap in this row.
    let tap: Int
    /// From the beginning of the input to the row under it.
    let offset: Int
  }

  let axes: [Axis]
  /// The innermost axis.
  let row: Axis
  let outputShape: Shape

  init(axes: [Axis]) {
    self.axes = axes
    // Rank 0 does not come here; one element stands in for no axis.
    row = axes.last ?? Axis(input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0)
    outputShape = axes.map(\.output)
  }

  // The products are of shapes of tensors that exist, or of one side of which the other side is empty.
  var inputCount: Int { axes.reduce(1) { $0 &* $1.input } }
  var outputCount: Int { outputShape.reduce(1, &*) }
  var tapCount: Int { axes.reduce(1) { $0 &* $1.kernel } }
  var lineCount: Int { outputShape.dropLast().reduce(1, &*) }
  var hasPads: Bool { axes.contains { $0.before > 0 || $0.after > 0 } }
  /// Whether each output is the one input at its place.
  var isPointwise: Bool { axes.allSatisfy { $0.kernel == 1 && $0.stride == 1 && $0.input == $0.output } && !hasPads }

  /// The taps of the innermost axis that lie on the input for any output.
  func rowTaps() -> [Tap] {
    var taps: [Tap] = []
    for index in 0..<row.kernel {
      let outputs = row.outputs(of: index)
      if !outputs.isEmpty {
        taps.append(Tap(index: index, outputs: outputs, shift: index &* row.dilation &- row.before))
      }
    }
    return taps
  }

  /// Puts the rows of the kernel that lie on the input for a line of outputs into `rows`.
  func findKernelRows(of line: Int, into rows: inout [KernelRow]) {
    rows.removeAll(keepingCapacity: true)
    var remaining = lineCount
    var rest = line
    for (level, axis) in axes.dropLast().enumerated() {
      remaining /= max(axis.output, 1)
      let index = rest / max(remaining, 1)
      rest %= max(remaining, 1)
      let origin = index &* axis.stride &- axis.before
      let taps = axis.taps(of: index)
      // The first axis, the only one of an image, needs no copy of what came before.
      let outer = level == 0 ? [] : rows
      rows.removeAll(keepingCapacity: true)
      for row in outer {
        for tap in taps {
          rows.append(
            KernelRow(
              tap: row.tap &* axis.kernel &+ tap, offset: row.offset &* axis.input &+ origin &+ tap &* axis.dilation))
        }
      }
      if level == 0 {
        for tap in taps { rows.append(KernelRow(tap: tap, offset: origin &+ tap &* axis.dilation)) }
      }
    }
    if axes.count == 1 { rows.append(KernelRow(tap: 0, offset: 0)) }
    for index in rows.indices {
      rows[index] = KernelRow(tap: rows[index].tap &* row.kernel, offset: rows[index].offset &* row.input)
    }
  }
}
