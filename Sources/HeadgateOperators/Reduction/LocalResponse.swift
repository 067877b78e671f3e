import HeadgateTensors

/// LRN: divides each element by what the channels near it have at the same place.
enum LocalResponse {
  static func normalize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2 else { throw TensorError(.shape, "shape \(input.shape) has no channels") }
    guard let size = try call.attributes.int("size"), size > 0 else {
      throw TensorError(.invalidValue, "attribute 'size' must be a number of channels above 0")
    }
    let visitor = LocalResponseVisitor(
      input: input, size: size, alpha: Double(try call.attributes.float("alpha") ?? 0.0001),
      beta: Double(try call.attributes.float("beta") ?? 0.75), bias: Double(try call.attributes.float("bias") ?? 1),
      call: call)
    return [.tensor(try input.elementType.visit(visitor))]
  }
}

/// `x / (bias + alpha / size * sum of squares) ^ beta`, the sum over `size` channels about the element's own.
private struct LocalResponseVisitor: RealVisitor {
  let input: Tensor
  let size: Int
  let alpha: Double
  let beta: Double
  let bias: Double
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (images, channels) = (input.shape[0], input.shape[1])
    let inner = input.shape.extent(of: 2..<input.rank)
    let (factor, origin, exponent) = (T(alpha / Double(size)), T(bias), T(-beta))
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      guard let y = output.baseAddress, !output.isEmpty else { return }
      try call.budget.withScratch(type, count: channels * inner) { squares in
        for image in 0..<images {
          let start = image * channels * inner
          for index in 0..<channels * inner { squares[index] = x[start + index] * x[start + index] }
          for channel in 0..<channels {
            let row = start + channel * inner
            NumberRows.clear(y + row, count: inner)
            // An even size has one channel more behind than before.
            for near in max(0, channel - (size - 1) / 2)...min(channels - 1, channel + size / 2) {
              NumberRows.add(squares + near * inner, stride: 1, times: T.one, to: y + row, count: inner)
            }
            for index in row..<row + inner {
              y[index] = x[index] * T.pow(origin + factor * y[index], exponent)
            }
          }
        }
      }
    }
  }
}
