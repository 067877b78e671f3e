import HeadgateTensors

/// Products of matrices of 8-bit integers that give floats, or integers of another scale.
enum QuantizedMatrices {
  static let table: [OperatorDefinition] = [
    .contributed("MatMulIntegerToFloat", toFloat).computingInSingle(outputsLike: [2]),
    .contributed("DynamicQuantizeMatMul", quantizing), .contributed("QGemm", gemm),
  ]

  private static func toFloat(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let sums = try call.apply(
      "MatMulInteger", call.tensor(0), call.tensor(1), call.optionalTensor(4), call.optionalTensor(5))
    return [.tensor(try scaled(sums, by: call.tensor(2), call.tensor(3), plus: call.optionalTensor(6), call))]
  }

  /// Quantises the left matrix by its own range, then multiplies.
  private static func quantizing(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let left = try call.applyAll("DynamicQuantizeLinear", [call.tensor(0)], outputs: 3)
    guard left.count == 3 else { return [] }
    let sums = try call.apply("MatMulInteger", left[0], call.tensor(1), left[2], call.optionalTensor(3))
    return [.tensor(try scaled(sums, by: left[1], call.tensor(2), plus: call.optionalTensor(4), call))]
  }

  /// `sums * (a * b) + bias`, where scale b may be one for each column.
  static func scaled(
    _ sums: Tensor, by a: Tensor, _ b: Tensor, plus bias: Tensor?, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard a.count == 1, b.count == 1 || b.shape == [sums.shape.last ?? 1] else {
      throw TensorError(.shape, "scales of shape \(a.shape) and \(b.shape) do not fit sums of shape \(sums.shape)")
    }
    let factors = try call.apply("Mul", b.count == 1 ? b.reshaped(to: []) : b, a.reshaped(to: []))
    let floats = try call.apply("Mul", Casting.convert(sums, to: factors.elementType, call), factors)
    guard let bias else { return floats }
    return try call.apply("Add", floats, bias)
  }

  /// `alpha * A' B' + C`, C in the scale of the product, as floats or in the scale of the output.
  private static func gemm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try matrix(call, 0, isTransposed: call.attributes.flag("transA"))
    let b = try matrix(call, 3, isTransposed: call.attributes.flag("transB"))
    let (scaleA, scaleB) = (try call.tensor(1), try call.tensor(4))
    var sums = try call.apply("MatMulInteger", a, b, call.tensor(2), call.tensor(5))
    if let summand = try call.optionalTensor(6) {
      let shape = sums.shape
      sums = try call.apply("Add", sums, summand)
      guard sums.shape == shape else {
        throw TensorError(.shape, "a summand of shape \(summand.shape) does not fit \(shape)")
      }
    }
    let alpha = try call.attributes.float("alpha") ?? 1
    guard let scaleY = try call.optionalTensor(7) else {
      let left = try call.apply("Mul", scaleA, call.scalar(alpha, like: scaleA))
      return [.tensor(try scaled(sums, by: left, scaleB, plus: nil, call))]
    }
    let zeroY = try call.optionalTensor(8)
    let output = try LinearQuantity(scale: scaleY, zero: zeroY, type: zeroY?.elementType ?? a.elementType, call)
    guard scaleA.count == 1 else { throw TensorError(.shape, "the scale of A has shape \(scaleA.shape)") }
    let left = try scaleA.floats()[0] * alpha
    return [.tensor(try output.requantized(sums, by: scaleB.floats().map { left * $0 / output.scale }, call))]
  }

  private static func matrix(
    _ call: OperatorCall, _ index: Int, isTransposed: Bool
  ) throws(TensorError) -> Tensor {
    let tensor = try call.tensor(index)
    guard tensor.rank == 2 else { throw TensorError(.shape, "a matrix has 2 axes, got shape \(tensor.shape)") }
    return isTransposed ? try Arranging.permuted(tensor, [1, 0], call) : tensor
  }
}
