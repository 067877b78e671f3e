import HeadgateTensors

/// Operators that draw random numbers. See `OperatorCall.makeRandomSource()` for what they are seeded with.
enum RandomNumbers {
  static let table: [OperatorDefinition] = [
    .op("RandomNormal", since: 1, ofShape(.normal)), .op("RandomUniform", since: 1, ofShape(.uniform)),
    .op("RandomNormalLike", since: 1, likeInput(.normal)), .op("RandomUniformLike", since: 1, likeInput(.uniform)),
    .op("Bernoulli", since: 15, bernoulli), .op("Multinomial", since: 7, multinomial),
  ]

  enum Distribution: Sendable {
    case normal, uniform
  }

  private static func ofShape(_ distribution: Distribution) -> Kernel {
    { (call) throws(TensorError) in
      guard let shape = try call.attributes.ints("shape") else {
        throw TensorError(.missing, "attribute 'shape' is absent")
      }
      return [.tensor(try draw(distribution, shape, try namedType(call) ?? .float, call))]
    }
  }

  private static func likeInput(_ distribution: Distribution) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      return [.tensor(try draw(distribution, input.shape, try namedType(call) ?? input.elementType, call))]
    }
  }

  private static func draw(
    _ distribution: Distribution, _ shape: Shape, _ type: ElementType, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    // Narrower types are drawn in single and rounded.
    let drawn: ElementType = type == .bfloat16 || type == .float16 ? .float : type
    let numbers = try drawn.visit(Drawing(distribution: distribution, shape: shape, call: call))
    return try Casting.convert(numbers, to: type, call)
  }

  /// 1 with the probability that the input says, else 0.
  private static func bernoulli(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let probabilities = try Casting.convert(input, to: .double, call)
    var source = try call.makeRandomSource()
    let outcome = try probabilities.withElements(Double.self) { (p) throws(TensorError) in
      try call.make(Bool.self, input.shape) { output in
        for index in p.indices { output[index] = source.happens(probability: p[index]) }
      }
    }
    return [.tensor(try Casting.convert(outcome, to: try namedType(call) ?? input.elementType, call))]
  }

  /// Draws outcomes `[batch, sample_size]` by the unnormalised log-probabilities `[batch, classes]`.
  private static func multinomial(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let size = try call.attributes.int("sample_size") ?? 1
    guard input.rank == 2, input.shape[1] > 0 else {
      throw TensorError(.shape, "takes log-probabilities [batch, classes], got shape \(input.shape)")
    }
    let type = try namedType(call) ?? .int32
    guard type == .int32 || type == .int64 else {
      throw TensorError(.elementType, "attribute 'dtype' asks for outcomes of type \(type), not int32 or int64")
    }
    let (rows, classes) = (input.shape[0], input.shape[1])
    var source = try call.makeRandomSource()
    let logits = try Casting.convert(input, to: .double, call)
    let outcomes = try logits.withElements(Double.self) { (x) throws(TensorError) in
      try call.make(Int64.self, [rows, size]) { output in
        guard !output.isEmpty else { return }
        var cumulated = [Double](repeating: 0, count: classes)
        for row in 0..<rows {
          let greatest = x[row * classes..<(row + 1) * classes].reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
          var total = 0.0
          for index in 0..<classes {
            let weight = Double.exp(x[row * classes + index] - greatest)
            total += weight > 0 ? weight : 0
            cumulated[index] = total
          }
          for sample in 0..<size {
            output[row * size + sample] = Int64(firstIndex(in: cumulated, above: source.uniform() * total))
          }
        }
      }
    }
    return [.tensor(try Casting.convert(outcomes, to: type, call))]
  }

  private static func namedType(_ call: OperatorCall) throws(TensorError) -> ElementType? {
    try Casting.elementType(call.attributes, attribute: "dtype")
  }

  /// The first place whose ascending value is greater than the limit; the last one when none is.
  private static func firstIndex(in ascending: [Double], above limit: Double) -> Int {
    var (low, high) = (0, ascending.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if ascending[middle] > limit { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

private struct Drawing: RealVisitor {
  let distribution: RandomNumbers.Distribution
  let shape: Shape
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let isNormal = distribution == .normal
    let low = try call.attributes.float(isNormal ? "mean" : "low") ?? 0
    let high = try call.attributes.float(isNormal ? "scale" : "high") ?? 1
    let (offset, factor) = (T(low), T(isNormal ? high : high - low))
    var source = try call.makeRandomSource()
    return try call.make(type, shape) { output in
      for index in output.indices {
        output[index] = T(nearest: isNormal ? source.normal() : source.uniform()) * factor + offset
      }
    }
  }
}
