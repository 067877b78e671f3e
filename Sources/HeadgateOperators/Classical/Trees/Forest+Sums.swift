extension Forest {
  /// Adds the leaves that each row reaches to the scores of their targets, tree by tree.
  ///
  /// - Parameters:
  ///   - rows: `[count, stride]` features; rows with fewer than `columns` features add nothing.
  ///   - scores: `[count, targetCount]`, holding what the sums begin with.
  package func add(
    _ rows: UnsafePointer<Scalar>, count: Int, stride: Int, to scores: UnsafeMutablePointer<Scalar>
  ) {
    guard stride >= columns, count > 0 else { return }
    // With very many targets fewer rows at a time, so that the marks stay small.
    let block = min(count, max(1, min(Self.blockRows, (1 << 20) / targetCount)))
    withUnsafeTemporaryAllocation(of: Bool.self, capacity: block * targetCount) { seen in
      guard let marks = seen.baseAddress else { return }
      var start = 0
      while start < count {
        seen.initialize(repeating: false)
        collect(
          rows + start * stride, count: min(block, count - start), stride: stride, aggregate: .sum,
          scores: scores + start * targetCount, seen: marks)
        start += block
      }
    }
  }

  /// Writes the first weight of the leaf that a row reaches in each tree, `[trees]`.
  ///
  /// The row must have `columns` features.
  package func leaves(of row: UnsafePointer<Scalar>, into values: UnsafeMutableBufferPointer<Scalar>) {
    nodes.withUnsafeBufferPointer { nodes in
      guard let nodes = nodes.baseAddress else { return }
      for tree in 0..<min(roots.count, values.count) { values[tree] = nodes[leaf(nodes, row, roots[tree])].threshold }
    }
  }
}
