import HeadgateTensors

/// The trees of an ensemble as a model file gives them, in one list of nodes.
///
/// Built from attributes and thrown away once a `Forest` is compiled from it. The nodes may share
/// children; `Forest` refuses cycles.
struct ForestDescription {
  /// What a node compares a feature with its threshold for; a leaf compares nothing.
  enum Mode: UInt8, Sendable {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, leaf
  }

  struct Node {
    var mode: Mode
    var feature: Int
    var threshold: Double
    /// Whether a missing value takes the true branch, whatever the comparison gives.
    var missingIsTrue: Bool
    var trueChild: Int
    var falseChild: Int
  }

  /// What a leaf adds to the score of one target.
  struct Weight {
    var target: Int
    var value: Double
  }

  var nodes: [Node] = []
  var roots: [Int] = []
  /// The weights of all leaves, those of node `i` at `weightStarts[i]..<weightStarts[i + 1]`.
  var weights: [Weight] = []
  var weightStarts: [Int] = []
  let targetCount: Int

  /// More nodes than this do not fit the 32-bit indices of a compiled forest.
  static let maxNodeCount = Int(Int32.max) / 2

  init(targetCount: Int) throws(TensorError) {
    guard targetCount > 0, targetCount <= 1 << 24 else {
      throw TensorError(.invalidValue, "the trees have \(targetCount) targets or classes")
    }
    self.targetCount = targetCount
  }

  /// Sets the weights of the leaves from pairs in any order; those of one node keep their order.
  mutating func setWeights(_ entries: [(node: Int, weight: Weight)]) {
    weightStarts = [Int](repeating: 0, count: nodes.count + 1)
    for entry in entries { weightStarts[entry.node + 1] += 1 }
    for index in nodes.indices { weightStarts[index + 1] += weightStarts[index] }
    var places = weightStarts
    weights = [Weight](repeating: Weight(target: 0, value: 0), count: entries.count)
    for entry in entries {
      weights[places[entry.node]] = entry.weight
      places[entry.node] += 1
    }
  }
}

extension Attributes {
  /// Numbers that may stand as floats under `name` or as a tensor under `name_as_tensor`.
  func numbers(_ name: String) throws(TensorError) -> [Double] {
    let floats = try self.floats(name) ?? []
    guard let tensor = try tensor(name + "_as_tensor") else { return floats.map { Double($0) } }
    guard floats.isEmpty else {
      throw TensorError(.invalidValue, "both attributes '\(name)' and '\(name)_as_tensor' are given")
    }
    return try tensor.numbers(attribute: name + "_as_tensor")
  }
}

extension Tensor {
  /// The elements of an attribute that holds floating-point numbers.
  func numbers(attribute: String) throws(TensorError) -> [Double] {
    switch elementType {
    case .float: try floats().map { Double($0) }
    case .double: try doubles()
    case .float16: try array(of: Float16.self).map { Double($0) }
    default: throw TensorError(.unsupported, "attribute '\(attribute)' has elements of type \(elementType)")
    }
  }
}
