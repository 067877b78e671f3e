import HeadgateTensors

extension BinnedForest {
  /// What a forest is made of, as far as bins can decide its tests.
  struct Parts {
    let columns: BinColumns<Scalar>
    private(set) var trees = BinnedTrees()

    private typealias Comparison = ForestDescription.Comparison<Scalar>

    init?(_ description: ForestDescription, _ order: ForestDescription.Order) {
      let leafStarts = order.treeStarts + [order.leaves.count]
      guard zip(leafStarts, leafStarts.dropFirst()).allSatisfy({ $1 - $0 <= BinLimits.leafCount }),
        var bins = FeatureBins<Scalar>(featureCount: order.columns, testCount: order.tests.count)
      else { return nil }
      var sources: [Int32] = []
      sources.reserveCapacity(order.tests.count)
      for index in order.tests {
        let comparison = Comparison(description.nodes[index])
        guard let kind = Self.kind(comparison) else { return nil }
        sources.append(
          bins.insert(
            feature: comparison.feature, kind: kind, missingIsTrue: comparison.missingIsTrue,
            threshold: comparison.threshold))
      }
      // Finding bins costs 2 to 6 ns a column, and walking 5 to 45 ns a tree, the more the larger it is.
      guard let columns = bins.makeColumns(), columns.count <= 3 * order.treeStarts.count else { return nil }
      self.columns = columns
      guard let operands = appendSets(description, order) else { return nil }
      let tests = zip(order.tests, sources).map { index, source in
        let node = description.nodes[index]
        let comparison = Comparison(node)
        let place = bins.place(of: comparison.threshold, in: source)
        return BinnedTrees.Test(
          column: place.column,
          operand: description.sets.count == 0 ? place.bin : operands[SetKey(node)] ?? place.bin,
          trueIsLeaf: description.nodes[comparison.whenTrue].mode == .leaf,
          falseIsLeaf: description.nodes[comparison.whenFalse].mode == .leaf)
      }
      trees.reserve(tests.count, trees: order.testStarts.count)
      for (start, end) in zip(order.testStarts, order.testStarts.dropFirst() + [tests.count]) {
        guard trees.append(tests[start..<end]) else { return nil }
      }
      trees.finish(columnCount: columns.count)
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
        guard let key = SetKey(description.nodes[index]), operands[key] == nil else { continue }
        guard var bins = description.sets.categories(of: key.set, below: BinLimits.categoryCount) else { return nil }
        if key.hasMissing { bins.append(BinLimits.missingCategory) }
        guard let operand = trees.appendSet(bins) else { return nil }
        operands[key] = operand
      }
      return operands
    }
  }
}
