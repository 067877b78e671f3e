import HeadgateTensors

/// The attributes that say how a kernel slides over the axes behind batch and channels; convolution and
/// pooling read them alike.
struct Window: Sendable {
  enum Padding: Sendable, Hashable {
    /// As many elements as the attribute says, none without it.
    case explicit
    /// As many as make one output for each stride of the input; an odd one goes to the end or the beginning.
    case sameUpper, sameLower
    case valid
  }

  /// The kernel's extents, when the node says them.
  let kernel: Shape?
  let padding: Padding
  private let strides: [Int]?
  private let dilations: [Int]?
  private let pads: [Int]?
  /// Whether a last window that does not fit whole counts.
  private let roundsUp: Bool

  init(_ attributes: Attributes) throws(TensorError) {
    kernel = try attributes.ints("kernel_shape")
    strides = try attributes.ints("strides")
    dilations = try attributes.ints("dilations")
    pads = try attributes.ints("pads")
    roundsUp = try attributes.flag("ceil_mode")
    let name = try attributes.string("auto_pad") ?? ""
    switch name {
    case "", "NOTSET": padding = .explicit
    case "SAME_UPPER": padding = .sameUpper
    case "SAME_LOWER": padding = .sameLower
    case "VALID": padding = .valid
    default: throw TensorError(.invalidValue, "auto_pad is '\(name)', which is no known way to pad")
    }
  }

  /// Whether the window stands at each place of its input, and its taps are neighbours.
  var takesEveryPlace: Bool { ((strides ?? []) + (dilations ?? [])).allSatisfy { $0 == 1 } }

  /// The kernel's extents where a tensor holds the kernel.
  func kernel(of weights: Shape) throws(TensorError) -> Shape {
    let extents = Array(weights.dropFirst(2))
    guard let kernel, !kernel.isEmpty, kernel != extents else { return extents }
    throw TensorError(.shape, "kernel_shape \(kernel) is not that of the weights, whose shape is \(weights)")
  }

  /// The kernel's extents where only the node says them.
  func requiredKernel() throws(TensorError) -> Shape {
    guard let kernel else { throw TensorError(.missing, "attribute 'kernel_shape' is absent") }
    return kernel
  }

  /// The window over an input whose axes behind batch and channels have these extents.
  func sliding(over extents: Shape, kernel: Shape) throws(TensorError) -> SlidingWindow {
    let steps = try steps(extents, kernel)
    var axes: [SlidingWindow.Axis] = []
    for (index, step) in steps.enumerated() {
      let extent = extents[index]
      let span = step.span
      var (before, after) = try explicitPads(index, of: steps.count)
      var output = 0
      switch padding {
      case .sameUpper, .sameLower:
        output = (extent + step.stride - 1) / step.stride
        let total = output == 0 ? 0 : max(0, (output - 1) * step.stride + span - extent)
        before = padding == .sameUpper ? total / 2 : total - total / 2
        after = total - before
      case .valid, .explicit:
        let room = extent + before + after - span
        // An input of length 0, as the first step of a stream may have, gives an output of length 0.
        guard room >= 0 || extent == 0 else {
          throw TensorError(
            .shape,
            "a kernel of shape \(kernel) and dilations \(steps.map(\.dilation)) is larger than the input "
              + "\(extents) with its pads \(pads ?? [])")
        }
        if room >= 0 { output = (roundsUp ? room + step.stride - 1 : room) / step.stride + 1 }
        // A window that would begin behind the input and the pads before it does not count.
        if roundsUp, output > 0, (output - 1) * step.stride >= extent + before { output -= 1 }
      }
      axes.append(
        SlidingWindow.Axis(
          input: extent, output: output, kernel: step.kernel, stride: step.stride, dilation: step.dilation,
          before: before, after: after))
    }
    return SlidingWindow(axes: axes)
  }

