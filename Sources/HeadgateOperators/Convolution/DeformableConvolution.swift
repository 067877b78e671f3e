import HeadgateTensors

/// DeformConv: each tap is moved by an offset of its own at each position, the input is read between its
/// elements by linear interpolation, 0 beside it.
enum DeformableConvolution {
  static func deformed(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let weights = try call.tensor(1)
    let offsets = try call.tensor(2)
    let bias = try call.optionalTensor(3)
    let mask = try call.optionalTensor(4)
    for tensor in [weights, offsets, bias, mask] { if let tensor { try input.check(sameTypeAs: tensor) } }
    let layout = try ConvolutionLayout(
      input: input.shape, weights: weights.shape, groups: try call.attributes.int("group") ?? 1,
      window: try Window(call.attributes))
    try ConvolutionLayout.check(bias: bias, channels: weights.shape[0])
    let window = layout.window
    let offsetGroups = try call.attributes.int("offset_group") ?? 1
    // Interpolation reads 2 elements for each axis, 2^rank in all.
    guard window.axes.count <= 8 else {
      throw TensorError(.unsupported, "an input of shape \(input.shape) has too many axes to be interpolated")
    }
    guard offsetGroups > 0, input.shape[1] % offsetGroups == 0 else {
      throw TensorError(.shape, "\(input.shape[1]) channels do not make \(offsetGroups) groups of offsets")
    }
    let (points, overflow) = window.tapCount.multipliedReportingOverflow(by: offsetGroups)
    guard !overflow, points <= 1 << 48 else {
      throw TensorError(.shape, "\(offsetGroups) groups of offsets do not fit a kernel of shape \(weights.shape)")
    }
    let expected = [input.shape[0], points * window.axes.count] + window.outputShape
    guard offsets.shape == expected else {
      throw TensorError(.shape, "offsets of shape \(offsets.shape) do not have the expected shape \(expected)")
    }
    let expectedMask = [input.shape[0], points] + window.outputShape
    if let mask, mask.shape != expectedMask {
      throw TensorError(.shape, "a mask of shape \(mask.shape) does not have the expected shape \(expectedMask)")
    }
    let visitor = DeformedVisitor(
      input: input, weights: weights, offsets: offsets, mask: mask, bias: bias, layout: layout,
      offsetGroups: offsetGroups, call: call)
    return [.tensor(try input.elementType.visit(visitor))]
  }
}

private struct DeformedVisitor: RealVisitor {
  let input: Tensor
  let weights: Tensor
  let offsets: Tensor
  let mask: Tensor?
  let bias: Tensor?
  let layout: ConvolutionLayout
  let offsetGroups: Int
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let w = try weights.elements(type)
    let b = try bias?.elements(type)
    let moves = try offsets.elements(type)
    let factors = try mask?.elements(type)
    let window = layout.window
    let (depth, positions, features) = (layout.depth, window.outputCount, layout.features)
    return try call.make(type, layout.outputShape) { (output) throws(TensorError) in
      guard let y = output.baseAddress, let w = w.baseAddress, !output.isEmpty else { return }
      for row in 0..<output.count / positions {
        NumberRows.fill(
          y + row * positions, count: positions, with: b.map { $0[row % (layout.groups * features)] } ?? T.zero)
      }
      guard let x = x.baseAddress, let moves = moves.baseAddress, layout.channels > 0, window.inputCount > 0 else {
        return
      }
      let width = Patches.columnCount(depth: depth * layout.groups, of: positions)
      try call.budget.withScratch(type, count: depth * layout.groups * width) { scratch in
        for image in 0..<layout.images {
          for start in stride(from: 0, to: positions, by: width) {
            let columns = start..<min(start + width, positions)
            sample(x, moves, factors?.baseAddress, image: image, columns: columns, into: scratch)
            for group in 0..<layout.groups {
              MatrixProduct.product(
                .init(w + group * features * depth, columns: depth),
                .init(scratch + group * depth * columns.count, columns: columns.count),
                into: y + (image * layout.groups + group) * features * positions + start, columns: positions,
                m: features, n: columns.count, k: depth, alpha: 1, accumulate: true)
            }
          }
        }
      }
    }
  }

  /// Writes the columns of the matrix `[channels of all groups * taps, columns]`.
  private func sample<T: Real>(
    _ x: UnsafePointer<T>, _ moves: UnsafePointer<T>, _ factors: UnsafePointer<T>?, image: Int, columns: Range<Int>,
    into matrix: UnsafeMutablePointer<T>
  ) {
    let window = layout.window
    let (taps, positions, plane, rank) = (window.tapCount, window.outputCount, window.inputCount, window.axes.count)
    let channels = layout.groups * layout.channels / offsetGroups
    var point = InterpolatedPoint<T>(rank: rank)
    for offsetGroup in 0..<offsetGroups {
      let firstChannel = offsetGroup * channels
      let source = x + (image * layout.groups * layout.channels + firstChannel) * plane
      for tap in 0..<taps {
        let set = (image * offsetGroups + offsetGroup) * taps + tap
        for position in columns {
          let factor = factors.map { $0[set * positions + position] } ?? 1
          point.move(to: window, position: position, tap: tap) { axis in
            moves[(set * rank + axis) * positions + position]
          }
          let target = matrix + (firstChannel * taps + tap) * columns.count + position - columns.lowerBound
          for channel in 0..<channels {
            target[channel * taps * columns.count] = factor * point.value(source + channel * plane)
          }
        }
      }
    }
  }
}

/// A point between elements, with the elements around it that are not beside the input.
private struct InterpolatedPoint<T: Real> {
  private var indices: [Int]
  private var weights: [T]
  private var count = 0

  init(rank: Int) {
    indices = [Int](repeating: 0, count: 1 << rank)
    weights = [T](repeating: 0, count: 1 << rank)
  }

  @inline(__always)
  mutating func move(to window: SlidingWindow, position: Int, tap: Int, offset: (Int) -> T) {
    var (restOfPosition, restOfTap) = (position, tap)
    var scale = 1
    indices[0] = 0
    weights[0] = 1
    count = 1
    // Innermost axis first: each axis doubles the corners, less those beside the input.
    for axis in window.axes.indices.reversed() {
      let along = window.axes[axis]
      let base = restOfPosition % along.output * along.stride - along.before + restOfTap % along.kernel * along.dilation
      restOfPosition /= along.output
      restOfTap /= along.kernel
      let place = T(base) + offset(axis)
      // Not a number is nowhere.
      guard place > -1, place < T(along.input) else {
        count = 0
        return
      }
      let floor = place.rounded(.down)
      let low = Int(floor)
      let share = place - floor
      let corners = count
      count = 0
      if low >= 0, low + 1 < along.input {
        for corner in 0..<corners {
          indices[corners + corner] = indices[corner] + (low + 1) * scale
          weights[corners + corner] = weights[corner] * share
          indices[corner] += low * scale
          weights[corner] *= 1 - share
        }
        count = 2 * corners
      } else {
        // Only one of the two neighbours is on the input.
        let index = low >= 0 ? low : low + 1
        let weight = low >= 0 ? 1 - share : share
        for corner in 0..<corners {
          indices[corner] += index * scale
          weights[corner] *= weight
        }
        count = corners
      }
      scale *= along.input
    }
  }

  @inline(__always)
  func value(_ plane: UnsafePointer<T>) -> T {
    var total: T = 0
    for corner in 0..<count { total += weights[corner] * plane[indices[corner]] }
    return total
  }
}
