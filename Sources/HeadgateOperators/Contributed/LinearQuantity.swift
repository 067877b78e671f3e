import HeadgateTensors

/// How 8-bit integers stand for numbers: `(element - zero) * scale`, the same for a whole tensor.
struct LinearQuantity {
  let scale: Float
  let zero: Int32
  let type: ElementType
  /// The same as tensors without axes.
  private let scaleTensor: Tensor
  private let zeroTensor: Tensor

  /// The scale at an input, and the zero point at the next, which may be absent.
  init(_ call: OperatorCall, at index: Int, type: ElementType) throws(TensorError) {
    try self.init(scale: call.tensor(index), zero: call.optionalTensor(index + 1), type: type, call)
  }

  init(scale: Tensor, zero: Tensor?, type: ElementType, _ call: OperatorCall) throws(TensorError) {
    guard type == .uint8 || type == .int8 else {
      throw TensorError(.elementType, "takes int8 or uint8 elements, got \(type)")
    }
    guard scale.count == 1, scale.elementType == .float, zero?.count ?? 1 == 1, zero?.elementType ?? type == type else {
      throw TensorError(
        .shape, "scale and zero point of a tensor of \(type) must be a float and a number of its type")
    }
    self.type = type
    self.scale = try scale.elements(Float.self)[0]
    scaleTensor = try scale.reshaped(to: [])
    let none = try Casting.convert(try Tensor(shape: [], floats: [0]), to: type, call)
    zeroTensor = try (zero ?? none).reshaped(to: [])
    self.zero = try Casting.convert(zeroTensor, to: .int32, call).withElements(Int32.self) { $0[0] }
  }

  func dequantized(_ tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try call.apply("DequantizeLinear", tensor, scaleTensor, zeroTensor)
  }

  func quantized(_ tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    try call.apply("QuantizeLinear", tensor, scaleTensor, zeroTensor)
  }

  /// The elements that stand for the same numbers in another quantity.
  func converted(_ tensor: Tensor, to other: LinearQuantity, _ call: OperatorCall) throws(TensorError) -> Tensor {
    if scale == other.scale, zero == other.zero, type == other.type { return tensor }
    return try other.quantized(dequantized(tensor, call), call)
  }

  /// `saturate(round(sum * factor) + zero)` of sums `[..., columns]`, with one factor or one for each column.
  func requantized(_ sums: Tensor, by factors: [Float], _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard factors.count == 1 || factors.count == sums.shape.last else {
      throw TensorError(.shape, "\(factors.count) scales do not fit sums of shape \(sums.shape)")
    }
    return type == .int8
      ? try requantized(sums, by: factors, Int8.self, call) : try requantized(sums, by: factors, UInt8.self, call)
  }

  private func requantized<T: TensorElement & FixedWidthInteger>(
    _ sums: Tensor, by factors: [Float], _ type: T.Type, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let sums = (tensor: sums, elements: try sums.elements(Int32.self))
    return try call.make(type, sums.tensor.shape) { output in
      var column = 0
      for index in output.indices {
        let value = Quantization.nearestInteger(Float(sums.elements[index]) * factors[column])
        output[index] = T(clamping: value &+ zero)
        column = column + 1 == factors.count ? 0 : column + 1
      }
    }
  }
}
