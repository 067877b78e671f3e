import HeadgateTensors

/// Attention whose queries, keys, values and mask are stretched to one another, as products and sums stretch what they
/// are given. ONNX's own refuses that; so this is what plans put in the place of attention that is written out.
package enum StretchedAttention {
  /// Inputs and attributes are those of Attention 23 with three axes: queries, keys, values, and maybe a mask of numbers.
  package static let definition = OperatorDefinition.prepared("Attention", domain: "ai.headgate", since: 1, prepare)

  private static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attention = try Attention.prepare(padsShortMasks: false)(node)
    return { (call) throws(TensorError) in
      let (queries, keys, values) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
      let mask = try call.optionalTensor(3)
      guard queries.rank == 3, keys.rank == 3, values.rank == 3 else { return try attention(call) }
      let axes = mask.map { [Int](repeating: 1, count: max(0, 4 - $0.rank)) + $0.shape } ?? [1, 1, 1, 1]
      let batch = try [queries.shape[0]].broadcast(with: [keys.shape[0]]).broadcast(with: [values.shape[0]])
        .broadcast(with: [axes[0]])[0]
      let length = try [queries.shape[1]].broadcast(with: [axes[2]])[0]
      func stretch(_ tensor: Tensor, length: Int) throws(TensorError) -> Value {
        let shape = [batch, length, tensor.shape[2]]
        return .tensor(tensor.shape == shape ? tensor : try tensor.expanded(to: shape, call))
      }
      var inputs = call.inputs
      inputs[0] = try stretch(queries, length: length)
      inputs[1] = try stretch(keys, length: keys.shape[1])
      inputs[2] = try stretch(values, length: values.shape[1])
      return try attention(
        OperatorCall(
          node: call.node, inputs: inputs, captured: call.captured, budget: call.budget, recorder: call.recorder))
    }
  }
}
