import HeadgateTensors

/// The constant kernel of a convolution, packed for each group once when the model is loaded.
struct PackedKernel: Sendable {
  /// `[PackedLeft<Float>]` or `[PackedLeft<Double>]`.
  private let groups: any Sendable

  /// Input 1 of a node, packed; nil when it is no constant of floats or doubles, or better not packed.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  static func of(_ node: OperatorNode, groups: Int) throws(TensorError) -> PackedKernel? {
    guard let weights = node.constantTensor(1), weights.rank > 2, weights.count > 0, groups > 0,
      weights.shape[0] % groups == 0
    else { return nil }
    let (features, depth) = (weights.shape[0] / groups, weights.count / weights.shape[0])
    // The kernel of a channel of its own is read as it is.
    if weights.shape[1] == 1, features <= 3 { return nil }
    let make = { () throws(TensorError) -> PackedKernel? in
      switch weights.elementType {
      case .float: PackedKernel(groups: try pack(weights, Float.self, groups, features, depth))
      case .double: PackedKernel(groups: try pack(weights, Double.self, groups, features, depth))
      default: nil
      }
    }
    guard let shared = node.weights else { return try make() }
    return try shared.kernel(weights, groups: groups, make)
  }

  /// The packed kernel of each group, when it is of this type.
  func groups<T: Real>(_ type: T.Type) -> [PackedLeft<T>]? { groups as? [PackedLeft<T>] }

  private static func pack<T: Real>(
    _ weights: Tensor, _ type: T.Type, _ groups: Int, _ features: Int, _ depth: Int
  ) throws(TensorError) -> [PackedLeft<T>] {
    try weights.withElements(type) { (elements) throws(TensorError) in
      try PackedLeft.groups(try elements.start, count: groups, m: features, k: depth, .unlimited)
    }
  }
}
