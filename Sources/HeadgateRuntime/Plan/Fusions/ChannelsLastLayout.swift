import HeadgateOperators
import HeadgateTensors

/// Chooses for images between the order of axes that ONNX has, channels before places, and the other, which the kernels of
/// convolutions like best: of a place all channels are neighbours.
///
/// A convolution with a constant kernel has its output in the other order, and MaxPool and GlobalAveragePool follow; what is
/// fused with a convolution does by itself. Where a step reads what was made in one order and it wants the other, a step between moves the channels; of those that nobody needs
/// the plan gets rid itself.
struct ChannelsLastLayout {
  private let scope: PlanScope
  private let context: PlanContext
  private let graph: StepGraph
  private var steps: [Plan.Step] = []
  /// The slots of values with channels last, by the slots of the same values as ONNX has them.
  private var slots: [Int: Int] = [:]

  static func lay(_ steps: [Plan.Step], in scope: PlanScope, _ context: PlanContext) -> [Plan.Step] {
    // In lower precision convolutions are products. A step that is known to fail must stay.
    guard context.weights.precision == .float32, !scope.hasFaults else { return steps }
    var layout = ChannelsLastLayout(scope: scope, context: context, graph: StepGraph(steps, outputs: [], scope: scope))
    for step in steps {
      if let output = step.outputs.first ?? nil, step.outputs.dropFirst().allSatisfy({ $0 == nil }),
        layout.add(step, output)
      {
        continue
      }
      layout.steps.append(step)
    }
    return layout.steps
  }

  private init(scope: PlanScope, context: PlanContext, graph: StepGraph) {
    self.scope = scope
    self.context = context
    self.graph = graph
  }

  /// Adds a step with channels last in the place of another; false when there is none.
  private mutating func add(_ step: Plan.Step, _ output: Int) -> Bool {
    guard isImage(step.input(0)), isImage(.slot(output)) else { return false }
    let isFused = step.node.domain == FusedConvolution.definition.domain
    if step.node.operatorName == "Conv", isFused || step.isOperator("Conv") { return addConvolution(step, output) }
    guard case .slot(let input) = step.input(0), let last = slots[input] else { return false }
    if step.isOperator("MaxPool") {
      return add(ChannelsLast.maximum, step, step.node.attributes, [.slot(last)], makes: output)
    }
    if step.isOperator("GlobalAveragePool"),
      let average = makeStep(ChannelsLast.average, for: step, step.node.attributes, [.slot(last)], [output])
    {
      steps.append(average)
      return true
    }
    return false
  }

  private mutating func addConvolution(_ step: Plan.Step, _ output: Int) -> Bool {
    let attributes = step.node.attributes
    guard let weights = graph.constant(step.input(1)), ChannelsLastConvolution.suits(attributes, weights: weights),
      step.input(3) == .absent || isImage(step.input(3))
    else { return false }
    var entries = attributes.passing([
      "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides", "least", "greatest",
    ])
    var inputs = [step.input(0), step.input(1), step.input(2)]
    let isThere = if case .slot(let slot) = step.input(0) { slots[slot] != nil } else { false }
    if !isThere, ChannelsLastConvolution.isDepthwise(attributes, weights: weights) { return false }
    let readsPlanes = !isThere && ChannelsLastConvolution.readsPlanes(attributes, weights: weights)
    if readsPlanes {
      entries.append(("reads_planes", .int(1)))
    } else {
      guard let input = channelsLast(inputs[0]) else { return false }
      inputs[0] = input
    }
    if step.input(3) != .absent {
      guard let summand = channelsLast(step.input(3)) else { return false }
      inputs.append(summand)
    }
    return add(ChannelsLastConvolution.definition, step, Attributes(entries), inputs, makes: output)
  }

  /// Adds a step that makes a value with channels last, and one that moves them to where ONNX has them.
  private mutating func add(
    _ definition: OperatorDefinition, _ step: Plan.Step, _ attributes: Attributes, _ inputs: [Plan.Operand],
    makes output: Int
  ) -> Bool {
    let last = newSlot(for: output)
    guard let made = makeStep(definition, for: step, attributes, inputs, [last]),
      let restoring = makeStep(ChannelsLast.restoring, for: step, Attributes([]), [.slot(last)], [output])
    else { return false }
    steps += [made, restoring]
    slots[output] = last
    return true
  }

  /// A value with its channels last, moved there if need be.
  private mutating func channelsLast(_ operand: Plan.Operand) -> Plan.Operand? {
    guard case .slot(let slot) = operand else { return nil }
    if let last = slots[slot] { return .slot(last) }
    let last = newSlot(for: slot)
    let node = OperatorNode(
      name: "", operatorName: ChannelsLast.reordering.name, domain: ChannelsLast.domain, opset: 1,
      attributes: Attributes([]), constants: [nil], usedOutputs: [true], weights: context.weights)
    guard let kernel = try? ChannelsLast.reordering.prepare(node) else { return nil }
    steps.append(
      Plan.Step(node: node, kernel: kernel, inputs: [operand], captured: [], outputs: [last], released: []))
    slots[slot] = last
    return .slot(last)
  }

  private func makeStep(
    _ definition: OperatorDefinition, for step: Plan.Step, _ attributes: Attributes, _ inputs: [Plan.Operand],
    _ outputs: [Int?]
  ) -> Plan.Step? {
    let node = OperatorNode(
      name: step.node.name, operatorName: definition.name, domain: definition.domain, opset: definition.since,
      attributes: attributes, constants: inputs.map { scope.constant($0)?.present }, usedOutputs: [true],
      weights: context.weights)
    guard let kernel = try? definition.prepare(node) else { return nil }
    return Plan.Step(node: node, kernel: kernel, inputs: inputs, captured: [], outputs: outputs, released: [])
  }

  private func newSlot(for slot: Int) -> Int {
    var value = scope.inferred(slot: slot)
    if let shape = value.shape, shape.count == 4 { value.shape = [shape[0], shape[2], shape[3], shape[1]] }
    return scope.newSlot(for: value)
  }

  /// Whether a value is known to be floats of four axes.
  private func isImage(_ operand: Plan.Operand) -> Bool {
    graph.isFloat(operand) && graph.shape(operand)?.count == 4
  }
}
