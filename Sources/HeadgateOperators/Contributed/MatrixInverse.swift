import HeadgateTensors

/// The inverse of each matrix of a batch, `[..., n, n]`.
enum MatrixInverse {
  static let table: [OperatorDefinition] = [.contributed("Inverse", invert).computingInSingle()]

  private static func invert(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2, input.shape[input.rank - 1] == input.shape[input.rank - 2] else {
      throw TensorError(.shape, "matrices of shape \(input.shape) are not square")
    }
    return [.tensor(try input.elementType.visit(Inverses(input: input, call: call)))]
  }
}

/// Gauss and Jordan's elimination in double precision, the greatest element of the column as pivot.
private struct Inverses: RealVisitor {
  let input: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let n = input.shape[input.rank - 1]
    let x = try input.elements(type)
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      // The matrix on the left, what becomes its inverse on the right.
      try call.budget.withZeros(Double.self, count: try [n, 2, n].elementCount()) { (rows) throws(TensorError) in
        for start in stride(from: 0, to: output.count, by: n * n) {
          for row in 0..<n {
            for column in 0..<n {
              rows[row * 2 * n + column] = Double(x[start + row * n + column])
              rows[row * 2 * n + n + column] = row == column ? 1 : 0
            }
          }
          try eliminate(rows, n)
          for row in 0..<n {
            for column in 0..<n { output[start + row * n + column] = T(rows[row * 2 * n + n + column]) }
          }
        }
      }
    }
  }

  private func eliminate(_ rows: UnsafeMutablePointer<Double>, _ n: Int) throws(TensorError) {
    let width = 2 * n
    for column in 0..<n {
      var pivot = column
      for row in column..<n where abs(rows[row * width + column]) > abs(rows[pivot * width + column]) { pivot = row }
      let divisor = rows[pivot * width + column]
      guard divisor != 0 else { throw TensorError(.invalidValue, "a matrix is singular and has no inverse") }
      for index in 0..<width {
        let value = rows[pivot * width + index] / divisor
        rows[pivot * width + index] = rows[column * width + index]
        rows[column * width + index] = value
      }
      for row in 0..<n where row != column {
        let factor = rows[row * width + column]
        guard factor != 0 else { continue }
        for index in column..<width { rows[row * width + index] -= factor * rows[column * width + index] }
      }
    }
  }
}
