import HeadgateTensors

/// One step of an optimiser: domain `ai.onnx.preview.training`.
///
/// The inputs are the learning rate, the count of updates so far, and then groups of as many tensors as are
/// optimised: their values, their gradients, and what the optimiser remembers of each. The outputs are the new
/// values and memories in the same order.
enum Optimizers {
  private static let domain = "ai.onnx.preview.training"

  static let table: [OperatorDefinition] = [
    .prepared("Adagrad", domain: domain, since: 1, adagrad), .prepared("Adam", domain: domain, since: 1, adam),
    .prepared("Momentum", domain: domain, since: 1, momentum),
  ]

  private static func adagrad(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let norm = Double(try attributes.float("norm_coefficient") ?? 0)
    let epsilon = Double(try attributes.float("epsilon") ?? 1e-6)
    let decay = Double(try attributes.float("decay_factor") ?? 0)
    return step(memories: 1) { rate, updates in
      let rate = rate / (1 + Double(updates) * decay)
      return { place in
        let gradient = norm * place.value + place.gradient
        place.memories.0 += gradient * gradient
        place.value -= rate * gradient / (place.memories.0.squareRoot() + epsilon)
      }
    }
  }

  private static func adam(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let alpha = Double(try attributes.float("alpha") ?? 0.9)
    let beta = Double(try attributes.float("beta") ?? 0.999)
    let epsilon = Double(try attributes.float("epsilon") ?? 1e-6)
    let norm = Double(try attributes.float("norm_coefficient") ?? 0)
    let normAfter = Double(try attributes.float("norm_coefficient_post") ?? 0)
    return step(memories: 2) { rate, updates in
      let count = Double(updates)
      // The averages begin at zero; the first updates make up for that.
      let rate =
        updates > 0 ? rate * (1 - Double.pow(beta, count)).squareRoot() / (1 - Double.pow(alpha, count)) : rate
      return { place in
        let gradient = norm * place.value + place.gradient
        place.memories.0 = alpha * place.memories.0 + (1 - alpha) * gradient
        place.memories.1 = beta * place.memories.1 + (1 - beta) * gradient * gradient
        place.value -= rate * place.memories.0 / (place.memories.1.squareRoot() + epsilon)
        place.value *= 1 - normAfter
      }
    }
  }

  private static func momentum(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    guard let alpha = try attributes.float("alpha").map(Double.init),
      let beta = try attributes.float("beta").map(Double.init),
      let norm = try attributes.float("norm_coefficient").map(Double.init), let mode = try attributes.string("mode")
    else { throw TensorError(.missing, "attribute 'alpha', 'beta', 'mode' or 'norm_coefficient' is absent") }
    guard mode == "standard" || mode == "nesterov" else {
      throw TensorError(.invalidValue, "attribute 'mode' is '\(mode)'")
    }
    return step(memories: 1) { rate, updates in
      let beta = updates > 0 ? beta : 1
      return { place in
        let gradient = norm * place.value + place.gradient
        place.memories.0 = alpha * place.memories.0 + beta * gradient
        place.value -= rate * (mode == "nesterov" ? gradient + alpha * place.memories.0 : place.memories.0)
      }
    }
  }

  /// One optimised number with its gradient and what is remembered of it.
  struct Place {
    var value: Double
    let gradient: Double
    var memories: (Double, Double)
  }

  private typealias Update = (inout Place) -> Void

  /// - Parameter prepare: makes the update of one number from the learning rate and the count of updates.
  private static func step(
    memories: Int, _ prepare: @escaping @Sendable (_ rate: Double, _ updates: Int) -> Update
  ) -> Kernel {
    { (call) throws(TensorError) in
      let groups = 2 + memories
      let count = max(call.inputs.count - 2, 0) / groups
      guard count > 0, call.inputs.count == 2 + count * groups else {
        throw TensorError(
          .missing, "takes a rate, a count and groups of \(groups) tensors, got \(call.inputs.count) inputs")
      }
      let rate = try Casting.convert(try call.tensor(0), to: .double, call).doubles()
      guard let updates = try call.ints(1), rate.count == 1, updates.count == 1 else {
        throw TensorError(.shape, "the rate and the count of updates must be scalars")
      }
      let update = prepare(rate[0], updates[0])
      var results: [[Tensor]] = []
      for index in 0..<count {
        var tensors: [Tensor] = []
        for group in 0..<groups { tensors.append(try call.tensor(2 + group * count + index)) }
        results.append(try tensors[0].elementType.visit(Updating(tensors: tensors, update: update, call: call)))
      }
      return (0..<groups - 1).flatMap { output in results.map { .tensor($0[output]) } }
    }
  }

  private struct Updating: RealVisitor {
    /// The values, the gradients, the memories.
    let tensors: [Tensor]
    let update: Update
    let call: OperatorCall

    func visit<T: Real>(_ type: T.Type) throws(TensorError) -> [Tensor] {
      let shape = tensors[0].shape
      for tensor in tensors where tensor.shape != shape {
        throw TensorError(.shape, "a gradient or memory of shape \(tensor.shape) belongs to values of shape \(shape)")
      }
      let (x, gradients) = (try tensors[0].elements(type), try tensors[1].elements(type))
      let first = try tensors[2].elements(type)
      let second = tensors.count > 3 ? try tensors[3].elements(type) : first
      // SAFETY: nobody else has seen these tensors yet, and they live until this function returns.
      var outputs: [Tensor] = []
      for _ in 0..<tensors.count - 1 {
        outputs.append(try Tensor(uninitialized: T.elementType, shape: shape, budget: call.budget))
      }
      let written = outputs.map { UnsafeMutableBufferPointer(mutating: $0.unsafeElements(type)) }
      let (values, firstMemory, lastMemory) = (written[0], written[1], written[written.count - 1])
      for index in x.indices {
        var place = Place(
          value: x[index].asDouble, gradient: gradients[index].asDouble,
          memories: (first[index].asDouble, second[index].asDouble))
        update(&place)
        values[index] = T(nearest: place.value)
        // With one memory both buffers are the same, and the first is what was computed.
        lastMemory[index] = T(nearest: place.memories.1)
        firstMemory[index] = T(nearest: place.memories.0)
      }
      withExtendedLifetime(outputs) {}
      return outputs
    }
  }
}
