import HeadgateTensors

extension WalkedForest {
  /// Rows that are walked through one tree after the other, so that the tree stays in the nearest cache.
  private static var blockRows: Int { 64 }

  /// See `Forest.collect`.
  func collect(
    _ rows: UnsafePointer<Scalar>, count: Int, stride: Int, aggregate: LeafWeights<Scalar>.Aggregate,
    scores: UnsafeMutablePointer<Scalar>, seen: UnsafeMutablePointer<Bool>
  ) {
    var start = 0
    while start < count {
      let place = start * weights.targetCount
      collectBlock(
        rows + start * stride, min(Self.blockRows, count - start), stride, aggregate, scores + place, seen + place)
      start += Self.blockRows
    }
  }

  private func collectBlock(
    _ rows: UnsafePointer<Scalar>, _ count: Int, _ stride: Int, _ aggregate: LeafWeights<Scalar>.Aggregate,
    _ scores: UnsafeMutablePointer<Scalar>, _ seen: UnsafeMutablePointer<Bool>
  ) {
    // SAFETY: all indices in the nodes were checked when the forest was compiled; `stride >= columns`
    // bounds the features, and scores and seen have `count * targetCount` places.
    nodes.withUnsafeBufferPointer { nodes in
      guard let nodes = nodes.baseAddress else { return }
      if weights.areSums(aggregate) && modes.isEmpty {
        weights.markTargets(count, seen)
        if hasMissing {
          walk(nodes, rows, count, stride, scores, WithMissing<Scalar>.self)
        } else {
          walk(nodes, rows, count, stride, scores, WithoutMissing<Scalar>.self)
        }
      } else {
        for tree in roots.indices {
          for row in 0..<count {
            let place = row * weights.targetCount
            weights.add(
              leaf(nodes, rows + row * stride, roots[tree]) - firstLeaf, tree: tree, aggregate, scores + place,
              seen + place)
          }
        }
      }
    }
  }

  /// See `Forest.leaves`.
  func leaves(of row: UnsafePointer<Scalar>, into values: UnsafeMutableBufferPointer<Scalar>) {
    nodes.withUnsafeBufferPointer { nodes in
      guard let nodes = nodes.baseAddress else { return }
      for tree in roots.indices { values[tree] = nodes[leaf(nodes, row, roots[tree])].threshold }
    }
  }

