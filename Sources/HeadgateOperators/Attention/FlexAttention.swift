import HeadgateTensors

/// FlexAttention: attention whose scores and weights graphs of the model may change on their way.
enum FlexAttention {
  static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let scale = try node.attributes.float("scale")
    let softmaxType = try AttentionSettings.softmaxType(node)
    let scoreGraph = try node.attributes.graph("score_mod")
    let weightGraph = try node.attributes.graph("prob_mod")
    return { (call) throws(TensorError) in
      let (query, key, value) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
      let type = query.elementType
      guard query.rank == 4, key.rank == 4, value.rank == 4, key.elementType == type, value.elementType == type else {
        throw TensorError(
          .shape,
          "takes tensors of one type and 4 axes, got \(Value.tensor(query).summary), "
            + "\(Value.tensor(key).summary), \(Value.tensor(value).summary)")
      }
      let shape = try AttentionShape(
        query: HeadLayout(query, heads: nil, "query"), key: HeadLayout(key, heads: nil, "key"),
        value: HeadLayout(value, heads: nil, "value"))
      let (batch, heads, keyHeads) = (shape.query.batch, shape.query.heads, shape.key.heads)
      let (length, total) = (shape.query.length, shape.key.length)
      // The rows of all heads that share one of keys make one matrix.
      let rows = try [shape.groupSize, length].elementCount()
      // Both sides take the root of the scale, as the operator's definition has it, for half precision's sake.
      let root = (scale ?? Float(1 / Double(shape.query.size).squareRoot())).squareRoot()
      let factor = try Casting.convert(try Tensor(shape: [], floats: [root]), to: type, call)
      // Products of halves fit a float: they are rounded once.
      let scaled = { (side: Tensor) throws(TensorError) in
        try Casting.convert(try Arithmetic.multiply(side.widened(call), factor.widened(call), call), to: type, call)
      }
      let left = try scaled(query)
      let right = try Arranging.permuted(try scaled(key), [0, 1, 3, 2], call)
      let products = try MatrixOperators.product(
        left.reshaped(to: [batch, keyHeads, rows, shape.query.size]).widened(call), right.widened(call), call)
      // The scores have the inputs' precision before they get the softmax's.
      let scores = try Casting.convert(products, to: type, call).reshaped(to: [batch, heads, length, total])
      let precision = softmaxType ?? (type == .double ? .double : .float)
      var weights = try Casting.convert(scores, to: precision, call)
      if let scoreGraph { weights = try modified(weights, scoreGraph, "score_mod", call) }
      let wide = try weights.widened(call)
      let normalized = try wide.elementType.visit(RowSoftmax(input: wide, length: total, call: call))
      weights = try Casting.convert(normalized, to: precision, call)
      if let weightGraph { weights = try modified(weights, weightGraph, "prob_mod", call) }
      let sums = try MatrixOperators.product(
        weights.reshaped(to: [batch, keyHeads, rows, total]).widened(call),
        Casting.convert(value, to: precision, call).widened(call), call)
      let output = try sums.reshaped(to: [batch, heads, length, shape.value.size])
      return [.tensor(try Casting.convert(output, to: type, call))]
    }
  }

  private static func modified(
    _ tensor: Tensor, _ graph: any Subgraph, _ name: String, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard graph.inputCount == 1, graph.outputCount == 1 else {
      throw TensorError(
        .shape, "graph '\(name)' has \(graph.inputCount) inputs and \(graph.outputCount) outputs, not one of each")
    }
    guard let result = try graph.run([.tensor(tensor)], outer: call).first?.tensor else {
      throw TensorError(.elementType, "graph '\(name)' gives no tensor")
    }
    guard result.shape == tensor.shape, result.elementType == tensor.elementType else {
      throw TensorError(
        .shape, "graph '\(name)' turns \(Value.tensor(tensor).summary) into \(Value.tensor(result).summary)")
    }
    return result
  }
}

private struct RowSoftmax: RealVisitor {
  let input: Tensor
  let length: Int
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    try input.withElements(type) { (x) throws(TensorError) in
      try call.make(type, input.shape) { output in
        guard !output.isEmpty, let target = output.baseAddress, let source = x.baseAddress else { return }
        target.update(from: source, count: output.count)
        for start in stride(from: 0, to: output.count, by: length) { Softmax.normalize(target + start, count: length) }
      }
    }
  }
}
