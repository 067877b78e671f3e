import HeadgateTensors

/// Products of matrices.
enum MatrixOperators {
  static let table: [OperatorDefinition] = [
    .op("MatMul", since: 1, matMul), .op("Gemm", since: 1, gemm),
    .op("CDist", domain: "com.microsoft", since: 1, cdist),
  ]

  /// As numpy's matmul: the last two axes are multiplied, the ones before are broadcast.
  private static func matMul(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try call.tensor(0)
    let b = try call.tensor(1)
    guard a.rank > 0, b.rank > 0, a.elementType == b.elementType else {
      throw TensorError(.shape, "cannot multiply \(a.elementType)\(a.shape) and \(b.elementType)\(b.shape)")
    }
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard right[right.count - 2] == k else {
      throw TensorError(.shape, "cannot multiply shapes \(a.shape) and \(b.shape)")
    }
    let batches = try Broadcasting(Array(left.dropLast(2)), Array(right.dropLast(2)))
    var shape = batches.shape
    if a.rank > 1 { shape.append(m) }
    if b.rank > 1 { shape.append(n) }
    // Rows of all batches make one matrix when they meet the same right side.
    let isOneProduct = right.count == 2
    let product = BatchedProduct(
      a: a, b: b, m: isOneProduct ? batches.shape.extent(of: 0..<batches.shape.count) * m : m, n: n, k: k,
      batches: isOneProduct ? nil : batches, shape: shape, call: call)
    return [.tensor(try a.elementType.visit(product))]
  }

  /// `alpha * A' B' + beta * C`, C broadcast to the result.
  private static func gemm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try call.tensor(0)
    let b = try call.tensor(1)
    guard a.rank == 2, b.rank == 2, a.elementType == b.elementType else {
      throw TensorError(.shape, "cannot multiply \(a.elementType)\(a.shape) and \(b.elementType)\(b.shape)")
    }
    let transposesA = try call.attributes.flag("transA")
    let transposesB = try call.attributes.flag("transB")
    let (m, k) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (rows, n) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    guard rows == k else { throw TensorError(.shape, "cannot multiply shapes \(a.shape) and \(b.shape)") }
    let general = GeneralProduct(
      a: a, b: b, c: try call.optionalTensor(2), m: m, n: n, k: k, transposesA: transposesA, transposesB: transposesB,
      alpha: Double(try call.attributes.float("alpha") ?? 1), beta: Double(try call.attributes.float("beta") ?? 1),
      call: call)
    return [.tensor(try a.elementType.visit(general))]
  }

  /// Distances between all rows of two matrices.
  private static func cdist(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try call.tensor(0)
    let b = try call.tensor(1)
    guard a.rank == 2, b.rank == 2, a.shape[1] == b.shape[1], a.elementType == b.elementType else {
      throw TensorError(.shape, "no distances between rows of \(a.shape) and \(b.shape)")
    }
    let isSquared = try call.attributes.string("metric") != "euclidean"
    return [.tensor(try a.elementType.visit(Distances(a: a, b: b, isSquared: isSquared, call: call)))]
  }
}

/// One product for each batch; `batches` is nil when there is only one.
private struct BatchedProduct: NumberVisitor {
  let a: Tensor
  let b: Tensor
  let m: Int
  let n: Int
  let k: Int
  let batches: Broadcasting?
  let shape: Shape
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try a.elements(type)
    let y = try b.elements(type)
    return try call.make(type, shape) { output in
      guard let x = x.baseAddress, let y = y.baseAddress, let target = output.baseAddress, !output.isEmpty else {
        return
      }
      func multiply(_ left: Int, _ right: Int, _ batch: Int) {
        let (from, with, to) = (x + left * (m * k), y + right * (k * n), target + batch * (m * n))
        MatrixProduct.product(
          .init(from, columns: k), .init(with, columns: n), into: to, m: m, n: n, k: k, alpha: T.one,
          accumulate: false)
      }
      guard let batches else { return multiply(0, 0, 0) }
      let inner = batches.axes[0]
      batches.forEachRow { offsetA, offsetB, offset in
        for index in 0..<inner.extent {
          multiply(offsetA + index * inner.strideA, offsetB + index * inner.strideB, offset + index)
        }
      }
    }
  }
}

private struct GeneralProduct: NumberVisitor {
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
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try a.elements(type)
    let y = try b.elements(type)
    if let c, try c.shape.broadcast(with: [m, n]) != [m, n] {
      throw TensorError(.shape, "a summand of shape \(c.shape) does not fit [\(m), \(n)]")
    }
    let summand = try c?.elements(type)
    return try call.make(type, [m, n]) { (output) throws(TensorError) in
      guard let target = output.baseAddress, !output.isEmpty else { return }
      if let c, let summand {
        let scale = T(nearest: beta)
        let broadcasting = try Broadcasting([m, n], c.shape)
        broadcasting.map(UnsafeBufferPointer(output), summand, into: output) { T.multiply($1, scale) }
      }
      guard let x = x.baseAddress, let y = y.baseAddress, k > 0 else {
        if summand == nil { output.update(repeating: T.zero) }
        return
      }
      MatrixProduct.product(
        .init(x, columns: transposesA ? m : k, transposed: transposesA),
        .init(y, columns: transposesB ? k : n, transposed: transposesB), into: target, m: m, n: n, k: k,
        alpha: T(nearest: alpha), accumulate: summand != nil)
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

extension MatrixProduct {
  /// The product in any type of number; floats go to the kernel.
  static func product<T: Number>(
    _ a: Operand<T>, _ b: Operand<T>, into c: UnsafeMutablePointer<T>, m: Int, n: Int, k: Int, alpha: T,
    accumulate: Bool
  ) {
    if let a = a as? Operand<Float>, let b = b as? Operand<Float>, let alpha = alpha as? Float {
      // SAFETY: T is Float here.
      let c = UnsafeMutableRawPointer(c).assumingMemoryBound(to: Float.self)
      return multiply(a, b, into: c, m: m, n: n, k: k, alpha: alpha, accumulate: accumulate)
    }
    for row in 0..<m {
      let target = c + row * n
      if !accumulate { target.update(repeating: T.zero, count: n) }
      for depth in 0..<k {
        let factor = T.multiply(alpha, a[row, depth])
        for column in 0..<n { target[column] = T.add(target[column], T.multiply(factor, b[depth, column])) }
      }
    }
  }
}
