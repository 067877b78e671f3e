import HeadgateOperators

/// What can be said of a model file without loading it: no weights are read, no kernels prepared.
public struct ModelInspection: Sendable, Hashable {
  /// One operator that a model uses, and whether this version can run it.
  public struct OperatorUse: Sendable, Hashable {
    /// The operator's domain; empty for `ai.onnx`.
    public let domain: String
    public let name: String
    /// The version of the domain that the model imports.
    public let opset: Int
    /// How many nodes use it.
    public let count: Int
    /// The name of the first such node, empty when the file gives none.
    public let firstNode: String
    public let isSupported: Bool
  }

  /// The locations of weights in other files, as the file writes them, sorted.
  public let externalData: [String]
  /// The operators of the model and of the functions in it that are called, sorted by domain and name.
  /// Calls of these functions are not among them.
  public let operators: [OperatorUse]

  /// Reads the structure of a model file.
  ///
  /// - Throws: `ModelFileError.malformed` or `tooLarge` when the file cannot be decoded.
  public static func inspect(_ bytes: ModelBytes) throws(ModelFileError) -> ModelInspection {
    ModelInspection(try ONNXModel(decoding: bytes))
  }

  init(_ model: ONNXModel, registry: OperatorRegistry = .standard) {
    let survey = Survey(model)
    externalData = survey.locations.sorted()
    operators = survey.uses.map { key, use in
      let isKnown = registry.definition(domain: key.domain, name: key.name, opset: key.opset) != nil
      return OperatorUse(
        domain: key.domain, name: key.name, opset: key.opset, count: use.count, firstNode: use.firstNode,
        isSupported: isKnown)
    }.sorted { ($0.domain, $0.name, $0.opset) < ($1.domain, $1.name, $1.opset) }
  }

  /// One error that lists every operator which cannot be run; nil when there is none.
  var unsupported: ModelFileError? {
    let missing = operators.filter { !$0.isSupported }
    guard !missing.isEmpty else { return nil }
    // All of an honest model's; a file made to fill the log is cut short.
    var list = missing.prefix(50).map { use in
      let domain = use.domain.isEmpty ? "ai.onnx" : use.domain
      let node = use.firstNode.isEmpty ? "" : ", first in node '\(use.firstNode)'"
      return "\(use.name) (\(domain), opset \(use.opset), \(use.count) node\(use.count == 1 ? "" : "s")\(node))"
    }
    if missing.count > list.count { list.append("and \(missing.count - list.count) more") }
    return ModelFileError(
      .unsupported,
      "the model needs operators that this version does not have: \(list.joined(separator: "; ")); "
        + "export it with other operators or another opset")
  }
}

/// Walks graphs and counts.
private struct Survey {
  struct Key: Hashable {
    let domain: String
    let name: String
    let opset: Int
  }

  private(set) var uses: [Key: (count: Int, firstNode: String)] = [:]
  private(set) var locations: Set<String> = []
  private let functions: [FunctionTable.Key: ONNXFunction]
  /// Functions that were called and whose nodes are still to be counted.
  private var waiting: [ONNXFunction] = []
  private var called: Set<FunctionTable.Key> = []

  init(_ model: ONNXModel) {
    functions = Dictionary(model.functions.map { (FunctionTable.Key($0), $0) }) { first, _ in first }
    if let graph = model.graph { visit(graph, model.opsets) }
    while let function = waiting.popLast() {
      function.defaults.forEach { note($0, function.opsets) }
      visit(function.nodes, function.opsets.isEmpty ? model.opsets : function.opsets)
    }
  }

  private mutating func visit(_ graph: ONNXGraph, _ opsets: [String: Int]) {
    graph.initializers.forEach { note($0) }
    for weight in graph.sparseInitializers { note(weight) }
    visit(graph.nodes, opsets)
  }

  private mutating func visit(_ nodes: [ONNXNode], _ opsets: [String: Int]) {
    for node in nodes {
      node.attributes.forEach { note($0, opsets) }
      let function = FunctionTable.Key(node)
      if let body = functions[function] {
        if called.insert(function).inserted { waiting.append(body) }
        continue
      }
      let key = Key(domain: node.domain, name: node.operatorName, opset: opsets[node.domain] ?? 1)
      uses[key, default: (0, node.name)].count += 1
    }
  }

  private mutating func note(_ attribute: ONNXAttribute, _ opsets: [String: Int]) {
    switch attribute.value {
    case .graph(let graph): visit(graph, opsets)
    case .tensor(let tensor): note(tensor)
    case .tensors(let tensors): tensors.forEach { note($0) }
    case .sparseTensor(let tensor): note(tensor)
    case .sparseTensors(let tensors): tensors.forEach { note($0) }
    default: break
    }
  }

  private mutating func note(_ tensor: ONNXSparseTensor) {
    note(tensor.values)
    note(tensor.indices)
  }

  private mutating func note(_ tensor: ONNXTensor) {
    if tensor.isExternal, let location = tensor.externalData["location"] { locations.insert(location) }
  }
}
