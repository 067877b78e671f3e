import HeadgateTensors

/// The trees of an ensemble as a model file gives them, in one list of nodes.
///
/// Built from a model file and thrown away once a `Forest` is compiled from it. The nodes may share
/// children; `Forest` refuses cycles.
package struct ForestDescription {
  /// What a node compares a feature with its threshold for; a leaf compares nothing.
  package enum Mode: UInt8, Sendable {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, leaf
    /// True for a category of the node's set; a negative value is of no category.
    case member
    /// The same, but the value is cut to a whole number first: what lies above -1 is category 0.
    case truncatedMember
    /// `lessOrEqual`, where zero counts as missing.
    case lessOrEqualZeroMissing
  }

  package struct Node {
    var mode: Mode
    var feature: Int
    var threshold: Double
    /// Whether a missing value takes the true branch, whatever the comparison gives.
    var missingIsTrue: Bool
    var trueChild: Int
    var falseChild: Int
    /// The index of the set that a member is sought in.
    var set: Int = 0

    /// A test; the children are indices into `nodes`.
    package init(
      mode: Mode, feature: Int, threshold: Double, missingIsTrue: Bool, trueChild: Int, falseChild: Int, set: Int = 0
    ) {
      self.mode = mode
      self.feature = feature
      self.threshold = threshold
      self.missingIsTrue = missingIsTrue
      self.trueChild = trueChild
      self.falseChild = falseChild
      self.set = set
    }
  }

  /// What a leaf adds to the score of one target.
  package struct Weight {
    var target: Int
    var value: Double

    package init(target: Int, value: Double) {
      self.target = target
      self.value = value
    }
  }

  package internal(set) var nodes: [Node] = []
  /// The first node of each tree.
  package var roots: [Int] = []
  /// The weights of all leaves, those of node `i` at `weightStarts[i]..<weightStarts[i + 1]`.
  var weights: [Weight] = []
  var weightStarts: [Int] = []
  /// The sets of categories that nodes refer to.
  package private(set) var sets = CategorySets()
  let targetCount: Int

  /// More nodes than this do not fit the 32-bit indices of a compiled forest.
  package static let maxNodeCount = Int(Int32.max) / 2

  /// An empty description.
  ///
  /// - Throws: `TensorError.invalidValue` for a senseless number of targets.
  package init(targetCount: Int) throws(TensorError) {
    guard targetCount > 0, targetCount <= 1 << 24 else {
      throw TensorError(.invalidValue, "the trees have \(targetCount) targets or classes")
    }
    self.targetCount = targetCount
  }

  /// Appends a test of a feature, or with `weights` a leaf. Every node is appended so, or none; `finish` ends it.
  package mutating func append(_ node: Node, weights leaf: some Sequence<Weight> = EmptyCollection<Weight>()) {
    nodes.append(node)
    weightStarts.append(weights.count)
    weights.append(contentsOf: leaf)
  }

  /// Appends a leaf.
  package mutating func appendLeaf(weights leaf: some Sequence<Weight>) {
    let index = nodes.count
    append(
      Node(mode: .leaf, feature: 0, threshold: 0, missingIsTrue: false, trueChild: index, falseChild: index),
      weights: leaf)
  }

  /// Appends a set of categories as a bit field and returns its index.
  package mutating func appendSet(words: some Collection<UInt32>, firstWord: Int = 0) -> Int {
    sets.append(words, firstWord: firstWord)
  }

  /// Ends a list of nodes that were appended.
  package mutating func finish() {
    weightStarts.append(weights.count)
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
