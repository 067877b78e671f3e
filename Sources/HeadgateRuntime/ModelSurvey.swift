import HeadgateTensors

/// Walks graphs and counts.
struct ModelSurvey {
  struct Key: Hashable {
    let domain: String
    let name: String
    let opset: Int
  }

  /// Enough to see a pattern; a model may have thousands.
  fileprivate static let namedNodes = 10

  /// How often an operator is used, and where.
  struct Use {
    var count = 0
    var firstNode = ""
    var nodes: [String] = []
  }

  private(set) var uses: [Key: Use] = [:]
  private(set) var weights = ModelInspection.Weights()
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
      uses[key, default: Use(firstNode: node.name)].add(node.name)
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
    weights.add(tensor)
    if tensor.isExternal, let location = tensor.externalData["location"] { locations.insert(location) }
  }
}

extension ModelSurvey.Use {
  fileprivate mutating func add(_ node: String) {
    count += 1
    if !node.isEmpty, nodes.count < ModelSurvey.namedNodes { nodes.append(node) }
  }
}

extension ModelInspection.Weights {
  /// Counts one; a file that lies about shapes gets no more than the largest numbers.
  fileprivate mutating func add(_ tensor: ONNXTensor) {
    count += 1
    let elements = (try? tensor.dimensions.elementCount()) ?? .max
    let width = ElementType(rawValue: tensor.dataType)?.byteCount ?? 1
    elementCount = elementCount.addingSaturating(elements)
    byteCount = byteCount.addingSaturating(elements.multipliedSaturating(by: width))
  }
}

extension Int {
  /// The sum of two numbers that are not negative; the largest when it does not fit.
  func addingSaturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The product of two numbers that are not negative; the largest when it does not fit.
  func multipliedSaturating(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
