import HeadgateTensors

/// A forest over bins, see `FeatureBins` and `BinnedTrees`.
struct BinnedForest<Scalar: TreeScalar>: Sendable {
  private typealias Bins = FeatureBins<Scalar>

  private let bins: FeatureBins<Scalar>
  private let trees: BinnedTrees
  private let weights: LeafWeights<Scalar>
  /// The first leaf of each tree.
  private let treeStarts: [Int]

  /// Fewer rows are taken one by one: the kernels for many rows take 64 at a time, in the time of some 25 single ones.
  private static var fewRows: Int { 24 }

  /// Compiles the trees; nil when one has more than 256 leaves or shares nodes, when bins cannot decide a test, or when
  /// there are too many sets or columns.
  init?(_ description: ForestDescription, in order: ForestDescription.Order) {
    guard !order.isShared, let sources = Self.sources(description, order), var bins = Bins(sources) else { return nil }
    var builder = Builder(description: description, bins: bins)
    guard builder.appendSets(order), builder.appendTrees() else { return nil }
    builder.trees.finish(columnCount: bins.count)
    bins.finish()
    self.bins = bins
    trees = builder.trees
    treeStarts = builder.treeStarts
    weights = LeafWeights(
      description, leaves: builder.leaves, treeStarts: builder.treeStarts + [builder.leaves.count],
      isShared: order.isShared)
  }

  /// Whether finding the bins, some 6 ns a column, costs less than walking, some 20 ns a tree.
  var isWorthwhile: Bool { bins.count <= 3 * trees.count }

  /// The sources that the tests look at, each with its thresholds; nil when a test compares otherwise.
  private static func sources(
    _ description: ForestDescription, _ order: ForestDescription.Order
  ) -> [Bins.Source: [Scalar]]? {
    var sources: [Bins.Source: [Scalar]] = [:]
    for index in order.tests {
      let node = description.nodes[index]
      let comparison = ForestDescription.Comparison<Scalar>(node)
      guard let source = source(node, comparison) else { return nil }
      if source.kind == .number || source.kind == .numberNotZero {
        guard !comparison.threshold.isNaN else { return nil }
        sources[source, default: []].append(comparison.threshold)
      } else {
        sources[source] = []
      }
    }
    return sources
  }

  private static func source(
    _ node: ForestDescription.Node, _ comparison: ForestDescription.Comparison<Scalar>
  ) -> Bins.Source? {
    let kind: Bins.Source.Kind
    switch comparison.mode {
    case .lessOrEqual: kind = .number
    case .lessOrEqualZeroMissing: kind = .numberNotZero
    case .member: kind = .category
    case .truncatedMember: kind = .truncatedCategory
    case .less, .greaterOrEqual, .greater, .equal, .notEqual, .leaf: return nil
    }
    return Bins.Source(feature: node.feature, kind: kind, missingIsTrue: comparison.missingIsTrue)
  }

  /// See `Forest.collect`.
  func collect(
    _ rows: UnsafePointer<Scalar>, count: Int, stride: Int, aggregate: LeafWeights<Scalar>.Aggregate,
    scores: UnsafeMutablePointer<Scalar>, seen: UnsafeMutablePointer<Bool>
  ) {
    let sums = weights.areSums(aggregate)
    if sums { weights.markTargets(count, seen) }
    guard count >= Self.fewRows else {
      for row in 0..<count {
        let (rowScores, rowSeen) = (scores + row * weights.targetCount, seen + row * weights.targetCount)
        withLeaves(of: rows + row * stride) { leaves in
          if sums {
            addValues(leaves, rowScores)
          } else {
            for tree in 0..<trees.count {
              weights.add(treeStarts[tree] + Int(leaves[tree]), tree: tree, aggregate, rowScores, rowSeen)
            }
          }
        }
      }
      return
    }
    if sums {
      addBlock(rows, count, stride, scores)
    } else {
      forEachTree(of: rows, count, stride) { tree, leaves, _ in
        for row in 0..<count {
          let place = row * weights.targetCount
          weights.add(treeStarts[tree] + Int(leaves[row]), tree: tree, aggregate, scores + place, seen + place)
        }
      }
    }
  }

  private func addValues(_ leaves: UnsafePointer<UInt8>, _ scores: UnsafeMutablePointer<Scalar>) {
    weights.values.withUnsafeBufferPointer { values in
      treeStarts.withUnsafeBufferPointer { starts in
        weights.treeTargets.withUnsafeBufferPointer { targets in
          for tree in 0..<starts.count { scores[Int(targets[tree])] += values[starts[tree] &+ Int(leaves[tree])] }
        }
      }
    }
  }

