import HeadgateTensors

/// The constant kernel of a convolution in bfloat16, for models that are loaded in that precision.
///
/// The image of each group is rounded once, as it is copied, and not in each of the patches that a number lies in.
struct RoundedKernel: Sendable {
  /// The kernel of each group.
  private let groups: [RoundedLeft]

  /// Input 1 of a node, in bfloat16; nil in float32, when it is no constant of floats, and for the kernel of a channel of
  /// its own, which is no matrix.
  ///
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  static func of(_ node: OperatorNode, groups: Int) throws(TensorError) -> RoundedKernel? {
    guard let shared = node.weights, shared.precision == .bfloat16, let weights = node.constantTensor(1),
      weights.rank > 2, weights.count > 0, weights.elementType == .float, groups > 0, weights.shape[0] % groups == 0
    else { return nil }
    let features = weights.shape[0] / groups
    if weights.shape[1] == 1, features <= 3 { return nil }
    let depth = weights.count / weights.shape[0]
    return try shared.rounded(
      .roundedKernel(groups: groups), of: weights, byteCount: weights.byteCount / 2, for: node, input: 1
    ) { () throws(TensorError) in
      try weights.withElements(Float.self) { (elements) throws(TensorError) in
        let start = try elements.start
        var kernels: [RoundedLeft] = []
        for group in 0..<groups {
          kernels.append(
            try RoundedLeft(
              .init(start + group * features * depth, columns: depth), m: features, k: depth, budget: .unlimited))
        }
        return RoundedKernel(groups: kernels)
      }
    }
  }

  /// Computes all of `output`, which has the layout's output shape, as `ConvolutionKernel.run` does.
  ///
  /// - Parameters:
  ///   - map: that of the layout's window and channels.
  ///   - adds: whether `output` holds what is added before the bounds are kept.
  func run(
    _ layout: ConvolutionLayout, _ map: PatchMap, _ input: UnsafeBufferPointer<Float>,
    bias: UnsafeBufferPointer<Float>?, into output: UnsafeMutableBufferPointer<Float>, adds: Bool,
    _ bounds: Bounds<Float>, _ budget: MemoryBudget
  ) throws(TensorError) {
    guard !output.isEmpty, let x = input.baseAddress, let y = output.baseAddress else { return }
    let (features, positions) = (layout.features, layout.window.outputCount)
    let plane = layout.channels &* layout.window.inputCount
    let copyCount = map.copyCount &* layout.channels
    try budget.withScratch(Float.self, count: copyCount > 0 ? copyCount : plane) { scratch in
      for block in 0..<layout.images * layout.groups {
        let group = block % layout.groups
        var image = x + block * plane
        if copyCount == 0 {
          round(image, into: scratch, count: plane, budget.team)
          image = UnsafePointer(scratch)
        }
        map.withPatches(of: image, channels: layout.channels, scratch: scratch, team: budget.team) { patches in
          if copyCount > 0 { round(UnsafePointer(scratch), into: scratch, count: copyCount, budget.team) }
          groups[group].multiply(
            patches, into: y + block * features * positions, n: positions, accumulate: adds,
            finish: Finish(rowOffsets: bias?.baseAddress.map { $0 + group * features }, bounds: bounds),
            team: budget.team)
        }
      }
    }
  }

  private func round(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, _ team: ThreadTeam) {
    team.split(count, each: 0.3, granule: 64) { range, _ in
      BFloat16.round(x + range.lowerBound, into: y + range.lowerBound, count: range.count)
    }
  }
}
