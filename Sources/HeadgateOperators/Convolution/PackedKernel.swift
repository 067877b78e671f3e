import HeadgateTensors

/// The constant kernel of a convolution in the form that it is used in, made once when the model is loaded.
struct PackedKernel: Sendable {
  /// `[PackedLeft<T>]`, one for each group, or `TiledKernel<T>`.
  private let form: any Sendable

  /// Input 1 of a node, packed; nil when it is no constant of floats or doubles, or better not packed.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  static func of(_ node: OperatorNode, groups: Int, window: Window) throws(TensorError) -> PackedKernel? {
    guard let weights = node.constantTensor(1), weights.rank > 2, weights.count > 0, groups > 0,
      weights.shape[0] % groups == 0
    else { return nil }
    let features = weights.shape[0] / groups
    // The kernel of a channel of its own is read as it is.
    if weights.shape[1] == 1, features <= 3 { return nil }
    var isTiled = groups == 1 && window.takesEveryPlace && paysInTiles(weights)
    if isTiled { isTiled = try !hasZeros(weights) }
    let make = { [isTiled] () throws(TensorError) -> PackedKernel? in
      switch weights.elementType {
      case .float: try PackedKernel(weights, Float.self, groups, isTiled: isTiled)
      case .double: try PackedKernel(weights, Double.self, groups, isTiled: isTiled)
      default: nil
      }
    }
    guard let shared = node.weights else { return try make() }
    return try shared.kernel(weights, groups: groups, isTiled: isTiled, make)
  }

  private init<T: Real>(
    _ weights: Tensor, _ type: T.Type, _ groups: Int, isTiled: Bool
  ) throws(TensorError) {
    let (features, channels) = (weights.shape[0], weights.shape[1])
    form = try weights.withElements(type) { (elements) throws(TensorError) -> any Sendable in
      let start = try elements.start
      if isTiled { return try TiledKernel(start, features: features, channels: channels, budget: .unlimited) }
      return try PackedLeft.groups(
        start, count: groups, m: features / groups, k: weights.count / features, .unlimited)
    }
  }

  /// The packed kernel of each group, when it has this type and form.
  func groups<T: Real>(_ type: T.Type) -> [PackedLeft<T>]? { form as? [PackedLeft<T>] }

  /// The transformed kernel, when it has this type and form.
  func tiled<T: Real>(_ type: T.Type) -> TiledKernel<T>? { form as? TiledKernel<T> }

  /// Whether a kernel of this shape is faster in tiles. The transforms are to be shared by some channels; and the
  /// transformed weights, nearly twice the bytes, must not become what takes the time: 2 MiB of floats stay in the
  /// second cache.
  private static func paysInTiles(_ weights: Tensor) -> Bool {
    let shape = weights.shape
    return shape.count == 4 && shape[2] == 3 && shape[3] == 3 && min(shape[0], shape[1]) >= 16
      && weights.count / 9 <= 1 << 15
  }

  /// Whether a tap sees nothing. In tiles it would not be felt exactly as zero, and who made it zero may count on that.
  private static func hasZeros(_ weights: Tensor) throws(TensorError) -> Bool {
    switch weights.elementType {
    case .float: try weights.withElements(Float.self) { $0.contains(0) }
    case .double: try weights.withElements(Double.self) { $0.contains(0) }
    default: false
    }
  }
}
