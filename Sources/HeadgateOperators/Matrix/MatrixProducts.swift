import HeadgateTensors

/// How two tensors are multiplied as numpy's matmul does it.
struct ProductShapes {
  let batches: Broadcasting
  let m: Int
  let n: Int
  let k: Int
  let output: Shape

  init(_ a: Tensor, _ b: Tensor) throws(TensorError) {
    guard a.rank > 0, b.rank > 0 else {
      throw TensorError(.shape, "cannot multiply \(a.elementType)\(a.shape) and \(b.elementType)\(b.shape)")
    }
    let left = a.rank == 1 ? [1] + a.shape : a.shape
    let right = b.rank == 1 ? b.shape + [1] : b.shape
    (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard right[right.count - 2] == k else {
      throw TensorError(.shape, "cannot multiply shapes \(a.shape) and \(b.shape)")
    }
    batches = try Broadcasting(Array(left.dropLast(2)), Array(right.dropLast(2)))
    output = batches.shape + (a.rank > 1 ? [m] : []) + (b.rank > 1 ? [n] : [])
  }

  var batchCount: Int { batches.shape.extent(of: 0..<batches.shape.count) }

  /// Calls `body(a, b, output)` with the numbers of the matrices that meet in each batch.
  func forEachBatch(_ body: (Int, Int, Int) -> Void) {
    batches.withRows { rows in
      let inner = rows.inner
      while let row = rows.next() {
        for index in 0..<inner.extent {
          body(row.offsetA + index * inner.strideA, row.offsetB + index * inner.strideB, row.offset + index)
        }
      }
    }
  }
}

/// One product for each batch.
struct BatchedProduct: WideNumberVisitor {
  let a: Tensor
  let b: Tensor
  let shapes: ProductShapes
  var packed: PackedRight?
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try a.elements(type)
    // What is packed is no longer there as it was.
    let y = packed == nil ? try b.elements(type) : nil
    let (m, n, k, shapes, packed, team) = (shapes.m, shapes.n, shapes.k, shapes, packed, call.team)
    // Rows of all batches make one matrix when they meet the same right side.
    let isOne = b.rank <= 2
    return try call.produce(type, shapes.output, reading: a, packed == nil ? b : nil) { (output) throws(TensorError) in
      guard !output.isEmpty, let target = output.baseAddress else { return }
      let (x, y) = (try x.start, try y?.start)
      if isOne {
        return MatrixProduct.product(
          .init(x, columns: k), y.map { .init($0, columns: n) }, into: target, m: shapes.batchCount * m, n: n, k: k,
          alpha: T.one, accumulate: false, packed: packed, team: team)
      }
      guard let y else { return }
      shapes.forEachBatch { left, right, batch in
        MatrixProduct.product(
          .init(x + left * (m * k), columns: k), .init(y + right * (k * n), columns: n), into: target + batch * (m * n),
          m: m, n: n, k: k, alpha: T.one, accumulate: false, team: team)
      }
    }
  }
}

extension MatrixProduct {
  /// The product in any type of number; floats and doubles go to the kernels.
  ///
  /// - Parameters:
  ///   - columns: the distance between rows of `c`, when it is a part of a wider matrix.
  ///   - b: the right side; may be nil when it is packed.
  ///   - packed: the right side as it was packed when the model was loaded.
  static func product<T: Number>(
    _ a: Operand<T>, _ b: Operand<T>?, into c: UnsafeMutablePointer<T>, columns: Int? = nil, m: Int, n: Int, k: Int,
    alpha: T, accumulate: Bool, packed: PackedRight? = nil, team: ThreadTeam = .alone
  ) {
    if let a = a as? Operand<Float>, let alpha = alpha as? Float {
      // SAFETY: T is Float here.
      let c = UnsafeMutableRawPointer(c).assumingMemoryBound(to: Float.self)
      if let packed = packed?.floats {
        return packed.multiply(a, into: c, m: m, alpha: alpha, accumulate: accumulate, columns: columns, team: team)
      }
      guard let b = b as? Operand<Float> else { return }
      return multiply(
        a, b, into: c, m: m, n: n, k: k, alpha: alpha, accumulate: accumulate, columns: columns, team: team)
    }
    if let a = a as? Operand<Double>, let alpha = alpha as? Double {
      // SAFETY: T is Double here.
      let c = UnsafeMutableRawPointer(c).assumingMemoryBound(to: Double.self)
      if let packed = packed?.doubles {
        return packed.multiply(a, into: c, m: m, alpha: alpha, accumulate: accumulate, columns: columns, team: team)
      }
      guard let b = b as? Operand<Double> else { return }
      return multiply(
        a, b, into: c, m: m, n: n, k: k, alpha: alpha, accumulate: accumulate, columns: columns, team: team)
    }
    guard let b else { return }
    for row in 0..<m {
      let target = c + row * (columns ?? n)
      if !accumulate { target.update(repeating: T.zero, count: n) }
      for depth in 0..<k {
        let factor = T.multiply(alpha, a[row, depth])
        for column in 0..<n { target[column] = T.add(target[column], T.multiply(factor, b[depth, column])) }
      }
    }
  }
}
