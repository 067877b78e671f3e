import HeadgateTensors

/// The trees of an ensemble as a model file gives them, in one list of nodes.
///
/// Built from a model file and thrown away once a `Forest` is compiled from it, if need be a few trees at a time. The
/// nodes may share children; `Forest` refuses cycles.
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

  /// Small, for there may be millions while a model is loaded.
  package struct Node {
    var threshold: Double
    private var featureIndex: Int32
    private var trueIndex: Int32
    private var falseIndex: Int32
    var mode: Mode
    /// Whether a missing value takes the true branch, whatever the comparison gives.
    var missingIsTrue: Bool

    var feature: Int {
      get { Int(featureIndex) }
      set { featureIndex = Int32(newValue) }
    }
    var trueChild: Int {
      get { Int(trueIndex) }
      set { trueIndex = Int32(newValue) }
    }
    var falseChild: Int {
      get { Int(falseIndex) }
      set { falseIndex = Int32(newValue) }
    }
    /// The index of the set that a member is sought in, which has no threshold.
    var set: Int { mode == .member || mode == .truncatedMember ? Int(threshold) : 0 }

    /// A test; the children are indices into `nodes`.
    package init(
      mode: Mode, feature: Int, threshold: Double, missingIsTrue: Bool, trueChild: Int, falseChild: Int
    ) {
      self.mode = mode
      self.threshold = threshold
      self.missingIsTrue = missingIsTrue
      featureIndex = Int32(feature)
      trueIndex = Int32(trueChild)
      falseIndex = Int32(falseChild)
    }

    /// A test for the members of a set; `isCut` when values are cut to whole numbers first.
    package init(
      set: Int, isCut: Bool, feature: Int, missingIsTrue: Bool, trueChild: Int, falseChild: Int
    ) {
      self.init(
        mode: isCut ? .truncatedMember : .member, feature: feature, threshold: Double(set),
        missingIsTrue: missingIsTrue, trueChild: trueChild, falseChild: falseChild)
    }
  }

  /// What a leaf adds to the score of one target.
  package struct Weight {
    private var targetIndex: Int32
    var value: Double

    var target: Int { Int(targetIndex) }

    package init(target: Int, value: Double) {
      targetIndex = Int32(target)
      self.value = value
    }
  }

  package internal(set) var nodes: [Node] = []
  /// The first node of each tree.
  package var roots: [Int] = []
  /// The weights of all leaves, those of node `i` at `weightStarts[i]..<weightStarts[i + 1]`.
  var weights: [Weight] = []
  private(set) var weightStarts: [Int32] = []
  /// The sets of categories that nodes refer to.
  package private(set) var sets = CategorySets()
  let targetCount: Int

  /// About how much there is of nodes, weights and sets, in units of 16 bytes: leaves of many weights and sets of many
  /// categories can take far more than the nodes.
  var size: Int { nodes.count + weights.count + sets.wordCount / 4 }

  /// More nodes than this do not fit the 32-bit indices of a compiled forest.
  package static let maxNodeCount = Int(Int32.max) / 2

  /// There are more nodes than `maxNodeCount`.
  package struct TooManyNodes: Error, CustomStringConvertible {
    package var description: String { "the trees have more nodes than this version takes" }

    package init() {}
  }

  /// An empty description.
  ///
  /// - Throws: `TensorError.invalidValue` for a senseless number of targets.
  package init(targetCount: Int) throws(TensorError) {
    guard targetCount > 0, targetCount <= 1 << 24 else {
      throw TensorError(.invalidValue, "the trees have \(targetCount) targets or classes")
    }
    self.targetCount = targetCount
  }

  /// Appends a test of a feature. Every node is appended so, or none; `finish` ends them.
  package mutating func append(_ node: Node) {
    nodes.append(node)
    weightStarts.append(Int32(weights.count))
  }

  /// Appends a leaf of one weight.
  package mutating func appendLeaf(target: Int, value: Double) {
    append(leaf)
    weights.append(Weight(target: target, value: value))
  }

  /// Appends a leaf of several weights, or of none.
  package mutating func appendLeaf(_ weights: [Weight] = []) {
    append(leaf)
    self.weights += weights
  }

  /// A leaf as the next node; it leads to itself.
  private var leaf: Node {
    Node(
      mode: .leaf, feature: 0, threshold: 0, missingIsTrue: false, trueChild: nodes.count, falseChild: nodes.count)
  }

  /// Appends a set of categories as a bit field and returns its index.
  package mutating func appendSet(words: some Collection<UInt32>, firstWord: Int = 0) -> Int {
    sets.append(words, firstWord: firstWord)
  }

  /// Ends a list of nodes that were appended.
  package mutating func finish() {
    weightStarts.append(Int32(weights.count))
  }

  /// Forgets all trees and sets, to describe others in the same memory.
  package mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    roots.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    weightStarts.removeAll(keepingCapacity: true)
    sets = CategorySets()
  }

  /// Where the weights of a node are.
  func weightRange(_ node: Int) -> Range<Int> { Int(weightStarts[node])..<Int(weightStarts[node + 1]) }

  /// Sets the weights of the leaves from pairs in any order; those of one node keep their order.
  mutating func setWeights(_ entries: [(node: Int, weight: Weight)]) {
    weightStarts = [Int32](repeating: 0, count: nodes.count + 1)
    for entry in entries { weightStarts[entry.node + 1] += 1 }
    for index in nodes.indices { weightStarts[index + 1] += weightStarts[index] }
    var places = weightStarts
    weights = [Weight](repeating: Weight(target: 0, value: 0), count: entries.count)
    for entry in entries {
      weights[Int(places[entry.node])] = entry.weight
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
