import HeadgateTensors

/// A convolution to an image whose channels come last, with what comes after it: `Y = bounded(conv(X, W) + B + Z)`.
package enum ChannelsLastConvolution {
  /// Inputs and attributes are those of `FusedConvolution`: X and Z have their channels last, W is as ONNX has it. With
  /// the attribute `reads_planes` X has its channels first.
  package static let definition = OperatorDefinition.prepared(
    "Conv", domain: ChannelsLast.domain, since: 1, prepare)

  /// Below it most of a vector of features would be empty.
  private static let leastFeatures = 8
  /// Up to so many channels an image is read as planes: a place has too few neighbours then.
  private static let mostPlanes = 4

  /// Whether there is a kernel for the convolution of a node, given its constant weights.
  package static func suits(_ attributes: Attributes, weights: Tensor) -> Bool {
    guard weights.elementType == .float, weights.rank == 4, weights.count > 0,
      let groups = try? attributes.int("group") ?? 1, (try? Window(attributes)) != nil
    else { return false }
    return groups == 1 ? weights.shape[0] >= leastFeatures : isDepthwise(weights, groups)
  }

  /// Whether each channel has one kernel of its own, so that the convolution is not worth a moving of channels.
  package static func isDepthwise(_ attributes: Attributes, weights: Tensor) -> Bool {
    isDepthwise(weights, (try? attributes.int("group") ?? 1) ?? 1)
  }

  /// Whether the convolution is better of an image as it comes, channels first.
  package static func readsPlanes(_ attributes: Attributes, weights: Tensor) -> Bool {
    weights.shape[1] <= mostPlanes && ((try? attributes.ints("strides")) ?? nil)?.last ?? 1 <= 2
      && !isDepthwise(attributes, weights: weights)
  }

  private static func isDepthwise(_ weights: Tensor, _ groups: Int) -> Bool {
    groups > 1 && weights.shape[1] == 1 && weights.shape[0] == groups
  }

  private static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let (window, groups) = (try Window(attributes), try attributes.int("group") ?? 1)
    let bounds = try Bounds(attributes)
    let readsPlanes = try attributes.flag("reads_planes")
    guard let weights = node.constantTensor(1), weights.rank == 4, weights.count > 0 else {
      throw TensorError(.unsupported, "a convolution with channels last has a constant kernel")
    }
    var way = ChannelsLastKernel.Way.direct
    if readsPlanes {
      way = .planes
    } else if isDepthwise(weights, groups) {
      way = .depthwise
    } else if window.takesEveryPlace, try paysInTiles(weights) {
      way = .tiled
    }
    let kernel = try kernel(of: weights, way, node.weights)
    node.replace(input: 1)
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      guard input.rank == 4 else { throw TensorError(.shape, "an input of shape \(input.shape) is no image") }
      let shape = input.shape
      let layout = try ConvolutionLayout(
        input: readsPlanes ? shape : [shape[0], shape[3], shape[1], shape[2]], weights: weights.shape, groups: groups,
        window: window)
      let bias = try call.optionalTensor(2)
      try ConvolutionLayout.check(bias: bias, channels: weights.shape[0])
      let outputShape = [layout.images] + layout.window.outputShape + [weights.shape[0]]
      let summand = try call.optionalTensor(3)
      if let summand, summand.shape != outputShape {
        let sum = try call.apply(
          "Add", try run(kernel, input, layout, outputShape, bias, nil, Bounds(), call), summand)
        return [
          .tensor(
            try call.apply(
              "Clip", sum, try call.scalar(bounds.least, like: sum), try call.scalar(bounds.greatest, like: sum)))
        ]
      }
      return [.tensor(try run(kernel, input, layout, outputShape, bias, summand, bounds, call))]
    }
  }

  private static func run(
    _ kernel: ChannelsLastKernel, _ input: Tensor, _ layout: ConvolutionLayout, _ shape: Shape, _ bias: Tensor?,
    _ summand: Tensor?, _ bounds: Bounds<Float>, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let (x, b, z) = (
      try input.elements(Float.self), try bias?.elements(Float.self), try summand?.elements(Float.self)
    )
    let budget = call.budget
    guard let window = layout.window.image, !shape.contains(0) else {
      return try call.produce(Float.self, shape, reading: input) { $0.update(repeating: 0) }
    }
    let (count, lines) = (kernel.scratchCount(window), layout.window.axes[0].output)
    let (images, read) = (layout.images, layout.groups * layout.channels * layout.window.inputCount)
    return try call.produce(Float.self, shape, reading: input, bias, summand) { (output) throws(TensorError) in
      guard let y = output.baseAddress else { return }
      // Without elements there is nothing to sum up, and nothing is read.
      let work = Work(
        kernel: kernel, window: window, images: images, x: x.baseAddress ?? UnsafePointer(y), read: read, y: y,
        offsets: b?.baseAddress, summand: z?.baseAddress, bounds: bounds)
      if kernel.way == .planes {
        try budget.withTeamScratch(Float.self, count: count, parts: lines) { work.run($0, $1) }
      } else if count > 0 {
        try budget.withScratch(Float.self, count: count) { work.run($0, budget.team) }
      } else {
        work.run(y, budget.team)
      }
    }
  }

  /// What becomes of all images.
  private struct Work {
    let kernel: ChannelsLastKernel
    let window: ImageWindow
    let images: Int
    let x: UnsafePointer<Float>
    /// The elements of an image.
    let read: Int
    let y: UnsafeMutablePointer<Float>
    let offsets: UnsafePointer<Float>?
    let summand: UnsafePointer<Float>?
    let bounds: Bounds<Float>

    func run(_ scratch: UnsafeMutablePointer<Float>, _ team: ThreadTeam) {
      let written = kernel.features * window.outputCount
      for image in 0..<images {
        kernel.convolve(
          .init(
            x + image * read, into: y + image * written, offsets: offsets,
            adding: summand.map { $0 + image * written }, bounds: bounds), window, scratch: scratch, team: team)
      }
    }
  }

  /// The packed kernel, one for all nodes that have the same.
  private static func kernel(
    of weights: Tensor, _ way: ChannelsLastKernel.Way, _ shared: PreparedWeights?
  ) throws(TensorError) -> ChannelsLastKernel {
    let (features, channels) = (weights.shape[0], weights.shape[1])
    let taps = weights.count / features / channels
    let make = { () throws(TensorError) in
      try weights.withElements(Float.self) { (elements) throws(TensorError) in
        try ChannelsLastKernel(
          try elements.start, features: features, channels: channels, taps: taps, way: way, budget: .unlimited)
      }
    }
    guard let shared else { return try make() }
    let size = ChannelsLastKernel.byteCount(features: features, channels: channels, taps: taps, way: way)
    guard let kernel = try shared.channelsLastKernel(weights, way, byteCount: size, make) else {
      throw TensorError(.memoryLimit, "there is no room for another form of the weights")
    }
    return kernel
  }

  /// Whether a kernel is faster in tiles: the transforms are to be shared by some channels, and the transformed weights,
  /// nearly twice the bytes, must not become what takes the time. From the third cache 256 maps of 14 x 14 take 0.77 ms
  /// instead of 1.44, and 512 of 7 x 7 1.6 either way. Where a tap sees nothing it would not be felt exactly as zero, and
  /// who made it zero may count on that.
  private static func paysInTiles(_ weights: Tensor) throws(TensorError) -> Bool {
    let shape = weights.shape
    guard shape[2] == 3, shape[3] == 3, min(shape[0], shape[1]) >= 16, weights.count / 9 <= 1 << 16 else {
      return false
    }
    return try weights.withElements(Float.self) { !$0.contains(0) }
  }
}
