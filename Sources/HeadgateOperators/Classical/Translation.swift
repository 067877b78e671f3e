import HeadgateTensors

/// A table from keys to values, applied to each element of a tensor.
struct Translation: Sendable {
  /// The values in the order of the keys, with one for what is no key.
  enum Values: Sendable {
    case strings([String], fallback: String)
    case integers([Int64], fallback: Int64)
    case floats([Float], fallback: Float)
    case doubles([Double], fallback: Double)
    case words([Int32], fallback: Int32)
    case shorts([Int16], fallback: Int16)

    var count: Int {
      switch self {
      case .strings(let values, _): values.count
      case .integers(let values, _): values.count
      case .floats(let values, _): values.count
      case .doubles(let values, _): values.count
      case .words(let values, _): values.count
      case .shorts(let values, _): values.count
      }
    }
  }

  let keys: KeyIndex
  let values: Values

  /// A tensor of the input's shape with the value of each element.
  func apply(to input: Tensor, call: OperatorCall) throws(TensorError) -> Tensor {
    switch values {
    case .strings(let values, let fallback): try translate(input, values, fallback, call)
    case .integers(let values, let fallback): try translate(input, values, fallback, call)
    case .floats(let values, let fallback): try translate(input, values, fallback, call)
    case .doubles(let values, let fallback): try translate(input, values, fallback, call)
    case .words(let values, let fallback): try translate(input, values, fallback, call)
    case .shorts(let values, let fallback): try translate(input, values, fallback, call)
    }
  }

  private func translate<T: TensorElement>(
    _ input: Tensor, _ values: [T], _ fallback: T, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    try call.make(T.self, input.shape) { (output) throws(TensorError) in
      try keys.forEach(in: input) { (index, place) throws(TensorError) in
        output[index] = place.map { values[$0] } ?? fallback
      }
    }
  }
}
