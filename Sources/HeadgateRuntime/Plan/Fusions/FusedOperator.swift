import HeadgateOperators
import HeadgateTensors

/// One operator that does what some steps do together.
///
/// Exporters write out what their framework has a name for: an activation as five nodes, a normalisation as nine. Each of
/// them would read and write all of its values. The operator in their place does it once; it is one of ONNX's own, so
/// that it means what its table says.
struct FusedOperator {
  let name: String
  /// The version of ONNX whose meaning the operator has, whatever the model imports.
  let opset: Int
  var attributes: [(name: String, value: AttributeValue)] = []
  let inputs: [Plan.Operand]

  /// Finds an operator whose last step is the given one; nil when there is none.
  typealias Pattern = @Sendable (StepGraph, Plan.Step) -> FusedOperator?

  /// Puts operators in the place of the last of their steps. The others are left without a reader, if nothing else
  /// reads them.
  ///
  /// - Parameter outputs: what the graph gives.
  static func fuse(
    _ steps: [Plan.Step], outputs: [Plan.Operand], in scope: PlanScope, _ context: PlanContext
  ) -> [Plan.Step] {
    // A step that is known to fail must stay, so that the model is refused.
    guard !scope.hasFaults else { return steps }
    let graph = StepGraph(steps, outputs: outputs, scope: scope)
    return steps.map { step in
      guard step.outputs.count == 1 else { return step }
      for pattern in patterns {
        if let fused = pattern(graph, step)?.step(inPlaceOf: step, scope, context) { return fused }
      }
      return step
    }
  }

  private static let patterns: [Pattern] = [GeluPattern.match, LayerNormalizationPattern.match]

  private func step(inPlaceOf last: Plan.Step, _ scope: PlanScope, _ context: PlanContext) -> Plan.Step? {
    let node = OperatorNode(
      name: last.node.name.isEmpty ? "" : "\(last.node.name) and those before it", operatorName: name, domain: "",
      opset: opset, attributes: Attributes(attributes), constants: inputs.map { scope.constant($0)?.present },
      usedOutputs: [true], weights: context.weights)
    guard let definition = context.registry.definition(domain: "", name: name, opset: opset),
      let kernel = try? definition.prepare(node)
    else { return nil }
    return Plan.Step(node: node, kernel: kernel, inputs: inputs, captured: [], outputs: last.outputs, released: [])
  }
}
