import HeadgateTensors

/// A forest over bins, see `FeatureBins` and `BinnedTrees`.
final class BinnedForest<Scalar: TreeScalar>: Sendable {
  private let columns: BinColumns<Scalar>
  private let trees: BinnedTrees
  private let weights: LeafWeights<Scalar>
  /// The first leaf of each tree.
  private let treeStarts: [Int]

  /// Fewer rows are taken one by one: the kernels for many rows take 64 at a time, with AVX-512 in the time of 7 single
  /// rows for trees of 8 leaves, of 18 for trees of 255, and of some 27 for 100 trees of 63.
  private static var fewRows: Int { 24 }

  init(
    _ columns: BinColumns<Scalar>, _ trees: BinnedTrees, _ weights: LeafWeights<Scalar>, _ treeStarts: [Int]
  ) {
    (self.columns, self.trees, self.weights, self.treeStarts) = (columns, trees, weights, treeStarts)
  }

  /// Compiles the trees of one description; nil when bins do not suit them, see `Builder`.
  convenience init?(_ description: ForestDescription, in order: ForestDescription.Order) {
    var builder = Builder(targetCount: description.targetCount)
    guard builder.append(description, order), let forest = builder.finish() else { return nil }
    self.init(forest.columns, forest.trees, forest.weights, forest.treeStarts)
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
    // Sums of more targets than there are trees would be moved for nothing.
    if sums && weights.targetCount <= max(64, trees.count) {
      addBlock(rows, count, stride, scores)
    } else {
      forEachTree(of: rows, count, stride) { tree, leaves in
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
        if let target = weights.onlyTarget {
          // A sum in a register does not wait for the memory of the one before.
          var sum = scores[target]
          for tree in 0..<starts.count { sum += values[starts[tree] &+ Int(leaves[tree])] }
          scores[target] = sum
          return
        }
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
    let (targets, width) = (weights.targetCount, (count + 63) / 64 * 64)
    TemporaryMemory.with(Scalar.self, count: targets * width) { sums in
      guard let sum = sums.baseAddress else { return }
      sums.initialize(repeating: 0)
      for target in 0..<targets {
        for row in 0..<count { sum[target * width + row] = scores[row * targets + target] }
      }
      weights.values.withUnsafeBufferPointer { values in
        forEachTree(of: rows, count, stride) { tree, leaves in
          let end = tree + 1 < trees.count ? treeStarts[tree + 1] : values.count
          Scalar.addLeaves(
            leaves, rows: width, values: UnsafeBufferPointer(rebasing: values[treeStarts[tree]..<end]),
            to: sum + Int(weights.treeTargets[tree]) * width, .current)
        }
      }
      for target in 0..<targets {
        for row in 0..<count { scores[row * targets + target] = sum[target * width + row] }
      }
    }
  }

  /// Gives the leaves of a block's rows in each tree, and as many more as fill the last vector.
  private func forEachTree(
    of rows: UnsafePointer<Scalar>, _ count: Int, _ stride: Int,
    _ body: (Int, UnsafePointer<UInt8>) -> Void
  ) {
    let (width, padded) = (BinLimits.blockRows, (count + 63) / 64 * 64)
    let leafCount = BinLimits.treesAtOnce * width
    TemporaryMemory.with(UInt8.self, count: leafCount + columns.count * width) { bytes in
      guard let leaves = bytes.baseAddress else { return }
      columns.fill(leaves + leafCount, from: rows, count: count, stride: stride)
      for first in Swift.stride(from: 0, to: trees.count, by: BinLimits.treesAtOnce) {
        let some = first..<min(first + BinLimits.treesAtOnce, trees.count)
        trees.leaves(ofTrees: some, leaves + leafCount, rows: padded, into: leaves)
        for tree in some { body(tree, leaves + (tree - first) * width) }
      }
    }
  }

  private func withLeaves(of row: UnsafePointer<Scalar>, _ body: (UnsafePointer<UInt8>) -> Void) {
    let width = columns.rowWidth
    TemporaryMemory.with(UInt8.self, count: width + trees.count) { bytes in
      guard let binned = bytes.baseAddress else { return }
      columns.fill(binned, fromRow: row)
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
