import HeadgateTensors

/// What the leaves of a forest add to which scores. Leaves are numbered tree by tree.
struct LeafWeights<Scalar: TreeScalar>: Sendable {
  /// How the weights that a row collects become one score for each target.
  enum Aggregate: Int, Sendable {
    // The raw values are those of TreeEnsemble from ai.onnx.ml 5 on. An average is a sum divided later.
    case average = 0
    case sum = 1
    case minimum = 2
    case maximum = 3
  }

  let targetCount: Int
  /// The first weight of each leaf, 0 where it has none.
  private(set) var values: [Scalar] = []
  /// For each tree the one target that its leaves have one weight for; empty when it is not so.
  private(set) var treeTargets: [Int32] = []
  /// Each of `treeTargets` once.
  private var givenTargets: [Int32] = []
  /// Whether all is said by `values` and `treeTargets`.
  private var isPlain = true
  /// Otherwise leaf `i` has the weights from `starts[i]` to before `starts[i + 1]`.
  private var starts: [Int32] = [0]
  private var targets: [Int32] = []
  private var weights: [Scalar] = []

  init(targetCount: Int) {
    self.targetCount = targetCount
  }

  /// Appends the leaves of trees; `finish` ends them.
  ///
  /// - Parameter treeStarts: The first leaf of each tree, those that were appended before included.
  mutating func append(_ description: ForestDescription, _ order: ForestDescription.Order, treeStarts: [Int]) {
    let first = values.count
    for node in order.leaves {
      let range = description.weightRange(Int(node))
      values.append(range.isEmpty ? 0 : Scalar(description.weights[range.lowerBound].value))
    }
    if isPlain, let found = Self.treeTargets(description, order) {
      treeTargets += found
      return
    }
    if isPlain { spread(first, treeStarts) }
    for node in order.leaves {
      for weight in description.weights[description.weightRange(Int(node))] {
        targets.append(Int32(weight.target))
        weights.append(Scalar(weight.value))
      }
      starts.append(Int32(targets.count))
    }
  }

  /// Appends the leaves of another value.
  ///
  /// - Parameters:
  ///   - treeStarts: The first leaf of each tree here.
  ///   - otherStarts: The same of the other.
  mutating func append(_ other: LeafWeights, treeStarts: [Int], otherStarts: [Int]) {
    let first = values.count
    values += other.values
    if isPlain, other.isPlain {
      treeTargets += other.treeTargets
      return
    }
    if isPlain { spread(first, treeStarts) }
    var other = other
    if other.isPlain { other.spread(other.values.count, otherStarts) }
    let offset = Int32(targets.count)
    targets += other.targets
    weights += other.weights
    starts += other.starts.dropFirst().map { offset + $0 }
  }

  /// Makes room for as many leaves as there are in others.
  mutating func reserve(for others: some Sequence<LeafWeights>) {
    values.reserveCapacity(others.reduce(values.count) { $0 + $1.values.count })
  }

  mutating func finish() {
    givenTargets = Set(treeTargets).sorted()
  }

  /// Lists the weights of the first leaves one by one.
  private mutating func spread(_ leafCount: Int, _ treeStarts: [Int]) {
    isPlain = false
    weights = Array(values[..<leafCount])
    starts = (0...leafCount).map { Int32($0) }
    for (tree, target) in treeTargets.enumerated() {
      let end = tree + 1 < treeStarts.count ? treeStarts[tree + 1] : leafCount
      targets += repeatElement(target, count: end - treeStarts[tree])
    }
    treeTargets = []
  }

  /// The target of each tree; nil when a tree has several, or a leaf more or less than one weight.
  private static func treeTargets(_ description: ForestDescription, _ order: ForestDescription.Order) -> [Int32]? {
    // Of trees that share nodes, not all leaves of a tree need be among its own.
    let starts = order.isShared ? [0] : order.treeStarts
    var found: [Int32] = []
    for (start, end) in zip(starts, starts.dropFirst() + [order.leaves.count]) {
      var target: Int32?
      for node in order.leaves[start..<end] {
        let range = description.weightRange(Int(node))
        guard range.count == 1 else { return nil }
        let other = Int32(description.weights[range.lowerBound].target)
        guard target == nil || target == other else { return nil }
        target = other
      }
      guard let target else { return nil }
      found.append(target)
    }
    return order.isShared ? [Int32](repeating: found[0], count: order.treeStarts.count) : found
  }

  /// The target of all trees, when they have one weight a leaf and the same target.
  var onlyTarget: Int? { givenTargets.count == 1 ? givenTargets.first.map { Int($0) } : nil }

  /// Whether the scores are sums of one weight for each tree.
  func areSums(_ aggregate: Aggregate) -> Bool {
    (aggregate == .sum || aggregate == .average) && !treeTargets.isEmpty
  }

  /// Marks for `count` rows the targets that sums have, `[count, targetCount]`.
  func markTargets(_ count: Int, _ seen: UnsafeMutablePointer<Bool>) {
    for target in givenTargets {
      for row in 0..<count { seen[row * targetCount + Int(target)] = true }
    }
  }

  /// Adds all weights of a leaf to the scores of a row.
  @inline(__always)
  func add(
    _ leaf: Int, tree: Int, _ aggregate: Aggregate, _ scores: UnsafeMutablePointer<Scalar>,
    _ seen: UnsafeMutablePointer<Bool>
  ) {
    guard treeTargets.isEmpty else {
      return Self.add(values[leaf], to: Int(treeTargets[tree]), aggregate, scores, seen)
    }
    for index in Int(starts[leaf])..<Int(starts[leaf + 1]) {
      Self.add(weights[index], to: Int(targets[index]), aggregate, scores, seen)
    }
  }

  @inline(__always)
  private static func add(
    _ value: Scalar, to target: Int, _ aggregate: Aggregate, _ scores: UnsafeMutablePointer<Scalar>,
    _ seen: UnsafeMutablePointer<Bool>
  ) {
    switch aggregate {
    case .sum, .average: scores[target] += value
    case .minimum: if !seen[target] || value < scores[target] { scores[target] = value }
    case .maximum: if !seen[target] || value > scores[target] { scores[target] = value }
    }
    seen[target] = true
  }
}
