import HeadgateOperators
import HeadgateTensors

/// Checks a graph and turns it into a plan: resolves names, makes the weights, prepares the kernels,
/// and computes at once what depends on constants only.
struct PlanBuilder {
  /// What folding constants may allocate; a node that needs more is left to the run.
  private static let foldingBytes = 64 << 20

  let file: ModelBytes
  let external: ExternalData
  let opsets: [String: Int]
  let registry: OperatorRegistry

  /// - Parameter constantInputs: inputs whose default value cannot be replaced by a caller.
  func build(_ graph: ONNXGraph, outer: PlanScope?, constantInputs: Bool) throws(ModelFileError) -> (Plan, PlanScope) {
    let scope = PlanScope(parent: outer)
    let weights = Set(graph.initializers.map(\.name))
    for input in graph.inputs where !(constantInputs && weights.contains(input.name)) {
      scope.inputSlots.append(try scope.defineSlot(input.name, by: "input"))
    }
    for weight in graph.initializers {
      let tensor = try weight.makeTensor(from: file, external: external)
      if case .slot(let slot)? = scope.local(weight.name) {
        scope.defaults[slot] = .tensor(tensor)
      } else {
        try scope.define(weight.name, constant: .tensor(tensor))
      }
    }
    var steps: [Plan.Step] = []
    for node in try graph.nodesInOrder() {
      if let step = try add(node, to: scope) { steps.append(step) }
    }
    var outputs: [Plan.Operand] = []
    for output in graph.outputs {
      guard let operand = scope.resolve(output.name) else {
        throw ModelFileError(.invalidGraph, "output '\(output.name)' is computed by no node")
      }
      outputs.append(operand)
    }
    return (scope.makePlan(steps: steps, outputs: outputs), scope)
  }

  /// Adds one node; returns nil when its outputs are constants.
  private func add(_ node: ONNXNode, to scope: PlanScope) throws(ModelFileError) -> Plan.Step? {
    var inputs: [Plan.Operand] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        inputs.append(.absent)
        continue
      }
      guard let operand = scope.resolve(name) else {
        throw failure(node, .invalidGraph, "input '\(name)' is given by no node, weight or input")
      }
      inputs.append(operand)
    }
    while inputs.last == .absent { inputs.removeLast() }

    var captured: [Plan.Operand] = []
    let attributes = try attributes(of: node, scope, &captured)
    let declared = OperatorNode(
      name: node.name, operatorName: node.operatorName, domain: node.domain, opset: opsets[node.domain] ?? 1,
      attributes: attributes, constants: inputs.map(scope.constant), usedOutputs: node.outputs.map { !$0.isEmpty })
    let kernel: Kernel
    do throws(TensorError) {
      guard let definition = registry.definition(domain: node.domain, name: node.operatorName, opset: declared.opset)
      else { throw TensorError(.unsupported, "no such operator in opset \(declared.opset)") }
      kernel = try definition.prepare(declared)
    } catch {
      throw failure(node, error.code == .unsupported ? .unsupported : .invalidGraph, error.message)
    }

    if captured.isEmpty, let results = fold(declared, kernel, inputs) {
      for (name, value) in zip(node.outputs, results) where !name.isEmpty { try scope.define(name, constant: value) }
      return nil
    }
    var outputs: [Int?] = []
    for name in node.outputs {
      outputs.append(name.isEmpty ? nil : try scope.defineSlot(name, by: "node \(place(node))"))
    }
    return Plan.Step(
      node: declared, kernel: kernel, inputs: inputs, captured: captured, outputs: outputs, released: [])
  }

  /// The outputs of a node all of whose inputs are constants. A node that fails is left to the run,
  /// which may never reach it.
  private func fold(_ node: OperatorNode, _ kernel: Kernel, _ inputs: [Plan.Operand]) -> [Value]? {
    guard zip(inputs, node.constants).allSatisfy({ $0 == .absent || $1 != nil }) else { return nil }
    let budget = MemoryBudget(limit: PlanBuilder.foldingBytes, isFolding: true)
    guard let results = try? kernel(OperatorCall(node: node, inputs: node.constants, budget: budget)) else {
      return nil
    }
    return results.count >= node.outputCount ? results : nil
  }

  private func attributes(
    of node: ONNXNode, _ scope: PlanScope, _ captured: inout [Plan.Operand]
  ) throws(ModelFileError) -> Attributes {
    var entries: [(name: String, value: AttributeValue)] = []
    for attribute in node.attributes {
      switch attribute.value {
      case .int(let value): entries.append((attribute.name, .int(value)))
      case .float(let value): entries.append((attribute.name, .float(value)))
      case .string(let value): entries.append((attribute.name, .string(value)))
      case .ints(let values): entries.append((attribute.name, .ints(values)))
      case .floats(let values): entries.append((attribute.name, .floats(values)))
      case .strings(let values): entries.append((attribute.name, .strings(values)))
      case .tensor(let weight):
        entries.append((attribute.name, .tensor(try weight.makeTensor(from: file, external: external))))
      case .tensors(let weights):
        var tensors: [Tensor] = []
        for weight in weights { tensors.append(try weight.makeTensor(from: file, external: external)) }
        entries.append((attribute.name, .tensors(tensors)))
      case .graph(let graph):
        let (plan, inner) = try build(graph, outer: scope, constantInputs: true)
        let start = captured.count
        captured += inner.captures
        let subgraph = PlannedSubgraph(
          plan: plan, inputCount: inner.inputSlots.count, outputCount: graph.outputs.count,
          captures: start..<captured.count)
        entries.append((attribute.name, .graph(subgraph)))
      case .other(let type):
        throw failure(node, .unsupported, "attribute '\(attribute.name)' is of kind \(type), which is not read yet")
      }
    }
    return Attributes(entries)
  }

  private func place(_ node: ONNXNode) -> String {
    node.name.isEmpty ? node.operatorName : "\(node.operatorName) '\(node.name)'"
  }

  private func failure(_ node: ONNXNode, _ code: ModelFileError.Code, _ what: String) -> ModelFileError {
    ModelFileError(code, "node \(place(node)): \(what)", byteOffset: node.byteOffset)
  }
}
