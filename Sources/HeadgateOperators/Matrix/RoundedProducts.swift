import HeadgateTensors

/// Products with a constant matrix in bfloat16, for models that are loaded in that precision.
enum RoundedProducts {
  /// Whether a matrix is computed with in bfloat16. Kernels take whole panels of up to 32 columns, so that a long narrow
  /// one would take more memory than in float32, and more time.
  static func isRounded(k: Int, n: Int) -> Bool { n >= 16 || k &* n <= 4096 }

  /// Input 1 of a node, in bfloat16; nil in float32, and when it is no constant matrix of floats, or a narrow one.
  ///
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  static func right(of node: OperatorNode, transposed: Bool) throws(TensorError) -> RoundedMatrix? {
    guard let shared = node.weights, shared.precision == .bfloat16, let weights = node.constantTensor(1),
      weights.rank == 2, weights.count > 0, weights.elementType == .float
    else { return nil }
    let columns = weights.shape[1]
    let (k, n) = transposed ? (columns, weights.shape[0]) : (weights.shape[0], columns)
    guard isRounded(k: k, n: n) else { return nil }
    let size = RoundedMatrix.byteCount(n: n, k: k)
    return try shared.rounded(
      transposed ? .roundedTransposed : .rounded, of: weights, byteCount: size, for: node, input: 1
    ) { () throws(TensorError) in
      try weights.withElements(Float.self) { (elements) throws(TensorError) in
        let matrix = MatrixProduct.Operand(try elements.start, columns: columns, transposed: transposed)
        return try RoundedMatrix(matrix, n: n, k: k, budget: .unlimited)
      }
    }
  }

  /// MatMul with such a matrix.
  static func matMul(_ right: RoundedMatrix) -> Kernel {
    { (call) throws(TensorError) in
      let (a, b) = (try call.tensor(0), try call.tensor(1))
      guard a.elementType == b.elementType else {
        throw TensorError(.elementType, "cannot multiply \(a.elementType) and \(b.elementType)")
      }
      let shapes = try ProductShapes(a, b)
      let x = try a.elements(Float.self)
      // Rows of all batches make one matrix.
      let (rows, k, team) = (shapes.batchCount * shapes.m, shapes.k, call.team)
      let product = try call.produce(Float.self, shapes.output, reading: a) { (output) throws(TensorError) in
        guard let target = output.baseAddress, !output.isEmpty else { return }
        right.multiply(.init(try x.start, columns: k), into: target, m: rows, team: team)
      }
      return [.tensor(product)]
    }
  }

  /// Gemm with such a matrix: `alpha * A' B' + beta * C`, C broadcast to the result.
  static func gemm(
    _ right: RoundedMatrix, transposesA: Bool, transposesB: Bool, alpha: Float, beta: Float
  ) -> Kernel {
    { (call) throws(TensorError) in
      let (a, b, c) = (try call.tensor(0), try call.tensor(1), try call.optionalTensor(2))
      guard a.rank == 2, b.rank == 2, a.shape[transposesA ? 0 : 1] == right.k, a.elementType == b.elementType else {
        throw TensorError(
          .shape,
          "cannot multiply \(a.elementType)\(a.shape) and \(b.elementType)\(b.shape) with transA \(transposesA) and "
            + "transB \(transposesB)")
      }
      let (m, n) = (a.shape[transposesA ? 1 : 0], right.n)
      if let c, try c.shape.broadcast(with: [m, n]) != [m, n] {
        throw TensorError(.shape, "a summand of shape \(c.shape) does not fit [\(m), \(n)]")
      }
      let x = try a.elements(Float.self)
      // As in BLAS, what is multiplied by 0 is not looked at, be it NaN.
      let summand = beta == 0 ? nil : try c?.elements(Float.self)
      let broadcasting = try c.map { (c) throws(TensorError) in try Broadcasting([m, n], c.shape) }
      let team = call.team
      let product = try call.produce(Float.self, [m, n], reading: a, c) { (output) throws(TensorError) in
        guard let target = output.baseAddress, !output.isEmpty else { return }
        if let broadcasting, let summand {
          broadcasting.map(UnsafeBufferPointer(output), summand, into: output) { $1 * beta }
        }
        right.multiply(
          .init(try x.start, columns: transposesA ? m : right.k, transposed: transposesA), into: target, m: m,
          alpha: alpha, accumulate: summand != nil, team: team)
      }
      return [.tensor(product)]
    }
  }
}
