import HeadgateTensors

extension BinnedForest {
  /// Compiles a forest from a few trees at a time.
  struct Builder {
    private var bins = FeatureBins<Scalar>()
    private var trees = BinnedTrees()
    /// The number of each test's comparison among the bins.
    private var comparisons: [Int32] = []
    private var weights: LeafWeights<Scalar>
    private var treeStarts: [Int] = []

    private typealias Comparison = ForestDescription.Comparison<Scalar>

    init(targetCount: Int) {
      weights = LeafWeights(targetCount: targetCount)
    }

    /// Appends trees.
    ///
    /// Returns whether bins can decide them: not when one has more than 256 leaves or shares nodes, when a test needs
    /// more than a bin, or when there are too many sets. Nothing of this value may be used then.
    mutating func append(_ description: ForestDescription, _ order: ForestDescription.Order) -> Bool {
      let leafStarts = order.treeStarts + [order.leaves.count]
      guard !order.isShared,
        zip(leafStarts, leafStarts.dropFirst()).allSatisfy({ $1 - $0 <= BinLimits.leafCount }),
        let operands = appendSets(description, order)
      else { return false }
      let hasSets = description.sets.count > 0
      var tests: [BinnedTrees.Test] = []
      for (start, end) in zip(order.testStarts, order.testStarts.dropFirst() + [order.tests.count]) {
        tests.removeAll(keepingCapacity: true)
        for index in order.tests[start..<end] {
          let node = description.nodes[Int(index)]
          let comparison = Comparison(node)
          guard let kind = Self.kind(comparison) else { return false }
          comparisons.append(
            bins.insert(
              feature: comparison.feature, kind: kind, missingIsTrue: comparison.missingIsTrue,
              threshold: comparison.threshold))
          tests.append(
            BinnedTrees.Test(
              set: hasSets ? operands[SetKey(node)] : nil,
              trueIsLeaf: description.nodes[comparison.whenTrue].mode == .leaf,
              falseIsLeaf: description.nodes[comparison.whenFalse].mode == .leaf))
        }
        guard trees.append(tests[...]) else { return false }
      }
      let firstLeaf = weights.values.count
      treeStarts += order.treeStarts.map { firstLeaf + $0 }
      weights.append(description, order, treeStarts: treeStarts)
      return true
    }

    /// Appends the trees of other builders, in their order: the same as if all had been appended here one by one.
    ///
    /// Returns whether bins can decide them all. Nothing of this value may be used otherwise.
    mutating func append(_ others: some Collection<Builder>) -> Bool {
      // Room for all at once, for much of the time would go into moving what is there.
      comparisons.reserveCapacity(others.reduce(comparisons.count) { $0 + $1.comparisons.count })
      trees.reserve(for: others.lazy.map(\.trees))
      weights.reserve(for: others.lazy.map(\.weights))
      for other in others {
        let numbers = bins.insert(other.bins)
        comparisons += other.comparisons.lazy.map { numbers[Int($0)] }
        guard trees.append(other.trees) else { return false }
        let firstLeaf = weights.values.count
        weights.append(other.weights, treeStarts: treeStarts, otherStarts: other.treeStarts)
        treeStarts += other.treeStarts.lazy.map { firstLeaf + $0 }
      }
      return true
    }

    /// The forest; nil when there are more columns than pay.
    consuming func finish() -> BinnedForest? {
      // Finding bins costs 2 to 6 ns a column, and walking 5 to 45 ns a tree, the more the larger it is.
      guard let (columns, places) = bins.makeColumns(), columns.count <= 3 * treeStarts.count else { return nil }
      trees.finish(columnCount: columns.count, places: comparisons, places)
      weights.finish()
      return BinnedForest(columns, trees, weights, treeStarts)
    }

    /// What a test looks at; nil when bins cannot decide it.
    private static func kind(_ comparison: Comparison) -> BinColumns<Scalar>.Kind? {
      switch comparison.mode {
      case .lessOrEqual: comparison.threshold.isNaN ? nil : .number
      case .lessOrEqualZeroMissing: comparison.threshold.isNaN ? nil : .numberNotZero
      case .member: .category
      case .truncatedMember: .truncatedCategory
      case .less, .greaterOrEqual, .greater, .equal, .notEqual, .leaf: nil
      }
    }

    /// A set of categories, with what is missing or without it.
    private struct SetKey: Hashable {
      let set: Int
      let hasMissing: Bool

      /// Nil for a test that names no set.
      init?(_ node: ForestDescription.Node) {
        guard node.mode == .member || node.mode == .truncatedMember else { return nil }
        set = node.set
        hasMissing = node.missingIsTrue
      }
    }

    /// Appends the sets that tests name, and gives the operand of each.
    private mutating func appendSets(
      _ description: ForestDescription, _ order: ForestDescription.Order
    ) -> [SetKey?: UInt16]? {
      var operands: [SetKey?: UInt16] = [:]
      guard description.sets.count > 0 else { return operands }
      for index in order.tests {
        guard let key = SetKey(description.nodes[Int(index)]), operands[key] == nil else { continue }
        guard var bins = description.sets.categories(of: key.set, below: BinLimits.categoryCount) else { return nil }
        if key.hasMissing { bins.append(BinLimits.missingCategory) }
        guard let operand = trees.appendSet(bins) else { return nil }
        operands[key] = operand
      }
      return operands
    }
  }
}