  /// Eight walks side by side: eight rows through one tree, or for a single row eight trees at once.
  ///
  /// Bound by the latency of two dependent loads a level, which eight independent walks hide.
  private func walk<Step: WalkStep>(
    _ nodes: UnsafePointer<Node>, _ rows: UnsafePointer<Scalar>, _ count: Int, _ stride: Int,
    _ scores: UnsafeMutablePointer<Scalar>, _ step: Step.Type
  ) where Step.Scalar == Scalar {
    let targetCount = weights.targetCount
    roots.withUnsafeBufferPointer { roots in
      weights.treeTargets.withUnsafeBufferPointer { targets in
        guard count > 1 else {
          var tree = 0
          while tree &+ 8 <= roots.count {
            let leaves = Self.walkEight(
              nodes, (rows, rows, rows, rows, rows, rows, rows, rows),
              (
                roots[tree], roots[tree + 1], roots[tree + 2], roots[tree + 3], roots[tree + 4], roots[tree + 5],
                roots[tree + 6], roots[tree + 7]
              ), step)
            scores[Int(targets[tree])] += nodes[Int(leaves.0)].threshold
            scores[Int(targets[tree + 1])] += nodes[Int(leaves.1)].threshold
            scores[Int(targets[tree + 2])] += nodes[Int(leaves.2)].threshold
            scores[Int(targets[tree + 3])] += nodes[Int(leaves.3)].threshold
            scores[Int(targets[tree + 4])] += nodes[Int(leaves.4)].threshold
            scores[Int(targets[tree + 5])] += nodes[Int(leaves.5)].threshold
            scores[Int(targets[tree + 6])] += nodes[Int(leaves.6)].threshold
            scores[Int(targets[tree + 7])] += nodes[Int(leaves.7)].threshold
            tree &+= 8
          }
          while tree < roots.count {
            let leaf = Self.walkOne(nodes, rows, roots[tree], step)
            scores[Int(targets[tree])] += nodes[Int(leaf)].threshold
            tree &+= 1
          }
          return
        }
        for tree in roots.indices {
          let root = roots[tree]
          let column = scores + Int(targets[tree])
          var row = 0
          while row &+ 8 <= count {
            let first = rows + row &* stride
            let leaves = Self.walkEight(
              nodes,
              (
                first, first + stride, first + 2 &* stride, first + 3 &* stride, first + 4 &* stride,
                first + 5 &* stride, first + 6 &* stride, first + 7 &* stride
              ), (root, root, root, root, root, root, root, root), step)
            let place = column + row &* targetCount
            place[0] += nodes[Int(leaves.0)].threshold
            place[targetCount] += nodes[Int(leaves.1)].threshold
            place[2 &* targetCount] += nodes[Int(leaves.2)].threshold
            place[3 &* targetCount] += nodes[Int(leaves.3)].threshold
            place[4 &* targetCount] += nodes[Int(leaves.4)].threshold
            place[5 &* targetCount] += nodes[Int(leaves.5)].threshold
            place[6 &* targetCount] += nodes[Int(leaves.6)].threshold
            place[7 &* targetCount] += nodes[Int(leaves.7)].threshold
            row &+= 8
          }
          while row < count {
            let leaf = Self.walkOne(nodes, rows + row &* stride, root, step)
            column[row &* targetCount] += nodes[Int(leaf)].threshold
            row &+= 1
          }
        }
      }
    }
  }

  private typealias Eight<T> = (T, T, T, T, T, T, T, T)

  @inline(__always)
  private static func walkEight<Step: WalkStep>(
    _ nodes: UnsafePointer<Node>, _ rows: Eight<UnsafePointer<Scalar>>, _ starts: Eight<Int32>, _ step: Step.Type
  ) -> Eight<Int32> where Step.Scalar == Scalar {
    var (a, b, c, d, e, f, g, h) = starts
    while true {
      let (a1, b1) = (step.next(nodes, a, rows.0), step.next(nodes, b, rows.1))
      let (c1, d1) = (step.next(nodes, c, rows.2), step.next(nodes, d, rows.3))
      let (e1, f1) = (step.next(nodes, e, rows.4), step.next(nodes, f, rows.5))
      let (g1, h1) = (step.next(nodes, g, rows.6), step.next(nodes, h, rows.7))
      let moved = ((a ^ a1) | (b ^ b1)) | ((c ^ c1) | (d ^ d1)) | ((e ^ e1) | (f ^ f1)) | ((g ^ g1) | (h ^ h1))
      (a, b, c, d, e, f, g, h) = (a1, b1, c1, d1, e1, f1, g1, h1)
      if moved == 0 { return (a, b, c, d, e, f, g, h) }
    }
  }

  @inline(__always)
  private static func walkOne<Step: WalkStep>(
    _ nodes: UnsafePointer<Node>, _ row: UnsafePointer<Scalar>, _ start: Int32, _ step: Step.Type
  ) -> Int32 where Step.Scalar == Scalar {
    var index = start
    while true {
      let next = step.next(nodes, index, row)
      if next == index { return index }
      index = next
    }
  }

  func leaf(_ nodes: UnsafePointer<Node>, _ row: UnsafePointer<Scalar>, _ root: Int32) -> Int {
    modes.isEmpty ? leafInOrder(nodes, row, root) : leafByMode(nodes, row, root)
  }

  private func leafInOrder(_ nodes: UnsafePointer<Node>, _ row: UnsafePointer<Scalar>, _ root: Int32) -> Int {
    Int(Self.walkOne(nodes, row, root, WithMissing<Scalar>.self))
  }

