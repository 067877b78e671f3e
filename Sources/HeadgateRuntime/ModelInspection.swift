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
  /// The operators of the model, sorted by domain and name.
  public let operators: [OperatorUse]

  /// Reads the structure of a model file.
  ///
  /// - Throws: `ModelFileError.malformed` or `tooLarge` when the file cannot be decoded.
  public static func inspect(_ bytes: ModelBytes) throws(ModelFileError) -> ModelInspection {
    // The formats of boosting libraries have neither operators nor other files.
    guard try bytes.withUnsafeBytes({ (bytes) throws(ModelFileError) in try ModelFormat(bytes) }) == .onnx else {
      return ModelInspection()
    }
    return ModelInspection(try ONNXModel(decoding: bytes))
  }

  private init() {
    externalData = []
    operators = []
  }

  init(_ model: ONNXModel, registry: OperatorRegistry = .standard) {
    var survey = Survey()
    if let graph = model.graph { survey.visit(graph) }
    for function in model.functions { survey.visit(function.nodes) }
    externalData = survey.locations.sorted()
    operators = survey.uses.map { key, use in
      let opset = model.opsets[key.domain] ?? 1
      let isKnown = registry.definition(domain: key.domain, name: key.name, opset: opset) != nil
      return OperatorUse(
        domain: key.domain, name: key.name, opset: opset, count: use.count, firstNode: use.firstNode,
        isSupported: isKnown)
    }.sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }
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
  }

  var uses: [Key: (count: Int, firstNode: String)] = [:]
  var locations: Set<String> = []

  mutating func visit(_ graph: ONNXGraph) {
    graph.initializers.forEach { note($0) }
    visit(graph.nodes)
  }

  mutating func visit(_ nodes: [ONNXNode]) {
    for node in nodes {
      uses[Key(domain: node.domain, name: node.operatorName), default: (0, node.name)].count += 1
      for attribute in node.attributes {
        switch attribute.value {
        case .graph(let graph): visit(graph)
        case .tensor(let tensor): note(tensor)
        case .tensors(let tensors): tensors.forEach { note($0) }
        default: break
        }
      }
    }
  }

  private mutating func note(_ tensor: ONNXTensor) {
    if tensor.isExternal, let location = tensor.externalData["location"] { locations.insert(location) }
  }
}
