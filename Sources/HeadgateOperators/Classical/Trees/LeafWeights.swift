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
  let values: [Scalar]
  /// For each tree the one target that its leaves have one weight for; empty when it is not so.
  let treeTargets: [Int32]
  /// Each of `treeTargets` once.
  private let givenTargets: [Int32]
  /// Without `treeTargets`, leaf `i` has the weights from `starts[i]` to before `starts[i + 1]`.
  private let starts: [Int32]
  private let targets: [Int32]
  private let weights: [Scalar]

  /// - Parameters:
  ///   - leaves: The node of each leaf.
  ///   - treeStarts: The first leaf of each tree, and the number of all leaves.
  ///   - isShared: Whether trees have nodes in common, so that not all leaves of a tree need be among its own.
  init(_ description: ForestDescription, leaves: [Int], treeStarts: [Int], isShared: Bool) {
    targetCount = description.targetCount
    values = leaves.map {
      description.weightRange($0).isEmpty
        ? 0 : Scalar(description.weights[description.weightRange($0).lowerBound].value)
    }
    treeTargets =
      leaves.allSatisfy { description.weightRange($0).count == 1 }
      ? Self.treeTargets(
        leaves.map { Int32(description.weights[description.weightRange($0).lowerBound].target) },
        treeStarts: treeStarts,
        isShared: isShared)
      : []
    givenTargets = Set(treeTargets).sorted()
    guard treeTargets.isEmpty else {
      (starts, targets, weights) = ([], [], [])
      return
    }
    var starts: [Int32] = [0]
    var targets: [Int32] = []
    var weights: [Scalar] = []
    starts.reserveCapacity(leaves.count + 1)
    for node in leaves {
      for weight in description.weights[description.weightRange(node)] {
        targets.append(Int32(weight.target))
        weights.append(Scalar(weight.value))
      }
      starts.append(Int32(targets.count))
    }
    (self.starts, self.targets, self.weights) = (starts, targets, weights)
  }

  /// The target of each tree, from those of all leaves; empty when a tree has several.
  private static func treeTargets(_ targets: [Int32], treeStarts: [Int], isShared: Bool) -> [Int32] {
    if let first = targets.first, targets.allSatisfy({ $0 == first }) {
      return [Int32](repeating: first, count: treeStarts.count - 1)
    }
    guard !isShared else { return [] }
    var treeTargets: [Int32] = []
    for (start, end) in zip(treeStarts, treeStarts.dropFirst()) {
      guard let first = targets[start..<end].first, targets[start..<end].allSatisfy({ $0 == first }) else { return [] }
      treeTargets.append(first)
    }
    return treeTargets
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
