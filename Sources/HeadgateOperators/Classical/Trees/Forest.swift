import HeadgateTensors

/// Trees compiled for speed: the nodes of each tree lie together in the order of a walk, 16 bytes each.
///
/// All order comparisons are brought to `feature <= threshold`, and a leaf points to itself, so that
/// several walks go on side by side without branches until none of them moves. Forests with nodes that
/// test for anything else keep a mode for each node and take a slower walk.
package struct Forest<Scalar: TreeScalar>: Sendable {
  struct Node: Sendable {
    /// The threshold; in a leaf its first weight.
    var threshold: Scalar
    /// The feature, with the sign bit set when a missing value takes the true branch.
    var feature: UInt32
    var whenFalse: Int32
    var whenTrue: Int32
  }

  private(set) var nodes: [Node] = []
  private(set) var roots: [Int32] = []
  /// The comparison of each node; empty when all are `lessOrEqual`.
  private(set) var modes: [ForestDescription.Mode] = []
  /// The set of each node that seeks a member; empty when there is none.
  private(set) var setIndices: [Int32] = []
  let sets: CategorySets
  /// The weights of node `i` are at `weightStarts[i]..<weightStarts[i + 1]`; empty with `treeTargets`.
  private(set) var weightStarts: [Int32] = []
  private(set) var weightTargets: [Int32] = []
  private(set) var weightValues: [Scalar] = []
  /// For each tree the one target that its leaves have one weight for; empty when it is not so.
  private(set) var treeTargets: [Int32] = []
  private(set) var hasMissing = false
  /// The features that a row must have.
  package private(set) var columns = 1
  /// The number of scores that the trees give.
  package let targetCount: Int

  static var missingBit: UInt32 { 1 << 31 }

  /// Compiles the trees; nodes that no root leads to are left out.
  ///
  /// - Throws: `TensorError.invalidValue` when a node leads back to itself.
  package init(_ description: ForestDescription) throws(TensorError) {
    targetCount = description.targetCount
    sets = description.sets
    guard !description.roots.isEmpty else { throw TensorError(.invalidValue, "the ensemble has no trees") }
    let order = try Self.order(description)
    var places = [Int32](repeating: -1, count: description.nodes.count)
    for (place, index) in order.enumerated() { places[index] = Int32(place) }
    roots = description.roots.map { places[$0] }
    nodes.reserveCapacity(order.count)
    modes.reserveCapacity(order.count)
    for index in order { append(description, index, places) }
    if modes.allSatisfy({ $0 == .lessOrEqual }) { modes = [] }
    if sets.count > 0 { setIndices = order.map { Int32(description.nodes[$0].set) } }
    setTargets(description, order, places)
  }

  /// All nodes that the roots lead to, each once, parents before children, the true branch first.
  private static func order(_ description: ForestDescription) throws(TensorError) -> [Int] {
    var states = [VisitState](repeating: .new, count: description.nodes.count)
    var order: [Int] = []
    var stack: [Int] = []
    for root in description.roots where states[root] == .new {
      stack.append(root)
      while let index = stack.last {
        switch states[index] {
        case .new:
          states[index] = .open
          order.append(index)
          let node = description.nodes[index]
          guard node.mode != .leaf else { continue }
          for child in [node.falseChild, node.trueChild] {
            guard states[child] != .open else {
              throw TensorError(
                .invalidValue, "attributes 'nodes_truenodeids' and 'nodes_falsenodeids' make a cycle at node \(index)")
            }
            if states[child] == .new { stack.append(child) }
          }
        case .open, .done:
          states[index] = .done
          stack.removeLast()
        }
      }
    }
    return order
  }

  private mutating func append(_ description: ForestDescription, _ index: Int, _ places: [Int32]) {
    let source = description.nodes[index]
    guard source.mode != .leaf else {
      let first = description.weightStarts[index]
      let value = first < description.weightStarts[index + 1] ? description.weights[first].value : 0
      nodes.append(
        Node(threshold: Scalar(value), feature: 0, whenFalse: places[index], whenTrue: places[index]))
      modes.append(.lessOrEqual)
      return
    }
    var threshold = Scalar(source.threshold)
    var (whenTrue, whenFalse) = (places[source.trueChild], places[source.falseChild])
    var missingIsTrue = source.missingIsTrue
    var mode = source.mode
    // x >= t is the opposite of x < t, except that both are false for NaN.
    if (mode == .greater || mode == .greaterOrEqual) && !threshold.isNaN {
      (whenTrue, whenFalse) = (whenFalse, whenTrue)
      missingIsTrue.toggle()
      mode = mode == .greater ? .lessOrEqual : .less
    }
    // x < t is x <= the number before t; nothing is less than minus infinity, nor than NaN.
    if mode == .less {
      threshold = threshold == -.infinity ? .nan : threshold.nextDown
      mode = .lessOrEqual
    }
    hasMissing = hasMissing || missingIsTrue
    columns = max(columns, source.feature + 1)
    nodes.append(
      Node(
        threshold: threshold, feature: UInt32(source.feature) | (missingIsTrue ? Self.missingBit : 0),
        whenFalse: whenFalse, whenTrue: whenTrue))
    modes.append(mode)
  }

  /// Finds out whether each tree has one target, and otherwise lists the weights of each leaf.
  private mutating func setTargets(_ description: ForestDescription, _ order: [Int], _ places: [Int32]) {
    treeTargets = Self.singleTargets(description, order) ?? []
    guard treeTargets.isEmpty else { return }
    weightStarts.reserveCapacity(order.count + 1)
    weightStarts.append(0)
    for index in order {
      for weight in description.weights[description.weightStarts[index]..<description.weightStarts[index + 1]] {
        weightTargets.append(Int32(weight.target))
        weightValues.append(Scalar(weight.value))
      }
      weightStarts.append(Int32(weightTargets.count))
    }
  }

  /// The target of each tree, or nil when leaves have several weights or trees several targets.
  private static func singleTargets(_ description: ForestDescription, _ order: [Int]) -> [Int32]? {
    var parents = [UInt8](repeating: 0, count: description.nodes.count)
    for root in description.roots { parents[root] = min(parents[root] + 1, 2) }
    var targets: [Int32] = []
    var isShared = false
    for index in order {
      let node = description.nodes[index]
      guard node.mode == .leaf else {
        for child in [node.trueChild, node.falseChild] {
          isShared = isShared || parents[child] > 0
          parents[child] = 1
        }
        continue
      }
      let range = description.weightStarts[index]..<description.weightStarts[index + 1]
      guard range.count == 1 else { return nil }
      targets.append(Int32(description.weights[range.lowerBound].target))
    }
    if let first = targets.first, targets.allSatisfy({ $0 == first }) {
      return Array(repeating: first, count: description.roots.count)
    }
    // Trees that share nodes do not lie one after the other in the order.
    guard !isShared else { return nil }
    let roots = Set(description.roots)
    var treeTargets: [Int32] = []
    var leaf = 0
    for index in order {
      if roots.contains(index) { treeTargets.append(-1) }
      guard description.nodes[index].mode == .leaf, let current = treeTargets.last else { continue }
      guard current < 0 || current == targets[leaf] else { return nil }
      treeTargets[treeTargets.count - 1] = targets[leaf]
      leaf += 1
    }
    return treeTargets.count == description.roots.count ? treeTargets : nil
  }
}

/// How far the search from the roots has come with a node.
private enum VisitState: UInt8 { case new, open, done }

/// The types that thresholds and scores of trees are computed in.
package protocol TreeScalar: BinaryFloatingPoint, TensorElement {}
extension Float: TreeScalar {}
extension Double: TreeScalar {}
