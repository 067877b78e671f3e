/// The functions that a model defines, checked as a whole before any is used.
///
/// A function is inlined where it is called. A short file can describe an expansion without end, so the
/// sizes of all expansions are computed first, in one pass over the file.
struct FunctionTable {
  /// The most nodes that calls of functions may stand for, in one model.
  static let maxInlinedNodes = 200_000
  /// How deep functions may call each other, graphs of control flow in between included.
  static let maxDepth = 32

  struct Key: Hashable {
    let domain: String
    let name: String
    let overload: String

    init(_ node: ONNXNode) {
      (domain, name, overload) = (node.domain, node.operatorName, node.overload)
    }

    init(_ function: ONNXFunction) {
      (domain, name, overload) = (function.domain, function.name, function.overload)
    }

    var text: String {
      (domain.isEmpty ? name : "\(domain).\(name)") + (overload.isEmpty ? "" : ":\(overload)")
    }
  }

  /// What one call of a function, or a list of nodes, comes to.
  private struct Extent {
    /// The nodes that calls stand for, those of the functions that they call included.
    var nodes = 0
    /// How many bodies of functions and graphs of control flow lie inside of each other.
    var depth = 0

    /// Both saturate far above the limits.
    mutating func add(_ inner: Extent, levels: Int) {
      nodes = min(nodes + inner.nodes, maxInlinedNodes + 1)
      depth = max(depth, min(inner.depth + levels, maxDepth + 1))
    }
  }

  private let functions: [Key: ONNXFunction]
  private var extents: [Key: Extent] = [:]

  /// - Throws: `ModelFileError.invalidGraph` when a function is defined twice, or calls itself, however
  ///   indirectly; `tooLarge` when calls nest too deep or stand for too many nodes.
  init(_ model: ONNXModel) throws(ModelFileError) {
    var functions: [Key: ONNXFunction] = [:]
    for function in model.functions {
      let key = Key(function)
      guard functions.updateValue(function, forKey: key) == nil else {
        throw ModelFileError(.invalidGraph, "the function '\(key.text)' is defined a second time")
      }
    }
    self.functions = functions
    guard !functions.isEmpty, let graph = model.graph else { return }
    var callers: [Key] = []
    let extent = try extent(of: graph.nodes, &callers, level: 0)
    guard extent.nodes <= FunctionTable.maxInlinedNodes else {
      throw ModelFileError(
        .tooLarge,
        "the calls of the model's functions stand for more than \(FunctionTable.maxInlinedNodes) nodes; "
          + "export the model with fewer or smaller functions")
    }
    guard extent.depth <= FunctionTable.maxDepth else { throw FunctionTable.tooDeep }
  }

  /// The function that a node calls, or nil when it is an operator.
  func function(_ node: ONNXNode) -> ONNXFunction? {
    functions.isEmpty ? nil : functions[Key(node)]
  }

  /// - Parameter level: how many bodies and graphs the nodes lie in; bounded here because this calls itself.
  private mutating func extent(
    of nodes: [ONNXNode], _ callers: inout [Key], level: Int
  ) throws(ModelFileError) -> Extent {
    guard level <= FunctionTable.maxDepth else { throw FunctionTable.tooDeep }
    var extent = Extent()
    for node in nodes {
      for graph in node.subgraphs {
        extent.add(try self.extent(of: graph.nodes, &callers, level: level + 1), levels: 1)
      }
      if let function = function(node) {
        var inner = try self.extent(of: function, &callers, level: level + 1)
        // The attributes of the call may be read by each node of the function.
        inner.nodes *= FunctionTable.attributeSize(node)
        extent.add(inner, levels: 1)
      }
    }
    return extent
  }

  private mutating func extent(
    of function: ONNXFunction, _ callers: inout [Key], level: Int
  ) throws(ModelFileError) -> Extent {
    let key = Key(function)
    // A function is among the known only once all that it calls is known to end.
    if let extent = extents[key] { return extent }
    guard !callers.contains(key) else {
      let circle = (callers.drop { $0 != key } + [key]).prefix(8).map(\.text)
      throw ModelFileError(.invalidGraph, "a function calls itself: \(circle.joined(separator: " -> "))")
    }
    callers.append(key)
    defer { callers.removeLast() }
    var extent = try extent(of: function.nodes, &callers, level: level)
    extent.add(Extent(nodes: 1 + FunctionTable.nodeCount(function.nodes)), levels: 0)
    extents[key] = extent
    return extent
  }

  /// The nodes of a list, those of its subgraphs included. One with large attributes stands for many, for
  /// its kernel is prepared anew for each call.
  private static func nodeCount(_ nodes: [ONNXNode]) -> Int {
    nodes.reduce(0) { sum, node in
      node.subgraphs.reduce(sum + attributeSize(node)) { $0 + nodeCount($1.nodes) }
    }
  }

  /// 1 for a node with ordinary attributes, more the larger they are; at most so much that no product overflows.
  private static func attributeSize(_ node: ONNXNode) -> Int {
    let bytes = node.attributes.reduce(0) { sum, attribute in
      switch attribute.value {
      case .ints(let values): sum + values.count * 8
      case .floats(let values): sum + values.count * 8
      case .strings(let values): sum + values.count * 16
      // Weights are made once for all calls; a kernel may still bring them into a form of its own.
      case .tensor(let weight): sum + weight.message.count / 16
      default: sum
      }
    }
    return 1 + min(bytes / 1024, maxInlinedNodes)
  }

  private static var tooDeep: ModelFileError {
    ModelFileError(.tooLarge, "functions call each other more than \(maxDepth) deep; this is no ordinary model")
  }
}
