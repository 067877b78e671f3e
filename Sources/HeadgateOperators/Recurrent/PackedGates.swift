import HeadgateTensors

/// The constant weights of a recurrent layer in the order in which the kernels read them, for models in single precision.
///
/// Each step multiplies with all of R, so that few sequences are bound by reading it: one of 256 numbers takes 64 steps
/// of 4 gates in 0.6 ms, at what the second cache gives.
struct PackedGates: Sendable {
  /// W and R transposed, for each direction a matrix for each part of the gates; nil for weights that are not constant,
  /// no floats or in another form. W has one part.
  let w: [[PackedMatrix<Float>]]?
  let r: [[PackedMatrix<Float>]]?

  /// - Parameter parts: the gates of R that a step multiplies with at a time.
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  init(_ node: OperatorNode, gates: Int, parts: [Range<Int>]) throws(TensorError) {
    w = try PackedGates.matrices(node, input: 1, gates: gates, parts: [0..<gates])
    r = try PackedGates.matrices(node, input: 2, gates: gates, parts: parts)
  }

  private static func matrices(
    _ node: OperatorNode, input: Int, gates: Int, parts: [Range<Int>]
  ) throws(TensorError) -> [[PackedMatrix<Float>]]? {
    guard let weights = node.constantTensor(input), weights.rank == 3, weights.count > 0,
      weights.elementType == .float, weights.shape[1] % gates == 0
    else { return nil }
    let (directions, hidden, depth) = (weights.shape[0], weights.shape[1] / gates, weights.shape[2])
    let pack = { () throws(TensorError) in
      try weights.withElements(Float.self) { (elements) throws(TensorError) in
        var start = try elements.start
        var matrices: [[PackedMatrix<Float>]] = []
        for _ in 0..<directions {
          var ofDirection: [PackedMatrix<Float>] = []
          for part in parts {
            let rows = part.count * hidden
            ofDirection.append(
              try PackedMatrix(
                .init(start, columns: depth, transposed: true), n: rows, k: depth, budget: .unlimited))
            start += rows * depth
          }
          matrices.append(ofDirection)
        }
        return matrices
      }
    }
    guard let shared = node.weights else { return try pack() }
    return try shared.gates(weights, parts: parts.count, pack)
  }
}

extension PackedMatrix<Float> {
  /// The product with dense rows of a layer's type, plus what the finish adds, when that type is float.
  func product<C: Real>(
    _ left: UnsafePointer<C>, plus summands: MatrixProduct.Operand<C>? = nil, offsets: UnsafePointer<C>? = nil,
    into target: UnsafeMutablePointer<C>, m: Int, team: ThreadTeam
  ) {
    guard C.self == Float.self else { return }
    // SAFETY: C is Float here.
    func floats(_ pointer: UnsafePointer<C>) -> UnsafePointer<Float> {
      UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
    }
    multiply(
      .init(floats(left), columns: k), into: UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self), m: m,
      finish: Finish(columnOffsets: offsets.map(floats), summands: summands as? MatrixProduct.Operand<Float>),
      team: team)
  }
}
