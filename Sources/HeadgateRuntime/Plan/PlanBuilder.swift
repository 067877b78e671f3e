import HeadgateOperators
import HeadgateTensors

/// Checks a graph and turns it into a plan: resolves names, makes the weights, prepares the kernels,
/// and computes at once what depends on constants only.
struct PlanBuilder {
  /// What folding one node may allocate; a node that needs more is left to the run.
  private static let foldingBytes = 64 << 20

  private let context: PlanContext
  private let opsets: [String: Int]
  /// The call of a function whose body is being added, when one is.
  private let call: FunctionCall?

  init(_ context: PlanContext, opsets: [String: Int]) {
    self.init(context, opsets: opsets, call: nil)
  }

  private init(_ context: PlanContext, opsets: [String: Int], call: FunctionCall?) {
    self.context = context
    self.opsets = opsets
    self.call = call
  }

  /// - Parameter constantInputs: inputs whose default value cannot be replaced by a caller.
  func build(_ graph: ONNXGraph, outer: PlanScope?, constantInputs: Bool) throws(ModelFileError) -> (Plan, PlanScope) {
    let scope = PlanScope(parent: outer)
    let weights = constantInputs ? Set(graph.weightNames) : []
    for input in graph.inputs where !weights.contains(input.name) {
      scope.inputSlots.append(try scope.defineSlot(input.name, by: "input"))
    }
    for weight in graph.initializers { try add(try context.tensor(weight), named: weight.name, to: scope) }
    for weight in graph.sparseInitializers { try add(try context.tensor(weight), named: weight.values.name, to: scope) }
    scope.infer(graph, openExtent: context.openExtent)
    var steps: [Plan.Step] = []
    for node in try graph.nodes.inOrder() { try add(node, to: scope, &steps) }
    var outputs: [Plan.Operand] = []
    for output in graph.outputs {
      guard let operand = scope.resolve(output.name) else {
        throw ModelFileError(.invalidGraph, "output '\(output.name)' is computed by no node")
      }
      outputs.append(operand)
    }
    steps = FusedOperator.fuse(steps, outputs: outputs, in: scope, context)
    steps = ChannelsLastLayout.lay(steps, in: scope, context)
    let plan = scope.makePlan(steps: steps, outputs: outputs)
    if let fault = scope.fault(of: plan), context.openExtent == nil { throw fault }
    context.note(readersOf: plan, scope.defaults.values)
    return (plan, scope)
  }

  private func add(_ weight: Tensor, named name: String, to scope: PlanScope) throws(ModelFileError) {
    if case .slot(let slot)? = scope.local(name) {
      scope.defaults[slot] = .tensor(weight)
    } else {
      try scope.define(name, constant: .tensor(weight))
    }
  }

  /// Adds the step of one node, none when its outputs are constants, or those of the function that it calls.
  private func add(_ node: ONNXNode, to scope: PlanScope, _ steps: inout [Plan.Step]) throws(ModelFileError) {
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
    if let function = context.functions.function(node) {
      return try add(function, calledBy: node, inputs, to: scope, &steps)
    }
    while inputs.last == .absent { inputs.removeLast() }

    var captured: [Plan.Operand] = []
    let attributes = try attributes(of: node, scope, &captured)
    let declared = OperatorNode(
      name: name(of: node), operatorName: node.operatorName,
      domain: node.domain, opset: opsets[node.domain] ?? 1, attributes: attributes,
      constants: inputs.map { scope.constant($0)?.present }, usedOutputs: node.outputs.map { !$0.isEmpty },
      weights: context.weights)
    let kernel: Kernel
    do throws(TensorError) {
      let definition = context.registry.definition(
        domain: node.domain, name: node.operatorName, opset: declared.opset)
      guard let definition else { throw TensorError(.unsupported, "no such operator in opset \(declared.opset)") }
      kernel = try definition.prepare(declared)
    } catch {
      throw failure(node, error.code == .unsupported ? .unsupported : .invalidGraph, error.message)
    }

    if captured.isEmpty, let results = fold(declared, kernel, inputs, scope) {
      for (name, value) in zip(node.outputs, results) where !name.isEmpty { try scope.define(name, constant: value) }
      return
    }
    var outputs: [Int?] = []
    for name in node.outputs {
      outputs.append(name.isEmpty ? nil : try scope.defineSlot(name, by: "node \(place(node))"))
    }
    scope.infer(declared, inputs, names: node.inputs, outputs: outputs) { failure(node, .invalidGraph, $0.message) }
    steps.append(
      Plan.Step(node: declared, kernel: kernel, inputs: inputs, captured: captured, outputs: outputs, released: []))
  }