  /// Adds the values of a block's leaves to its scores, which lie target by target meanwhile.
  private func addBlock(
    _ rows: UnsafePointer<Scalar>, _ count: Int, _ stride: Int, _ scores: UnsafeMutablePointer<Scalar>
  ) {
    let (targets, width) = (weights.targetCount, Bins.blockRows)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: targets * width) { sums in
      guard let sum = sums.baseAddress else { return }
      sums.initialize(repeating: 0)
      for target in 0..<targets {
        for row in 0..<count { sum[target * width + row] = scores[row * targets + target] }
      }
      weights.values.withUnsafeBufferPointer { values in
        forEachTree(of: rows, count, stride) { tree, leaves, padded in
          let end = tree + 1 < trees.count ? treeStarts[tree + 1] : values.count
          Scalar.addLeaves(
            leaves, rows: padded, values: UnsafeBufferPointer(rebasing: values[treeStarts[tree]..<end]),
            to: sum + Int(weights.treeTargets[tree]) * width, .current)
        }
      }
      for target in 0..<targets {
        for row in 0..<count { scores[row * targets + target] = sum[target * width + row] }
      }
    }
  }

  /// Gives the leaves of a block's rows in each tree, and how many rows they are with those that fill the last vector.
  private func forEachTree(
    of rows: UnsafePointer<Scalar>, _ count: Int, _ stride: Int,
    _ body: (Int, UnsafePointer<UInt8>, Int) -> Void
  ) {
    let (width, padded) = (Bins.blockRows, (count + 63) / 64 * 64)
    let leafCount = BinnedTrees.treesAtOnce * width
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: leafCount + bins.count * width) { bytes in
      guard let leaves = bytes.baseAddress else { return }
      bins.fill(leaves + leafCount, from: rows, count: count, stride: stride)
      for first in Swift.stride(from: 0, to: trees.count, by: BinnedTrees.treesAtOnce) {
        let some = first..<min(first + BinnedTrees.treesAtOnce, trees.count)
        trees.leaves(ofTrees: some, leaves + leafCount, rows: padded, into: leaves)
        for tree in some { body(tree, leaves + (tree - first) * width, padded) }
      }
    }
  }

  private func withLeaves(of row: UnsafePointer<Scalar>, _ body: (UnsafePointer<UInt8>) -> Void) {
    let width = bins.rowWidth
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: width + trees.count) { bytes in
      guard let binned = bytes.baseAddress else { return }
      bins.fill(binned, fromRow: row)
      trees.rowLeaves(binned, into: binned + width)
      body(binned + width)
    }
  }

  /// See `Forest.leaves`.
  func leaves(of row: UnsafePointer<Scalar>, into values: UnsafeMutableBufferPointer<Scalar>) {
    withLeaves(of: row) { leaves in
      for tree in 0..<trees.count { values[tree] = weights.values[treeStarts[tree] + Int(leaves[tree])] }
    }
  }
}

extension BinnedForest {
  /// Appends trees one after the other.
  private struct Builder {
    let description: ForestDescription
    let bins: FeatureBins<Scalar>
    var trees = BinnedTrees()
    var treeStarts: [Int] = []
    /// The nodes of the leaves, tree by tree.
    var leaves: [Int] = []
    /// The operand of each set of the description, without and with what is missing.
    private var operands: [Int: UInt16] = [:]

    init(description: ForestDescription, bins: FeatureBins<Scalar>) {
      self.description = description
      self.bins = bins
    }

    mutating func appendTrees() -> Bool {
      for root in description.roots {
        treeStarts.append(leaves.count)
        let (description, bins, operands) = (description, bins, operands)
        let found = trees.append(root: root) { Self.node(description.nodes[$0], bins, operands) }
        guard let found else { return false }
        leaves += found
      }
      return true
    }

    private static func node(
      _ node: ForestDescription.Node, _ bins: FeatureBins<Scalar>, _ operands: [Int: UInt16]
    ) -> BinnedTrees.Node {
      guard node.mode != .leaf else { return .leaf }
      let comparison = ForestDescription.Comparison<Scalar>(node)
      guard let source = BinnedForest.source(node, comparison) else { return .leaf }
      if let operand = operands[setKey(node)], let column = bins.column(of: source), isMember(node) {
        return .test(
          column: column, operand: operand, whenTrue: comparison.whenTrue, whenFalse: comparison.whenFalse)
      }
      guard let place = bins.place(of: comparison.threshold, in: source) else { return .leaf }
      return .test(
        column: place.column, operand: UInt16(place.bin), whenTrue: comparison.whenTrue,
        whenFalse: comparison.whenFalse)
    }

    private static func isMember(_ node: ForestDescription.Node) -> Bool {
      node.mode == .member || node.mode == .truncatedMember
    }

    private static func setKey(_ node: ForestDescription.Node) -> Int { node.set << 1 | (node.missingIsTrue ? 1 : 0) }

    mutating func appendSets(_ order: ForestDescription.Order) -> Bool {
      for node in order.tests.map({ description.nodes[$0] })
      where Self.isMember(node) && operands[Self.setKey(node)] == nil {
        guard var categories = description.sets.categories(of: node.set, below: FeatureBins<Scalar>.categoryCount)
        else {
          return false
        }
        if node.missingIsTrue { categories.append(FeatureBins<Scalar>.missingCategory) }
        guard let operand = trees.appendSet(categories) else { return false }
        operands[Self.setKey(node)] = operand
      }
      return true
    }
  }
}
