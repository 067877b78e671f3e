import HeadgateOperators
import HeadgateTensors

/// One operator that does what some steps do together.
///
/// Exporters write out what their framework has a name for: an activation as five nodes, a normalisation as nine. Each of
/// them would read and write all of its values. The operator in their place does it once. It is one of ONNX's, so that it
/// means what its table says, or one that says itself what it means.
struct FusedOperator {
  /// What the graph calls the most important of the steps; nil when there is none.
  private let label: String?
  private let name: String
  private let domain: String
  /// The version of ONNX, or of its own, whose meaning the operator has, whatever the model imports.
  private let opset: Int
  /// The operator itself, when no table has it.
  private let definition: OperatorDefinition?
  private let attributes: [(name: String, value: AttributeValue)]
  private let inputs: [Plan.Operand]

  init(
    name: String, opset: Int, label: String? = nil,
    attributes: [(name: String, value: AttributeValue)] = [], inputs: [Plan.Operand]
  ) {
    self.label = label
    self.name = name
    domain = ""
    self.opset = opset
    definition = nil
    self.attributes = attributes
    self.inputs = inputs
  }

  init(
    definition: OperatorDefinition, label: String? = nil, attributes: [(name: String, value: AttributeValue)],
    inputs: [Plan.Operand]
  ) {
    self.label = label
    name = definition.name
    domain = definition.domain
    opset = definition.since
    self.definition = definition
    self.attributes = attributes
    self.inputs = inputs
  }

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

  private static let patterns: [Pattern] = [
    LayerNormalizationPattern.match, ConvolutionPattern.match, DensePattern.match, GeluPattern.match,
    AttentionPattern.match,
  ]

  private func step(inPlaceOf last: Plan.Step, _ scope: PlanScope, _ context: PlanContext) -> Plan.Step? {
    let node = OperatorNode(
      name: label ?? (last.node.name.isEmpty ? "" : "\(last.node.name) and those before it"), operatorName: name,
      domain: domain, opset: opset, attributes: Attributes(attributes),
      constants: inputs.map { scope.constant($0)?.present }, usedOutputs: [true], weights: context.weights)
    guard let definition = definition ?? context.registry.definition(domain: domain, name: name, opset: opset),
      let kernel = try? definition.prepare(node)
    else { return nil }
    return Plan.Step(node: node, kernel: kernel, inputs: inputs, captured: [], outputs: last.outputs, released: [])
  }
}
