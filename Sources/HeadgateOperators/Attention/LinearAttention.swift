import HeadgateTensors

/// LinearAttention: instead of keys and values a head keeps a matrix `S[key size, value size]`, to which each
/// step adds `k v^T`, and which a query reads as `scale * q^T S`.
enum LinearAttention {
  static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let rule = try node.attributes.string("update_rule") ?? "gated_delta"
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw TensorError(.invalidValue, "attribute 'update_rule' names no known rule")
    }
    guard let queryHeads = try node.attributes.int("q_num_heads"),
      let keyHeads = try node.attributes.int("kv_num_heads")
    else { throw TensorError(.missing, "attribute 'q_num_heads' or 'kv_num_heads' is absent") }
    let scale = Double(try node.attributes.float("scale") ?? 0)
    let decays = rule.hasPrefix("gated")
    let corrects = rule.hasSuffix("delta")
    return { (call) throws(TensorError) in
      let inputs = [try call.tensor(0), try call.tensor(1), try call.tensor(2)]
      let (past, decay, rate) = (try call.optionalTensor(3), try call.optionalTensor(4), try call.optionalTensor(5))
      let names = ["query", "key", "value"]
      for (input, name) in zip(inputs, names) where input.rank != 3 || input.elementType != inputs[0].elementType {
        throw TensorError(.shape, "the \(name) is \(Value.tensor(input).summary), not of 3 axes and the query's type")
      }
      guard (decay != nil) == decays, (rate != nil) == corrects else {
        throw TensorError(
          .missing, "rule '\(rule)' takes \(decays ? "a" : "no") decay and \(corrects ? "a" : "no") beta")
      }
      let shape = try AttentionShape(
        query: HeadLayout(inputs[0], heads: queryHeads, "query"), key: HeadLayout(inputs[1], heads: keyHeads, "key"),
        value: HeadLayout(inputs[2], heads: keyHeads, "value"))
      let type = inputs[0].elementType
      let work = type == .double ? ElementType.double : .float
      var wide: [Tensor?] = []
      for tensor in inputs + [past, decay, rate] {
        wide.append(try tensor.map { (tensor) throws(TensorError) in try Casting.convert(tensor, to: work, call) })
      }
      let recurrence = LinearRecurrence(
        inputs: wide, shape: shape, scale: scale == 0 ? 1 / Double(shape.query.size).squareRoot() : scale, call: call)
      try recurrence.check()
      let (output, state) = try work.visit(recurrence)
      return [
        .tensor(try Casting.convert(output, to: type, call)),
        .tensor(try Casting.convert(state, to: past?.elementType ?? type, call)),
      ]
    }
  }
}

/// Runs over the steps of all heads.
private struct LinearRecurrence: RealVisitor {
  /// Query, key and value, then past state, decay and rate where they are.
  let inputs: [Tensor?]
  let shape: AttentionShape
  let scale: Double
  let call: OperatorCall

  private var stateShape: Shape { [shape.key.batch, shape.key.heads, shape.key.size, shape.value.size] }

  func check() throws(TensorError) {
    guard shape.query.length == shape.key.length else {
      throw TensorError(.shape, "\(shape.query.length) queries do not go with \(shape.key.length) keys")
    }
    if let past = inputs[3], past.shape != stateShape {
      throw TensorError(.shape, "a past state of shape \(past.shape) is given, \(stateShape) is needed")
    }
    let heads = shape.key.heads
    let steps = [shape.key.batch, shape.key.length]
    if let decay = inputs[4], decay.shape != steps + [heads], decay.shape != steps + [heads &* shape.key.size] {
      throw TensorError(
        .shape, "a decay of shape \(decay.shape) has neither one value a head nor one for each element of a key")
    }
    if let rate = inputs[5], rate.shape != steps + [heads], rate.shape != steps + [1] {
      throw TensorError(.shape, "a beta of shape \(rate.shape) has neither one value a head nor one for all")
    }
  }

  func visit<C: Real>(_ type: C.Type) throws(TensorError) -> (output: Tensor, state: Tensor) {
    let width = try [shape.query.heads, shape.value.size].elementCount()
    var output: Tensor?
    let state = try call.make(type, stateShape) { (state) throws(TensorError) in
      if let past = inputs[3] {
        _ = state.update(fromContentsOf: try past.elements(type))
      } else {
        state.update(repeating: 0)
      }
      output = try call.make(type, [shape.query.batch, shape.query.length, width]) { (output) throws(TensorError) in
        output.update(repeating: 0)
        guard let states = state.baseAddress, let answers = output.baseAddress, !state.isEmpty else { return }
        try call.budget.withZeros(type, count: shape.value.size) { (update) throws(TensorError) in
          for batch in 0..<shape.key.batch {
            for head in 0..<shape.key.heads {
              let matrix = states + (batch * shape.key.heads + head) * shape.key.size * shape.value.size
              for step in 0..<shape.key.length {
                try advance(matrix, update, answers, batch: batch, head: head, step: step)
              }
            }
          }
        }
      }
    }
    guard let output else { throw TensorError(.missing, "no output was made") }
    defer { withExtendedLifetime(self) {} }
    return (output, state)
  }

  /// One step of one head: the state is changed, then read by the queries that share it.
  private func advance<C: Real>(
    _ state: UnsafeMutablePointer<C>, _ update: UnsafeMutablePointer<C>, _ answers: UnsafeMutablePointer<C>,
    batch: Int, head: Int, step: Int
  ) throws(TensorError) {
    let (size, width) = (shape.key.size, shape.value.size)
    let place = batch * shape.key.length + step
    let key = try elements(1, C.self) + shape.key.offset(batch: batch, head: head) + step * shape.key.rowStride
    let value = try elements(2, C.self) + shape.value.offset(batch: batch, head: head) + step * shape.value.rowStride
    if let decay = inputs[4] {
      let isForHead = decay.shape[2] == shape.key.heads
      let gates = try elements(4, C.self) + place * decay.shape[2] + head * (isForHead ? 1 : size)
      for row in 0..<size {
        let factor = C.exp(gates[isForHead ? 0 : row])
        for column in 0..<width { state[row * width + column] *= factor }
      }
    }
    for column in 0..<width { update[column] = value[column] }
    if let rate = inputs[5] {
      // What the state holds for this key already is taken off.
      let share = try elements(5, C.self)[place * rate.shape[2] + (rate.shape[2] == 1 ? 0 : head)]
      for row in 0..<size {
        for column in 0..<width { update[column] -= state[row * width + column] * key[row] }
      }
      for column in 0..<width { update[column] *= share }
    }
    for row in 0..<size {
      for column in 0..<width { state[row * width + column] += key[row] * update[column] }
    }
    for member in 0..<shape.groupSize {
      let queryHead = head * shape.groupSize + member
      let query =
        try elements(0, C.self) + shape.query.offset(batch: batch, head: queryHead) + step * shape.query.rowStride
      let answer = answers + (place * shape.query.heads + queryHead) * width
      for row in 0..<size {
        let factor = query[row] * C(scale)
        for column in 0..<width { answer[column] += factor * state[row * width + column] }
      }
    }
  }

  private func elements<C: Real>(_ index: Int, _: C.Type) throws(TensorError) -> UnsafePointer<C> {
    guard let tensor = inputs[index] else { throw TensorError(.missing, "input \(index) is absent") }
    return try tensor.elements(C.self).start
  }
}
