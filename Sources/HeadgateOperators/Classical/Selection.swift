import HeadgateTensors

/// Operators that gather or join features.
enum Selection {
  static let table: [OperatorDefinition] = [
    .classical("ArrayFeatureExtractor", since: 1, arrayFeatureExtractor),
    .classical("FeatureVectorizer", since: 1, prepare: featureVectorizer),
  ]

  /// Gathers indices of the last axis: `[..., columns]` becomes `[..., indices]`; a vector becomes one row.
  private static func arrayFeatureExtractor(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let indices = try call.tensor(1).ints()
    guard let columns = input.shape.last else { throw TensorError(.shape, "takes no scalar") }
    guard !indices.isEmpty else { throw TensorError(.invalidValue, "input 1 holds no index") }
    for index in indices where index < 0 || index >= columns {
      throw TensorError(.invalidValue, "index \(index) is outside of the \(columns) columns")
    }
    let leading = input.rank == 1 ? [1] : Array(input.shape.dropLast())
    let shape = leading + [indices.count]
    let output =
      switch input.elementType {
      case .float: try gathered(input, Float.self, indices, columns, shape, call)
      case .double: try gathered(input, Double.self, indices, columns, shape, call)
      case .int64: try gathered(input, Int64.self, indices, columns, shape, call)
      case .int32: try gathered(input, Int32.self, indices, columns, shape, call)
      case .string: try gathered(input, String.self, indices, columns, shape, call)
      case .bool: try gathered(input, Bool.self, indices, columns, shape, call)
      default: throw TensorError(.elementType, "does not take elements of type \(input.elementType)")
      }
    return [.tensor(output)]
  }

  private static func gathered<T: TensorElement>(
    _ input: Tensor, _ type: T.Type, _ indices: [Int], _ columns: Int, _ shape: Shape, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let elements = try input.elements(type)
    return try call.make(type, shape) { output in
      var place = 0
      var start = 0
      while place < output.count {
        for index in indices {
          output[place] = elements[start + index]
          place += 1
        }
        start += columns
      }
    }
  }

  /// Joins inputs `[rows, n]` to floats `[rows, sum of n]`, each cut or padded with zeros to its declared width.
  private static func featureVectorizer(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let widths = try node.attributes.ints("inputdimensions") ?? []
    guard !widths.isEmpty, widths.allSatisfy({ $0 >= 0 && $0 <= 1 << 24 }), widths.count <= 1 << 16 else {
      throw TensorError(.invalidValue, "attribute 'inputdimensions' must hold the width of each input")
    }
    let total = widths.reduce(0, +)
    return { (call) throws(TensorError) in
      guard call.inputs.count == widths.count else {
        throw TensorError(
          .invalidValue, "attribute 'inputdimensions' has \(widths.count) widths for \(call.inputs.count) inputs")
      }
      var parts: [Rows] = []
      for index in widths.indices { parts.append(try Rows(try call.tensor(index)).floats(call)) }
      defer { withExtendedLifetime(parts) {} }
      let rows = parts[0].count
      for part in parts where part.count != rows {
        throw TensorError(.shape, "one input has \(rows) rows and another \(part.count)")
      }
      let output = try call.make(Float.self, [rows, total]) { (output) throws(TensorError) in
        guard !output.isEmpty else { return }
        var start = 0
        for (part, width) in zip(parts, widths) {
          let elements = try part.tensor.elements(Float.self)
          for row in 0..<rows {
            for column in 0..<width {
              output[row * total + start + column] =
                column < part.columns ? elements[row * part.columns + column] : 0
            }
          }
          start += width
        }
      }
      return [.tensor(output)]
    }
  }
}
