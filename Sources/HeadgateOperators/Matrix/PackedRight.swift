import HeadgateTensors

/// The right side of a product when it is a constant matrix, packed once when the model is loaded.
///
/// Results are the same to the last bit. It takes the weights' size, and the weights as they were are read no more.
/// 32 rows times a matrix of 384 x 384 run at 150 instead of 121 GFLOP/s, 16 times a transposed one of 512 x 512 at 143
/// instead of 101, for the packing of each product is saved (`examples/benchmarks/matrix.sh`).
struct PackedRight: Sendable {
  /// Set when the constant holds floats.
  let floats: PackedMatrix<Float>?
  /// Set when it holds doubles.
  let doubles: PackedMatrix<Double>?

  /// Input 1 of a node, packed, whose elements the node then does not read any more; nil when it is not a constant matrix
  /// of floats or doubles, or there is no room.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  static func of(_ node: OperatorNode, transposed: Bool) throws(TensorError) -> PackedRight? {
    guard let weights = node.constantTensor(1), weights.rank == 2, weights.count > 0 else { return nil }
    let make = { () throws(TensorError) -> PackedRight? in
      try PackedRight(weights, transposed: transposed)
    }
    let packed: PackedRight?
    if let shared = node.weights {
      packed = try shared.packed(weights, transposed: transposed, make)
    } else {
      packed = try make()
    }
    if packed != nil { node.replace(input: 1) }
    return packed
  }

  private init?(_ weights: Tensor, transposed: Bool) throws(TensorError) {
    let columns = weights.shape[1]
    let (k, n) = transposed ? (columns, weights.shape[0]) : (weights.shape[0], columns)
    weights.populate()
    switch weights.elementType {
    case .float:
      floats = try weights.withLooseBytes { (bytes) throws(TensorError) in
        let start = bytes.assumingMemoryBound(to: Float.self)
        let matrix = MatrixProduct.Operand(start, columns: columns, transposed: transposed)
        return try PackedMatrix(matrix, n: n, k: k, budget: .unlimited)
      }
      doubles = nil
    case .double:
      doubles = try weights.withLooseBytes { (bytes) throws(TensorError) in
        let start = bytes.assumingMemoryBound(to: Double.self)
        let matrix = MatrixProduct.Operand(start, columns: columns, transposed: transposed)
        return try PackedMatrix(matrix, n: n, k: k, budget: .unlimited)
      }
      floats = nil
    default: return nil
    }
  }
}
