import HeadgateTensors

/// Trees that rows walk through: the tests of each tree lie together in the order of a walk, 16 bytes each, and the
/// leaves of all trees behind them.
///
/// All order comparisons are brought to `feature <= threshold`, and a leaf points to itself, so that several walks go
/// on side by side without branches until none of them moves. Forests with nodes that test for anything else keep a
/// mode for each node and take a slower walk.
final class WalkedForest<Scalar: TreeScalar>: Sendable {
  struct Node: Sendable {
    /// The threshold; in a leaf its first weight.
    var threshold: Scalar
    /// The feature, with the sign bit set when a missing value takes the true branch.
    var feature: UInt32
    var whenFalse: Int32
    var whenTrue: Int32
  }

  let nodes: [Node]
  let roots: [Int32]
  /// The comparison of each node; empty when all are `lessOrEqual`.
  let modes: [ForestDescription.Mode]
  /// The set of each node that seeks a member; empty when there is none.
  let setIndices: [Int32]
  let sets: CategorySets
  let weights: LeafWeights<Scalar>
  /// The node of the first leaf.
  let firstLeaf: Int
  let hasMissing: Bool

  static var missingBit: UInt32 { 1 << 31 }

  init(_ description: ForestDescription, in order: ForestDescription.Order) {
    sets = description.sets
    firstLeaf = order.tests.count
    var weights = LeafWeights<Scalar>(targetCount: description.targetCount)
    weights.append(description, order, treeStarts: order.treeStarts)
    weights.finish()
    self.weights = weights
    let all = order.tests + order.leaves
    var places = [Int32](repeating: -1, count: description.nodes.count)
    for (place, index) in all.enumerated() { places[Int(index)] = Int32(place) }
    roots = description.roots.map { places[$0] }
    var nodes: [Node] = []
    nodes.reserveCapacity(all.count)
    var modes = [ForestDescription.Mode](repeating: .lessOrEqual, count: all.count)
    var hasMissing = false
    for (place, index) in order.tests.enumerated() {
      let comparison = ForestDescription.Comparison<Scalar>(description.nodes[Int(index)])
      hasMissing = hasMissing || comparison.missingIsTrue
      modes[place] = comparison.mode
      nodes.append(
        Node(
          threshold: comparison.threshold,
          feature: UInt32(description.nodes[Int(index)].feature) | (comparison.missingIsTrue ? Self.missingBit : 0),
          whenFalse: places[comparison.whenFalse], whenTrue: places[comparison.whenTrue]))
    }
    for (leaf, index) in order.leaves.enumerated() {
      nodes.append(
        Node(threshold: weights.values[leaf], feature: 0, whenFalse: places[Int(index)], whenTrue: places[Int(index)]))
    }
    self.nodes = nodes
    self.modes = modes.allSatisfy { $0 == .lessOrEqual } ? [] : modes
    self.hasMissing = hasMissing
    setIndices = sets.count > 0 ? all.map { Int32(description.nodes[Int($0)].set) } : []
  }
}
