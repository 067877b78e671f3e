import HeadgateTensors

/// A convolution of floats as its node describes it, with the kernel packed when it is constant.
struct PreparedConvolution: Sendable {
  private let window: Window
  private let groups: Int
  private let packed: DeferredKernel?
  private let rounded: RoundedKernel?

  init(_ node: OperatorNode) throws(TensorError) {
    window = try Window(node.attributes)
    groups = try node.attributes.int("group") ?? 1
    rounded = try RoundedKernel.of(node, groups: groups)
    guard rounded == nil else {
      packed = nil
      return
    }
    let deferred = DeferredKernel { [window, groups] () throws(TensorError) in
      try PackedKernel.of(node, groups: groups, window: window)
    }
    packed = deferred
    node.weights?.add(deferred)
  }

  /// The convolution of input 0 with kernel 1 and bias 2, if there is one.
  ///
  /// - Parameters:
  ///   - summand: what is added, of the result's shape.
  ///   - bounds: what no result may pass.
  func run(
    _ call: OperatorCall, adding summand: Tensor? = nil, bounds: Bounds<Float> = Bounds()
  ) throws(TensorError) -> Tensor {
    let (input, weights) = (try call.tensor(0), try call.tensor(1))
    try input.check(sameTypeAs: weights)
    let bias = try call.optionalTensor(2)
    let layout = try layout(call)
    try ConvolutionLayout.check(bias: bias, channels: weights.shape[0])
    if let rounded, input.elementType == .float {
      let (x, b, z) = (
        try input.elements(Float.self), try bias?.elements(Float.self), try summand?.elements(Float.self)
      )
      let budget = call.budget
      let isEmpty = layout.outputShape.contains(0)
      let map = isEmpty ? nil : try PatchMap(layout.window, channels: layout.channels, budget)
      return try call.produce(Float.self, layout.outputShape, reading: input, bias, summand) {
        (output) throws(TensorError) in
        if let z { _ = output.update(from: z) }
        guard let map else { return }
        try rounded.run(layout, map, x, bias: b, into: output, adds: z != nil, bounds, budget)
      }
    }
    return try input.elementType.visit(
      Visitor(
        input: input, weights: weights, bias: bias, summand: summand, layout: layout, packed: try packed?.value(),
        bounds: bounds, call: call))
  }

  func layout(_ call: OperatorCall) throws(TensorError) -> ConvolutionLayout {
    try ConvolutionLayout(
      input: try call.tensor(0).shape, weights: try call.tensor(1).shape, groups: groups, window: window)
  }
}

private struct Visitor: RealVisitor {
  let input: Tensor
  let weights: Tensor
  let bias: Tensor?
  let summand: Tensor?
  let layout: ConvolutionLayout
  let packed: PackedKernel?
  let bounds: Bounds<Float>
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let w = try weights.elements(type)
    let b = try bias?.elements(type)
    let z = try summand?.elements(type)
    let kernel = try ConvolutionKernel(
      layout, packed: packed?.groups(type), tiled: packed?.tiled(type),
      bounds: Bounds(least: T(bounds.least), greatest: T(bounds.greatest)), adds: z != nil, call.budget)
    return try call.produce(type, layout.outputShape, reading: input, weights, bias, summand) {
      (output) throws(TensorError) in
      if let z { _ = output.update(from: z) }
      try kernel.run(x, w, bias: b, into: output)
    }
  }
}
