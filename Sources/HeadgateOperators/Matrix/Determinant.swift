import HeadgateTensors

/// Det: the determinants of a batch of square matrices.
enum Determinant {
  static func determinants(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2, input.shape[input.rank - 1] == input.shape[input.rank - 2] else {
      throw TensorError(.shape, "shape \(input.shape) has no square matrices")
    }
    let type = input.elementType
    guard type == .double || type.accumulator == .float else {
      throw TensorError(.elementType, "takes floating-point elements, got \(type)")
    }
    // Elimination loses digits, so it is done in double whatever the type.
    let matrices = try Casting.convert(input, to: .double, call)
    let size = input.shape[input.rank - 1]
    let determinants = try matrices.withElements(Double.self) { (elements) throws(TensorError) in
      try call.make(Double.self, Array(input.shape.dropLast(2))) { (output) throws(TensorError) in
        guard !output.isEmpty else { return }
        let count = size * size
        try call.budget.withZeros(Double.self, count: count) { matrix in
          for index in output.indices {
            for cell in 0..<count { matrix[cell] = elements[index * count + cell] }
            output[index] = eliminate(matrix, size)
          }
        }
      }
    }
    return [.tensor(try Casting.convert(determinants, to: type, call))]
  }

  /// The product of the pivots of Gaussian elimination, which takes the greatest pivot of each column.
  private static func eliminate(_ matrix: UnsafeMutablePointer<Double>, _ size: Int) -> Double {
    var determinant = 1.0
    for column in 0..<size {
      var pivot = column
      for row in column..<size where abs(matrix[row * size + column]) > abs(matrix[pivot * size + column]) {
        pivot = row
      }
      if pivot != column {
        determinant = -determinant
        for index in column..<size {
          let kept = matrix[column * size + index]
          matrix[column * size + index] = matrix[pivot * size + index]
          matrix[pivot * size + index] = kept
        }
      }
      let value = matrix[column * size + column]
      determinant *= value
      guard value != 0 else { return determinant }
      for row in column + 1..<max(size, column + 1) {
        let factor = matrix[row * size + column] / value
        for index in column..<size { matrix[row * size + index] -= factor * matrix[column * size + index] }
      }
    }
    return determinant
  }
}
