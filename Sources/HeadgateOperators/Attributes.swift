import HeadgateTensors

/// The value of one attribute of a node.
package enum AttributeValue: Sendable {
  case int(Int64)
  case float(Float)
  case string(String)
  case tensor(Tensor)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  case tensors([Tensor])
  case graph(any Subgraph)
}

/// The attributes of one node. A handful at most, so they are kept in a list.
package struct Attributes: Sendable {
  private let entries: [(name: String, value: AttributeValue)]

  package init(_ entries: [(name: String, value: AttributeValue)]) {
    self.entries = entries
  }

  package subscript(name: String) -> AttributeValue? {
    entries.first { $0.name == name }?.value
  }

  package func int(_ name: String) throws(TensorError) -> Int? {
    guard let value = self[name] else { return nil }
    guard case .int(let int) = value else { throw wrongKind(name, "an integer") }
    return Int(int)
  }

  package func flag(_ name: String) throws(TensorError) -> Bool {
    try int(name) ?? 0 != 0
  }

  package func float(_ name: String) throws(TensorError) -> Float? {
    guard let value = self[name] else { return nil }
    guard case .float(let float) = value else { throw wrongKind(name, "a float") }
    return float
  }

  package func string(_ name: String) throws(TensorError) -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let string) = value else { throw wrongKind(name, "a string") }
    return string
  }

  package func tensor(_ name: String) throws(TensorError) -> Tensor? {
    guard let value = self[name] else { return nil }
    guard case .tensor(let tensor) = value else { throw wrongKind(name, "a tensor") }
    return tensor
  }

  package func graph(_ name: String) throws(TensorError) -> (any Subgraph)? {
    guard let value = self[name] else { return nil }
    guard case .graph(let graph) = value else { throw wrongKind(name, "a graph") }
    return graph
  }

  package func int64s(_ name: String) throws(TensorError) -> [Int64]? {
    guard let value = self[name] else { return nil }
    switch value {
    case .ints(let ints): return ints
    // An empty list carries no element that would tell its kind to every writer.
    case .floats(let none) where none.isEmpty: return []
    default: throw wrongKind(name, "a list of integers")
    }
  }

  package func ints(_ name: String) throws(TensorError) -> [Int]? {
    try int64s(name)?.map { Int($0) }
  }

  package func floats(_ name: String) throws(TensorError) -> [Float]? {
    guard let value = self[name] else { return nil }
    guard case .floats(let floats) = value else { throw wrongKind(name, "a list of floats") }
    return floats
  }

  package func strings(_ name: String) throws(TensorError) -> [String]? {
    guard let value = self[name] else { return nil }
    guard case .strings(let strings) = value else { throw wrongKind(name, "a list of strings") }
    return strings
  }

  private func wrongKind(_ name: String, _ expected: String) -> TensorError {
    TensorError(.invalidValue, "attribute '\(name)' is not \(expected)")
  }
}

/// A graph that an operator such as If or Loop runs as often as it decides.
package protocol Subgraph: Sendable {
  var inputCount: Int { get }
  var outputCount: Int { get }

  /// What the graph declares of an output that is a tensor: its type, and nil for extents that it leaves open.
  func declaredOutput(_ index: Int) -> (elementType: ElementType, shape: [Int?]?)?

  /// Runs the graph; `outer` is the call of the node that owns it, which carries the captured values.
  func run(_ inputs: [Value?], outer: OperatorCall) throws(TensorError) -> [Value]
}
