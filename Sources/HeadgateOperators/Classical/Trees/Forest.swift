import HeadgateTensors

/// Trees compiled for speed, in the form that suits them: over bins where trees are many and small enough, else with
/// nodes that rows walk through. Both give the same bits.
///
/// A class, as both forms are: a run would otherwise count references to each of their lists.
package final class Forest<Scalar: TreeScalar>: Sendable {
  typealias Aggregate = LeafWeights<Scalar>.Aggregate

  private enum Form: Sendable {
    case binned(BinnedForest<Scalar>)
    case walked(WalkedForest<Scalar>)
  }

  private let form: Form
  let treeCount: Int
  /// The features that a row must have.
  package let columns: Int
  /// The number of scores that the trees give.
  package let targetCount: Int

  private init(_ form: Form, treeCount: Int, columns: Int, targetCount: Int) {
    (self.form, self.treeCount, self.columns, self.targetCount) = (form, treeCount, columns, targetCount)
  }

  /// Compiles the trees; nodes that no root leads to are left out.
  ///
  /// - Throws: `TensorError.invalidValue` when there are no trees or a node leads back to itself.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package convenience init(_ description: ForestDescription) throws(TensorError) {
    guard !description.roots.isEmpty else { throw TensorError(.invalidValue, "the ensemble has no trees") }
    let order = try ForestDescription.Order(description)
    let form: Form
    if let binned = BinnedForest<Scalar>(description, in: order) {
      form = .binned(binned)
    } else {
      form = .walked(WalkedForest(description, in: order))
    }
    self.init(
      form, treeCount: description.roots.count, columns: order.columns, targetCount: description.targetCount)
  }

  /// Compiles trees while they are described, a few at a time and on several threads, so that there is never a
  /// description of them all, nor its cost. Only when the trees turn out to need the form that rows walk through are they
  /// described again, all together.
  ///
  /// The forest is the same on any number of threads, and so is the error: that of the first tree that has one.
  /// - Parameters:
  ///   - treeCount: How many trees there are to describe.
  ///   - team: The threads that describe and compile parts.
  ///   - nanoseconds: About how long all of it takes on one thread.
  ///   - partSize: The size of a description, see `ForestDescription.size`, that is compiled without waiting for more
  ///     trees. By default so much that it stays in a core's own memory meanwhile.
  ///   - describe: Appends some trees to the description that it is given, and calls its last argument after each; it
  ///     does not call `finish`. What was appended may be gone after each call, so that a tree may share nothing with
  ///     those before it. It is called for other trees at the same time.
  /// - Throws: What `describe` throws, `ForestDescription.TooManyNodes`, and `TensorError.invalidValue` for trees that
  ///   `init(_:)` refuses.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package convenience init(
    targetCount: Int, treeCount: Int, team: ThreadTeam = .alone, taking nanoseconds: Double = 0, partSize: Int = 4096,
    _ describe: (Range<Int>, inout ForestDescription, _ ended: (inout ForestDescription) throws -> Void) throws -> Void
  ) throws {
    do {
      let part = try ForestPart<Scalar>.joined(
        of: treeCount, targetCount: targetCount, team: team, taking: nanoseconds, partSize: partSize, describe)
      if part.treeCount > 0, let forest = part.builder.finish() {
        self.init(.binned(forest), treeCount: part.treeCount, columns: part.columns, targetCount: targetCount)
        return
      }
    } catch is ForestPart<Scalar>.NotBinned {
      // Trees that rows walk through lie in an order that takes all of them to know.
    }
    var description = try ForestDescription(targetCount: targetCount)
    try describe(0..<treeCount, &description) { _ in }
    description.finish()
    try self.init(description)
  }

  /// The rows to collect scores for at once: with very many targets fewer, so that the scores stay small.
  var blockRows: Int { max(1, min(BinLimits.blockRows, (1 << 20) / targetCount)) }

  /// About how long a row of many takes, in nanoseconds.
  package var rowTime: Double {
    switch form {
    case .binned: Double(treeCount) * 4
    case .walked: Double(treeCount) * 20
    }
  }

  /// Collects the scores of up to `blockRows` rows.
  ///
  /// The weights are added tree by tree in the scalar's own precision, as ONNX Runtime does on one thread.
  /// - Parameters:
  ///   - rows: `[count, stride]` features; `stride` is at least `columns`.
  ///   - scores: `[count, targetCount]`, holding what sums begin with.
  ///   - seen: `[count, targetCount]`, false; set where a tree gave the target a score.
  func collect(
    _ rows: UnsafePointer<Scalar>, count: Int, stride: Int, aggregate: Aggregate,
    scores: UnsafeMutablePointer<Scalar>, seen: UnsafeMutablePointer<Bool>
  ) {
    switch form {
    case .binned(let forest):
      forest.collect(rows, count: count, stride: stride, aggregate: aggregate, scores: scores, seen: seen)
    case .walked(let forest):
      forest.collect(rows, count: count, stride: stride, aggregate: aggregate, scores: scores, seen: seen)
    }
  }

  /// Adds the leaves that each row reaches to the scores of their targets, tree by tree.
  ///
  /// - Parameters:
  ///   - rows: `[count, stride]` features; rows with fewer than `columns` features add nothing.
  ///   - scores: `[count, targetCount]`, holding what the sums begin with.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package func add(
    _ rows: UnsafePointer<Scalar>, count: Int, stride: Int, to scores: UnsafeMutablePointer<Scalar>
  ) {
    guard stride >= columns, count > 0 else { return }
    let block = min(count, blockRows)
    TemporaryMemory.with(Bool.self, count: block * targetCount) { seen in
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
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package func leaves(of row: UnsafePointer<Scalar>, into values: UnsafeMutableBufferPointer<Scalar>) {
    guard values.count >= treeCount else { return }
    switch form {
    case .binned(let forest): forest.leaves(of: row, into: values)
    case .walked(let forest): forest.leaves(of: row, into: values)
    }
  }
}
