import HeadgateTensors

/// Products of matrices.
enum MatrixOperators {
  static let table: [OperatorDefinition] = [
    .prepared("MatMul", since: 1, matMul), .prepared("Gemm", since: 1, gemm),
    .prepared("Einsum", since: 12, Einsum.prepare), .op("Det", since: 11, Determinant.determinants),
    .op("CDist", domain: "com.microsoft", since: 1, cdist),
  ].computingWide()

  private static func matMul(_ node: OperatorNode) throws(TensorError) -> Kernel {
    if let rounded = try RoundedProducts.right(of: node, transposed: false) { return RoundedProducts.matMul(rounded) }
    let packed = try PackedRight.of(node, transposed: false)
    return { (call) throws(TensorError) in
      let (a, b) = (try call.tensor(0), try call.tensor(1))
      guard a.elementType == b.elementType else {
        throw TensorError(.elementType, "cannot multiply \(a.elementType) and \(b.elementType)")
      }
      return [.tensor(try product(a, b, call, packed: packed))]
    }
  }

  /// As numpy's matmul: the last two axes are multiplied, the ones before are broadcast.
  static func product(
    _ a: Tensor, _ b: Tensor, _ call: OperatorCall, packed: PackedRight? = nil
  ) throws(TensorError) -> Tensor {
    try a.elementType.visit(BatchedProduct(a: a, b: b, shapes: try ProductShapes(a, b), packed: packed, call: call))
  }

  /// `alpha * A' B' + beta * C`, C broadcast to the result.
  private static func gemm(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let transposesA = try node.attributes.flag("transA")
    let transposesB = try node.attributes.flag("transB")
    let alpha = Double(try node.attributes.float("alpha") ?? 1)
    let beta = Double(try node.attributes.float("beta") ?? 1)
    if let rounded = try RoundedProducts.right(of: node, transposed: transposesB) {
      return RoundedProducts.gemm(
        rounded, transposesA: transposesA, transposesB: transposesB, alpha: Float(alpha), beta: Float(beta))
    }
    let packed = try PackedRight.of(node, transposed: transposesB)
    return { (call) throws(TensorError) in
      let (a, b, c) = (try call.tensor(0), try call.tensor(1), try call.optionalTensor(2))
      guard a.rank == 2, b.rank == 2, a.elementType == b.elementType else {
        throw TensorError(.shape, "cannot multiply \(a.elementType)\(a.shape) and \(b.elementType)\(b.shape)")
      }
      let (m, k) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
      let (rows, n) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
      guard rows == k else {
        throw TensorError(
          .shape,
          "cannot multiply shapes \(a.shape) and \(b.shape) with transA \(transposesA) and transB \(transposesB)")
      }
      let general = GeneralProduct(
        a: a, b: b, c: c, m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB, alpha: alpha,
        beta: beta, packed: packed, call: call)
      return [.tensor(try a.elementType.visit(general))]
    }
  }

  /// Distances between all rows of two matrices.
  private static func cdist(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try call.tensor(0)
    let b = try call.tensor(1)
    guard a.rank == 2, b.rank == 2, a.shape[1] == b.shape[1], a.elementType == b.elementType else {
      throw TensorError(.shape, "no distances between rows of \(a.shape) and \(b.shape)")
    }
    let metric = try call.attributes.string("metric") ?? "sqeuclidean"
    guard metric == "euclidean" || metric == "sqeuclidean" else {
      throw TensorError(.unsupported, "metric '\(metric)' is not known to this version")
    }
    let isSquared = metric == "sqeuclidean"
    return [.tensor(try a.elementType.visit(Distances(a: a, b: b, isSquared: isSquared, call: call)))]
  }
}

private struct GeneralProduct: WideNumberVisitor {
  let a: Tensor
  let b: Tensor
  let c: Tensor?
  let m: Int
  let n: Int
  let k: Int
  let transposesA: Bool
  let transposesB: Bool
  let alpha: Double
  let beta: Double
  let packed: PackedRight?
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try a.elements(type)
    // What is packed is no longer there as it was.
    let y = packed == nil ? try b.elements(type) : nil
    if let c, try c.shape.broadcast(with: [m, n]) != [m, n] {
      throw TensorError(.shape, "a summand of shape \(c.shape) does not fit [\(m), \(n)]")
    }
    // As in BLAS, what is multiplied by 0 is not looked at, be it NaN.
    let summand = beta == 0 ? nil : try c?.elements(type)
    let shape = [m, n]
    let broadcasting = try c.map { (c) throws(TensorError) in try Broadcasting(shape, c.shape) }
    let (m, n, k, alpha, beta, packed, team) = (m, n, k, alpha, beta, packed, call.team)
    let (columnsA, transposesA) = (transposesA ? m : k, transposesA)
    let (columnsB, transposesB) = (transposesB ? k : n, transposesB)
    // Integers take a fraction of a sum only after it is complete.
    let scalesInType = T.zero is any BinaryFloatingPoint || (alpha.rounded() == alpha && beta.rounded() == beta)
    return try call.produce(type, shape, reading: a, packed == nil ? b : nil, c) { (output) throws(TensorError) in
      guard let target = output.baseAddress, !output.isEmpty else { return }
      let left = MatrixProduct.Operand(try x.start, columns: columnsA, transposed: transposesA)
      let right = try y?.start
      if let broadcasting, let summand, scalesInType {
        let scale = T(nearest: beta)
        broadcasting.map(UnsafeBufferPointer(output), summand, into: output) { T.multiply($1, scale) }
      }
      MatrixProduct.product(
        left, right.map { .init($0, columns: columnsB, transposed: transposesB) }, into: target, m: m, n: n, k: k,
        alpha: scalesInType ? T(nearest: alpha) : T.one, accumulate: summand != nil && scalesInType, packed: packed,
        team: team)
      guard !scalesInType else { return }
      if let broadcasting, let summand {
        broadcasting.map(UnsafeBufferPointer(output), summand, into: output) {
          T(nearest: alpha * $0.asDouble + beta * $1.asDouble)
        }
      } else {
        for index in output.indices { output[index] = T(nearest: alpha * output[index].asDouble) }
      }
    }
  }
}

private struct Distances: RealVisitor {
  let a: Tensor
  let b: Tensor
  let isSquared: Bool
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (x, y) = (try a.elements(type), try b.elements(type))
    let (rows, columns, width) = (a.shape[0], b.shape[0], a.shape[1])
    return try call.make(type, [rows, columns]) { output in
      guard !output.isEmpty else { return }
      for row in 0..<rows {
        for column in 0..<columns {
          var total: T = 0
          for index in 0..<width {
            let distance = x[row * width + index] - y[column * width + index]
            total += distance * distance
          }
          output[row * columns + column] = isSquared ? total : total.squareRoot()
        }
      }
    }
  }
}
