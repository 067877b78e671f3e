import HeadgateTensors

/// Convolution, its transpose and its parts.
enum Convolution {
  static let table: [OperatorDefinition] = [
    .prepared("Conv", since: 1, convolution), .prepared("ConvTranspose", since: 1, transposed),
    .op("ConvInteger", since: 10, IntegerConvolution.toInt32),
    .op("QLinearConv", since: 10, IntegerConvolution.quantized),
    .op("DeformConv", since: 19, DeformableConvolution.deformed),
    .op("Col2Im", since: 18, columnsToImage).computingWide(.first),
    .op("CausalConvWithState", since: 27, CausalConvolution.causal),
  ]

  private static func convolution(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let convolution = try PreparedConvolution(node)
    return { (call) throws(TensorError) in [.tensor(try convolution.run(call))] }
  }

  private static func transposed(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let window = try Window(node.attributes)
    let groups = try node.attributes.int("group") ?? 1
    let outputPadding = try node.attributes.ints("output_padding")
    let wanted = try node.attributes.ints("output_shape")
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let weights = try call.tensor(1)
      try input.check(sameTypeAs: weights)
      let bias = try call.optionalTensor(2)
      let layout = try ConvolutionLayout(
        transposed: input.shape, weights: weights.shape, groups: groups, window: window, outputPadding: outputPadding,
        wanted: wanted)
      try ConvolutionLayout.check(bias: bias, channels: layout.inputShape[1])
      let visitor = TransposedVisitor(
        input: input, weights: weights, bias: bias, layout: layout, call: call)
      return [.tensor(try input.elementType.visit(visitor))]
    }
  }

  /// Adds the columns of `[images, channels * taps, positions]` up to images: what lies beside is dropped.
  private static func columnsToImage(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 3, let image = try call.ints(1), let block = try call.ints(2) else {
      throw TensorError(.shape, "columns of shape \(input.shape) with an image and a block shape are no image")
    }
    // The extents come from an input, so that they are checked as a shape first.
    _ = try image.elementCount()
    let window = try Window(call.attributes).sliding(over: image, kernel: block)
    let (positions, taps) = (try window.outputShape.elementCount(), try block.elementCount())
    guard taps > 0, input.shape[1] % taps == 0, input.shape[2] == positions else {
      throw TensorError(
        .shape,
        "columns of shape \(input.shape) do not make an image of \(image): blocks of \(block) have "
          + "\(taps) elements and \(positions) positions")
    }
    if input.elementType == .bool {
      throw TensorError(.unsupported, "columns of bool have no sum")
    }
    let shape = [input.shape[0], input.shape[1] / taps] + image
    return [.tensor(try input.elementType.visit(ImageVisitor(input: input, window: window, shape: shape, call: call)))]
  }
}

/// Each input times the kernel, added to the outputs that the kernel lies on.
private struct TransposedVisitor: RealVisitor {
  let input: Tensor
  let weights: Tensor
  let bias: Tensor?
  let layout: ConvolutionLayout
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let w = try weights.elements(type)
    let b = try bias?.elements(type)
    defer { withExtendedLifetime((input, weights, bias)) {} }
    return try call.make(type, layout.inputShape) { (output) throws(TensorError) in
      guard let y = output.baseAddress, !output.isEmpty else { return }
      let window = layout.window
      let (plane, positions, depth) = (window.inputCount, window.outputCount, layout.depth)
      for row in 0..<output.count / plane {
        NumberRows.fill(
          y + row * plane, count: plane, with: b.map { $0[row % (layout.groups * layout.channels)] } ?? T.zero)
      }
      guard let x = x.baseAddress, let w = w.baseAddress, positions > 0, layout.features > 0 else { return }
      let patches = Patches(window)
      let width = Patches.columnCount(depth: depth + layout.features, of: positions)
      // The product's right side must be dense, so that a part of the input is copied beside the result.
      let copied = width == positions ? 0 : layout.features * width
      try call.budget.withScratch(type, count: depth * width + copied) { scratch in
        for block in 0..<layout.images * layout.groups {
          let group = block % layout.groups
          let source = x + block * layout.features * positions
          for start in stride(from: 0, to: positions, by: width) {
            let columns = start..<min(start + width, positions)
            let part = scratch + depth * width
            for feature in 0..<(copied == 0 ? 0 : layout.features) {
              (part + feature * columns.count).update(from: source + feature * positions + start, count: columns.count)
            }
            MatrixProduct.product(
              .init(w + group * layout.features * depth, columns: depth, transposed: true),
              .init(copied == 0 ? source : UnsafePointer(part), columns: columns.count), into: scratch, m: depth,
              n: columns.count, k: layout.features, alpha: 1, accumulate: false)
            patches.scatter(
              scratch, channels: layout.channels, columns: columns, into: y + block * layout.channels * plane)
          }
        }
      }
    }
  }
}

private struct ImageVisitor: WideNumberVisitor {
  let input: Tensor
  let window: SlidingWindow
  let shape: Shape
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    return try call.make(type, shape) { output in
      guard let y = output.baseAddress, !output.isEmpty else { return }
      NumberRows.clear(y, count: output.count)
      guard let x = x.baseAddress, input.count > 0 else { return }
      let patches = Patches(window)
      let positions = window.outputCount
      for image in 0..<shape[0] {
        patches.scatter(
          x + image * input.shape[1] * positions, channels: shape[1], columns: 0..<positions,
          into: y + image * shape[1] * window.inputCount)
      }
    }
  }
}

extension Tensor {
  func check(sameTypeAs other: Tensor) throws(TensorError) {
    guard elementType != other.elementType else { return }
    throw TensorError(.elementType, "inputs have different types, \(elementType) and \(other.elementType)")
  }
}
