import HeadgateTensors

/// The constant weights of a recurrent layer in bfloat16, for models that are loaded in that precision.
struct RoundedGates: Sendable {
  /// W and R transposed, for each direction a matrix for each part of the gates; nil where they are not rounded. W has
  /// one part.
  let w: [[RoundedMatrix]]?
  let r: [[RoundedMatrix]]?

  /// - Parameter parts: the gates of R that a step multiplies with at a time.
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  init(_ node: OperatorNode, gates: Int, parts: [Range<Int>]) throws(TensorError) {
    w = try RoundedGates.matrices(node, input: 1, gates: gates, parts: [0..<gates])
    r = try RoundedGates.matrices(node, input: 2, gates: gates, parts: parts)
  }

  private static func matrices(
    _ node: OperatorNode, input: Int, gates: Int, parts: [Range<Int>]
  ) throws(TensorError) -> [[RoundedMatrix]]? {
    guard let shared = node.weights, shared.precision == .bfloat16, let weights = node.constantTensor(input),
      weights.rank == 3, weights.count > 0, weights.elementType == .float, weights.shape[1] % gates == 0
    else { return nil }
    let (directions, hidden, depth) = (weights.shape[0], weights.shape[1] / gates, weights.shape[2])
    guard parts.allSatisfy({ RoundedProducts.isRounded(k: depth, n: $0.count &* hidden) }) else { return nil }
    let size = directions &* parts.reduce(0) { $0 &+ RoundedMatrix.byteCount(n: $1.count &* hidden, k: depth) }
    return try shared.rounded(
      .roundedGates(parts: parts.count), of: weights, byteCount: size, for: node, input: input
    ) { () throws(TensorError) in
      try weights.withElements(Float.self) { (elements) throws(TensorError) in
        var start = try elements.start
        var matrices: [[RoundedMatrix]] = []
        for _ in 0..<directions {
          var ofDirection: [RoundedMatrix] = []
          for part in parts {
            let rows = part.count * hidden
            ofDirection.append(
              try RoundedMatrix(
                .init(start, columns: depth, transposed: true), n: rows, k: depth, budget: .unlimited))
            start += rows * depth
          }
          matrices.append(ofDirection)
        }
        return matrices
      }
    }
  }
}

extension RoundedMatrix {
  /// The product with dense rows of a layer's type, which is float where weights are rounded.
  func product<C: Real>(
    _ left: UnsafePointer<C>, into target: UnsafeMutablePointer<C>, m: Int, team: ThreadTeam
  ) {
    guard C.self == Float.self else { return }
    // SAFETY: C is Float here.
    multiply(
      .init(UnsafeRawPointer(left).assumingMemoryBound(to: Float.self), columns: k),
      into: UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self), m: m, team: team)
  }
}