  /// The leaf of a row in a tree whose nodes compare in different ways.
  private func leafByMode(_ nodes: UnsafePointer<Node>, _ row: UnsafePointer<Scalar>, _ root: Int32) -> Int {
    var index = Int(root)
    while true {
      let node = nodes[index]
      let value = row[Int(node.feature & ~Self.missingBit)]
      let isTrue =
        switch modes[index] {
        case .lessOrEqual, .leaf: value <= node.threshold
        case .less: value < node.threshold
        case .greaterOrEqual: value >= node.threshold
        case .greater: value > node.threshold
        case .equal: value == node.threshold
        case .notEqual: value != node.threshold
        case .member: value >= 0 && value < Self.categoryLimit && isMember(value, of: index)
        case .truncatedMember: value > -1 && value < 2_147_483_648 && isMember(value, of: index)
        case .lessOrEqualZeroMissing:
          value.magnitude <= Self.zeroThreshold ? node.feature & Self.missingBit != 0 : value <= node.threshold
        }
      let takesTrue = isTrue || (node.feature & Self.missingBit != 0 && value.isNaN)
      let next = Int(takesTrue ? node.whenTrue : node.whenFalse)
      if next == index { return index }
      index = next
    }
  }

  /// Numbers up to this magnitude count as zero where zero counts as missing (LightGBM's own bound).
  private static var zeroThreshold: Scalar { Scalar(Float(1e-35)) }

  /// Floats name each whole number below this, so XGBoost takes no category from here on.
  private static var categoryLimit: Scalar { 16_777_216 }

  private func isMember(_ value: Scalar, of node: Int) -> Bool {
    sets.contains(Int(value), in: Int(setIndices[node]))
  }
}

/// One level of a walk through nodes that all compare with `<=`.
private protocol WalkStep {
  associatedtype Scalar: TreeScalar
  static func next(
    _ nodes: UnsafePointer<WalkedForest<Scalar>.Node>, _ index: Int32, _ row: UnsafePointer<Scalar>
  ) -> Int32
}

/// A missing value takes the false branch everywhere, as every comparison with NaN is false.
private enum WithoutMissing<Scalar: TreeScalar>: WalkStep {
  @inline(__always)
  static func next(
    _ nodes: UnsafePointer<WalkedForest<Scalar>.Node>, _ index: Int32, _ row: UnsafePointer<Scalar>
  ) -> Int32 {
    let node = nodes + Int(index)
    return WalkedForest.child(node, bit(row[Int(node.pointee.feature)] <= node.pointee.threshold))
  }
}

/// A missing value takes the branch that the node says.
private enum WithMissing<Scalar: TreeScalar>: WalkStep {
  @inline(__always)
  static func next(
    _ nodes: UnsafePointer<WalkedForest<Scalar>.Node>, _ index: Int32, _ row: UnsafePointer<Scalar>
  ) -> Int32 {
    let node = nodes + Int(index)
    let feature = node.pointee.feature
    let value = row[Int(feature & ~WalkedForest<Scalar>.missingBit)]
    return WalkedForest.child(node, bit(value <= node.pointee.threshold) | (bit(value != value) & Int(feature >> 31)))
  }
}

/// 1 for true: arithmetic that the compiler keeps free of jumps, which would be mispredicted half the time.
@inline(__always)
private func bit(_ condition: Bool) -> Int {
  Int(unsafeBitCast(condition, to: UInt8.self))
}

extension WalkedForest {
  /// The child of a node: 1 for the true branch, 0 for the false one.
  @inline(__always)
  fileprivate static func child(_ node: UnsafePointer<Node>, _ side: Int) -> Int32 {
    // SAFETY: `whenFalse` and `whenTrue` are neighbours in this order, and side is 0 or 1.
    UnsafeRawPointer(node).advanced(by: childOffset).assumingMemoryBound(to: Int32.self)[side]
  }

  @inline(__always)
  private static var childOffset: Int { MemoryLayout<Scalar>.size + MemoryLayout<UInt32>.size }
}
