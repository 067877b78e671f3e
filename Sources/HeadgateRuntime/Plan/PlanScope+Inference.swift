import HeadgateOperators
import HeadgateTensors

extension PlanScope {
  /// What is known of an operand; nil for an absent one.
  func inferred(_ operand: Plan.Operand) -> InferredValue? {
    switch operand {
    case .absent: nil
    case .constant: constant(operand).map { InferredValue($0) } ?? .unknown
    case .slot(let slot): inferred(slot: slot)
    }
  }

  /// Notes what follows for the outputs of a node, or that no run gets past it.
  ///
  /// - Parameters:
  ///   - outputs: the slots of the node's outputs.
  ///   - failure: makes the error that names the node.
  func infer(
    _ node: OperatorNode, _ inputs: [Plan.Operand], names: [String], outputs: [Int?],
    failure: (TensorError) -> ModelFileError
  ) {
    guard isInferring else { return }
    do {
      let values = try Inference.outputs(of: node, inputs: inputs.map { inferred($0) }, names: names)
      for (slot, value) in zip(outputs, values) {
        if let slot { note(value, in: slot) }
      }
    } catch {
      let fault = failure(error)
      for case .some(let slot) in outputs { note(fault, in: slot) }
    }
  }

  /// Notes what the model declares of its inputs, which every caller's values are checked against.
  ///
  /// - Parameter openExtent: what stands for extents that are left open; nil leaves them open.
  func infer(_ graph: ONNXGraph, openExtent: Int?) {
    guard isInferring else { return }
    for input in graph.inputs {
      // A value of the model's own is not checked.
      guard case .slot(let slot)? = local(input.name), defaults[slot] == nil,
        case .tensor(let type, let shape)? = ValueType(tensor: input)
      else { continue }
      note(InferredValue(type, shape?.map { $0 ?? openExtent }), in: slot)
    }
  }

  /// Why a plan certainly fails. Nodes whose outputs nobody reads are not in it.
  func fault(of plan: Plan) -> ModelFileError? {
    guard hasFaults else { return nil }
    for step in plan.steps {
      for case .some(let slot) in step.outputs {
        if let fault = fault(in: slot) { return fault }
      }
    }
    return nil
  }
}