  /// Adds the nodes of a function in place of a call. They share the slots of the caller's graph, but none
  /// of its names.
  private func add(
    _ function: ONNXFunction, calledBy node: ONNXNode, _ inputs: [Plan.Operand], to scope: PlanScope,
    _ steps: inout [Plan.Step]
  ) throws(ModelFileError) {
    guard inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
      throw failure(
        node, .invalidGraph,
        "the function takes \(function.inputs.count) inputs and gives \(function.outputs.count) outputs, "
          + "and the call has \(inputs.count) and \(node.outputs.count)")
    }
    var attributes: [String: ONNXAttribute.Value] = [:]
    for attribute in function.defaults where attribute.reference.isEmpty {
      attributes[attribute.name] = attribute.value
    }
    for attribute in node.attributes { attributes[attribute.name] = value(of: attribute) ?? attributes[attribute.name] }
    let body = PlanBuilder(
      context, opsets: function.opsets.isEmpty ? opsets : function.opsets,
      call: FunctionCall(
        attributes: attributes,
        prefix: (call?.prefix ?? "") + (node.name.isEmpty ? node.operatorName : node.name).shortened + "/"))
    let inner = PlanScope(sharing: scope)
    for (index, name) in function.inputs.enumerated() {
      try inner.define(name, as: index < inputs.count ? inputs[index] : .absent, by: "function input")
    }
    for node in try function.nodes.inOrder() { try body.add(node, to: inner, &steps) }
    for (name, output) in zip(node.outputs, function.outputs) where !name.isEmpty {
      guard let operand = inner.resolve(output) else {
        throw failure(node, .invalidGraph, "output '\(output)' of the function is computed by no node")
      }
      try scope.define(name, as: operand, by: "node \(place(node))")
    }
  }

  /// The value of an attribute, which in a function's body may be that of an attribute of the call; nil when
  /// the call leaves it out.
  private func value(of attribute: ONNXAttribute) -> ONNXAttribute.Value? {
    attribute.reference.isEmpty ? attribute.value : call?.attributes[attribute.reference]
  }
  /// The outputs of a node all of whose inputs are constants. A node that fails is left to the run,
  /// which may never reach it.
  private func fold(
    _ node: OperatorNode, _ kernel: Kernel, _ inputs: [Plan.Operand], _ scope: PlanScope
  ) -> [Value]? {
    guard inputs.allSatisfy({ $0 == .absent || scope.constant($0) != nil }), context.isFolding else { return nil }
    let budget = MemoryBudget(limit: PlanBuilder.foldingBytes, foldingUntil: context.foldingEnd)
    guard let results = try? kernel(OperatorCall(node: node, inputs: node.constants, budget: budget)) else {
      return nil
    }
    return results.count >= node.outputCount && context.keep(results) ? results : nil
  }

  private func attributes(
    of node: ONNXNode, _ scope: PlanScope, _ captured: inout [Plan.Operand]
  ) throws(ModelFileError) -> Attributes {
    var entries: [(name: String, value: AttributeValue)] = []
    for attribute in node.attributes {
      guard let value = value(of: attribute) else { continue }
      if case .graph(let graph) = value {
        // A graph that is handed to a function reads the names of the caller, which its body does not see.
        guard attribute.reference.isEmpty else {
          throw failure(node, .unsupported, "attribute '\(attribute.name)' is a graph that is handed to a function")
        }
        let (plan, inner) = try build(graph, outer: scope, constantInputs: true)
        let start = captured.count
        captured += inner.captures
        let subgraph = PlannedSubgraph(
          plan: plan, inputCount: inner.inputSlots.count, outputs: graph.outputs.map { ValueType(tensor: $0) },
          captures: start..<captured.count)
        entries.append((attribute.name, .graph(subgraph)))
      } else if let value = try self.value(value, of: attribute.name, node) {
        entries.append((attribute.name, value))
      }
    }
    return Attributes(entries)
  }

  /// An attribute's value as operators read it; nil for types, which none reads.
  private func value(
    _ value: ONNXAttribute.Value, of name: String, _ node: ONNXNode
  ) throws(ModelFileError) -> AttributeValue? {
    switch value {
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .ints(let values): return .ints(values)
    case .floats(let values): return .floats(values)
    case .strings(let values): return .strings(values)
    case .tensor(let weight): return .tensor(try tensor(weight))
    case .tensors(let weights):
      var tensors: [Tensor] = []
      for weight in weights { tensors.append(try tensor(weight)) }
      return .tensors(tensors)
    case .sparseTensor(let weight): return .tensor(try context.tensor(weight))
    case .sparseTensors(let weights):
      var tensors: [Tensor] = []
      for weight in weights { tensors.append(try context.tensor(weight)) }
      return .tensors(tensors)
    case .type: return nil
    case .graph: throw failure(node, .unsupported, "attribute '\(name)' is a graph where none may be")
    case .other(let kind):
      throw failure(node, .unsupported, "attribute '\(name)' is of kind \(kind), which no operator here reads")
    }
  }

  private func tensor(_ weight: ONNXTensor) throws(ModelFileError) -> Tensor {
    call == nil ? try context.tensor(weight) : try context.sharedTensor(weight)
  }

  private func name(of node: ONNXNode) -> String {
    guard let call else { return node.name }
    return call.prefix + (node.name.isEmpty ? node.operatorName : node.name).shortened
  }

  private func place(_ node: ONNXNode) -> String {
    let name = name(of: node)
    return name.isEmpty ? node.operatorName : "\(node.operatorName) '\(name)'"
  }

  private func failure(_ node: ONNXNode, _ code: ModelFileError.Code, _ what: String) -> ModelFileError {
    ModelFileError(code, "node \(place(node)): \(what)", byteOffset: node.byteOffset)
  }
}

extension String {
  /// Names in functions are made anew for each call, so that a long one could fill the memory.
  fileprivate var shortened: String {
    utf8.count <= 80 ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(60))) + "..."
  }
}