  /// The window that slides over the output of a transposed convolution, one position for each input.
  ///
  /// - Parameter wanted: the extents of the output, when the node says them; the pads follow from them.
  func transposed(
    over extents: Shape, kernel: Shape, outputPadding: [Int]?, wanted: [Int]?
  ) throws(TensorError) -> SlidingWindow {
    let steps = try steps(extents, kernel)
    let extra = try list(outputPadding, "output_padding", count: steps.count, default: 0, in: 0...Window.limit)
    // Some writers give the extents of batch and channels as well.
    let wanted = wanted.map { $0.count == steps.count + 2 ? Array($0.dropFirst(2)) : $0 }.flatMap {
      $0.isEmpty ? nil : $0
    }
    let lengths = try list(wanted, "output_shape", count: steps.count, default: 0, in: 0...Window.lengthLimit)
    var axes: [SlidingWindow.Axis] = []
    for (index, step) in steps.enumerated() {
      let extent = extents[index]
      let (reach, overflow) = extent.multipliedReportingOverflow(by: step.stride)
      guard !overflow, reach <= Window.lengthLimit else {
        throw TensorError(.memoryLimit, "an input of \(extents) with stride \(step.stride) passes any memory limit")
      }
      // The output's length without pads.
      let natural = reach - step.stride + extra[index] + step.span
      var (before, after) = try explicitPads(index, of: steps.count)
      var output = natural - before - after
      if wanted != nil || padding == .sameUpper || padding == .sameLower {
        output = wanted == nil ? reach : lengths[index]
        let total = max(0, natural - output)
        before = padding == .sameUpper ? total / 2 : total - total / 2
        after = total - before
      }
      // What another input would follow from belongs to no output of this one.
      guard output >= 0, output - natural < step.stride else {
        throw TensorError(
          .shape,
          "an input of \(extents) and a kernel of \(kernel) give no output of length \(output) along axis \(index)")
      }
      axes.append(
        SlidingWindow.Axis(
          input: output, output: extent, kernel: step.kernel, stride: step.stride, dilation: step.dilation,
          before: before, after: after))
    }
    return SlidingWindow(axes: axes)
  }

  private struct Step {
    let kernel: Int
    let stride: Int
    let dilation: Int

    /// How far the kernel reaches, its gaps included.
    var span: Int { (kernel - 1) * dilation + 1 }
  }

  /// Above this a stride, a dilation or a pad means nothing; below it no sum or product overflows.
  private static let limit = 1 << 30
  /// No dimension of a tensor is greater.
  private static let lengthLimit = 1 << 48
  /// A table of all taps along one axis is made, so that there must not be too many.
  private static let tapLimit = 1 << 20

  private func steps(_ extents: Shape, _ kernel: Shape) throws(TensorError) -> [Step] {
    guard kernel.count == extents.count, !kernel.isEmpty else {
      throw TensorError(.shape, "a kernel of shape \(kernel) does not slide over axes of \(extents)")
    }
    let kernel = try list(kernel, "kernel_shape", count: kernel.count, default: 1, in: 1...Window.tapLimit)
    let strides = try list(strides, "strides", count: kernel.count, default: 1, in: 1...Window.limit)
    let dilations = try list(dilations, "dilations", count: kernel.count, default: 1, in: 1...Window.limit)
    return kernel.indices.map { Step(kernel: kernel[$0], stride: strides[$0], dilation: dilations[$0]) }
  }

  private func explicitPads(_ axis: Int, of count: Int) throws(TensorError) -> (before: Int, after: Int) {
    guard padding == .explicit else { return (0, 0) }
    let pads = try list(pads, "pads", count: 2 * count, default: 0, in: 0...Window.limit)
    return (pads[axis], pads[axis + count])
  }

  private func list(
    _ values: [Int]?, _ name: String, count: Int, default standard: Int, in range: ClosedRange<Int>
  ) throws(TensorError) -> [Int] {
    guard let values, !values.isEmpty else { return [Int](repeating: standard, count: count) }
    guard values.count == count else {
      throw TensorError(.shape, "attribute '\(name)' has \(values.count) values where \(count) are needed")
    }
    for value in values where !range.contains(value) {
      throw TensorError(
        .invalidValue, "attribute '\(name)' is \(values); each must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return values
  }
}
