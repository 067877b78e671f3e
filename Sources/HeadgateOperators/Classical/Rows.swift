import HeadgateTensors

/// A tensor seen as rows of features: `[rows, columns]`; one of rank 1 is one row.
struct Rows {
  let tensor: Tensor
  let count: Int
  let columns: Int

  /// - Throws: `TensorError.shape` for another rank than 1 or 2.
  init(_ tensor: Tensor) throws(TensorError) {
    switch tensor.rank {
    case 1: (count, columns) = (1, tensor.shape[0])
    case 2: (count, columns) = (tensor.shape[0], tensor.shape[1])
    default: throw TensorError(.shape, "takes [rows, features], got shape \(tensor.shape)")
    }
    self.tensor = tensor
  }

  /// The same rows as floats, as ONNX Runtime reads numbers of any type for these operators.
  func floats(_ call: OperatorCall) throws(TensorError) -> Rows {
    try Rows(try tensor.converted(to: Float.self, call: call))
  }

  /// - Throws: `TensorError.shape` when the rows have another number of features than the model was made for.
  func require(columns expected: Int) throws(TensorError) {
    guard columns == expected else {
      throw TensorError(.shape, "the model was made for \(expected) features, got \(columns) (shape \(tensor.shape))")
    }
  }
}

extension Tensor {
  /// The numbers converted to a floating-point type; the tensor itself when it has that type.
  ///
  /// - Throws: `TensorError.elementType` for strings and types that hold no plain numbers.
  func converted<Target: BinaryFloatingPoint & TensorElement>(
    to type: Target.Type, call: OperatorCall
  ) throws(TensorError) -> Tensor {
    if elementType == Target.elementType { return self }
    switch elementType {
    case .float: return try map(Float.self, to: type, call: call) { Target($0) }
    case .double: return try map(Double.self, to: type, call: call) { Target($0) }
    case .float16: return try map(Float16.self, to: type, call: call) { Target($0) }
    case .int64: return try map(Int64.self, to: type, call: call) { Target($0) }
    case .int32: return try map(Int32.self, to: type, call: call) { Target($0) }
    case .bool: return try map(Bool.self, to: type, call: call) { $0 ? 1 : 0 }
    default:
      throw TensorError(
        .elementType, "takes elements of type float, double, int64 or int32, got \(elementType)")
    }
  }

  /// A tensor of the same shape with each element transformed.
  @inline(__always)
  func map<Source: TensorElement, Target: TensorElement>(
    _ source: Source.Type, to target: Target.Type, call: OperatorCall, _ transform: @escaping (Source) -> Target
  ) throws(TensorError) -> Tensor {
    let elements = try elements(source)
    return try call.produce(target, shape, reading: self) { output in
      for index in 0..<elements.count { output[index] = transform(elements[index]) }
    }
  }
}
