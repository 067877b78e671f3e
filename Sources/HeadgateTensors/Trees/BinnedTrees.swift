import HeadgateKernels

/// Trees whose tests compare bins, see `FeatureBins`: for each row and tree they tell the leaf.
///
/// Many rows do not walk at all but are taken past every test, a vector of them at a time. One row walks through eight
/// trees side by side, or has all tests of a small tree made at once. All ways lead to the same leaf.
package struct BinnedTrees: Sendable {
  /// What a node of a tree is.
  package enum Node {
    case leaf
    /// True for bins of a column up to `operand`, or for those of set `operand - firstSet`.
    case test(column: UInt16, operand: UInt16, whenTrue: Int, whenFalse: Int)
  }

  /// The operand of the first set.
  package static var firstSet: Int { HG_TREE_SETS }
  /// The trees that `leaves` takes at once.
  package static var treesAtOnce: Int { HG_TREES_AT_ONCE }
  private static var maxLeafCount: Int { HG_TREE_LEAVES }

  private var tests: [hg_tree_test] = []
  private var starts: [UInt32] = [0]
  private var sets: [UInt8] = []
  private var smallTrees: [hg_small_tree] = []
  private var smallDepth = 0

  package init() {}

  package var count: Int { starts.count - 1 }

  /// Appends a tree and returns its leaves in the order in which they are counted, from 0 on.
  ///
  /// Returns nil when they are more than there are bytes; nothing of this value may be used then.
  package mutating func append(root: Int, _ look: (Int) -> Node) -> [Int]? {
    var leaves: [Int] = []
    guard append(root, look, &leaves) != nil else { return nil }
    starts.append(UInt32(tests.count))
    return leaves
  }

  /// Appends what is below a node and tells whether that is a test; nil when there is too much of it.
  private mutating func append(_ index: Int, _ look: (Int) -> Node, _ leaves: inout [Int]) -> Bool? {
    guard case .test(let column, let operand, let whenTrue, let whenFalse) = look(index) else {
      leaves.append(index)
      return leaves.count <= Self.maxLeafCount ? false : nil
    }
    // A tree has one test less than leaves; this also ends a walk in circles.
    let place = tests.count
    guard place - Int(starts[count]) < Self.maxLeafCount - 1 else { return nil }
    tests.append(
      hg_tree_test(
        column: column, first: UInt8(truncatingIfNeeded: leaves.count), middle: 0, when_true: 0, when_false: 0,
        operand: operand))
    guard let isTest = append(whenTrue, look, &leaves) else { return nil }
    if isTest { tests[place].when_true = 1 }
    tests[place].middle = UInt8(truncatingIfNeeded: leaves.count)
    let second = tests.count
    guard let isTest = append(whenFalse, look, &leaves) else { return nil }
    if isTest { tests[place].when_false = UInt8(second - place) }
    return true
  }

  /// Appends a set of bins below 255 and returns its operand; nil when there are too many sets.
  package mutating func appendSet(_ bins: some Sequence<Int>) -> UInt16? {
    let width = MemoryLayout<hg_bin_set>.size
    guard let operand = UInt16(exactly: Self.firstSet + sets.count / width) else { return nil }
    let start = sets.count
    sets += repeatElement(0, count: width)
    for bin in bins { sets[start + bin / 8] |= 1 << UInt8(bin % 8) }
    return operand
  }

  /// Ends the trees; rows will have `columnCount` columns.
  package mutating func finish(columnCount: Int, using kernels: KernelSet = .current) {
    let canBeSmall =
      kernels.table.pointee.small_tree_leaves != nil && sets.isEmpty && columnCount <= HG_SMALL_COLUMNS
      && (0..<count).allSatisfy { starts[$0 + 1] - starts[$0] < HG_SMALL_LEAVES }
    guard canBeSmall else { return }
    smallTrees = [hg_small_tree](repeating: hg_small_tree(), count: count)
    for tree in 0..<count {
      tests.withUnsafeBufferPointer { tests in
        guard let first = tests.baseAddress else { return }
        let start = Int(starts[tree])
        let depth = hg_make_small_tree(first + start, Int(starts[tree + 1]) - start, &smallTrees[tree])
        smallDepth = max(smallDepth, depth)
      }
    }
  }

  /// Writes the leaf of one row in each tree, `[trees]`.
  ///
  /// SAFETY: `bins` has as many bytes as `FeatureBins.rowWidth` says, `leaves` room for `count`.
  package func rowLeaves(
    _ bins: UnsafePointer<UInt8>, into leaves: UnsafeMutablePointer<UInt8>, using kernels: KernelSet = .current
  ) {
    if !smallTrees.isEmpty, let find = kernels.table.pointee.small_tree_leaves {
      let rounds = smallDepth <= 1 ? 0 : Int.bitWidth - (smallDepth - 1).leadingZeroBitCount
      return smallTrees.withUnsafeBufferPointer { find($0.baseAddress, count, rounds, bins, leaves) }
    }
    withTrees { hg_tree_leaves_of_row($0, count, bins, leaves) }
  }

  /// Writes the leaves of rows in up to `treesAtOnce` trees; those of each tree begin `blockRows` bytes further.
  ///
  /// SAFETY: `bins` is a block of all columns, `rows` a multiple of 64 up to `blockRows`, and `leaves` has room for
  /// `treesAtOnce * blockRows`.
  package func leaves(
    ofTrees trees: Range<Int>, _ bins: UnsafePointer<UInt8>, rows: Int, into leaves: UnsafeMutablePointer<UInt8>,
    using kernels: KernelSet = .current
  ) {
    withTrees { kernels.table.pointee.tree_leaves($0, trees.lowerBound, trees.count, bins, rows, leaves) }
  }

  private func withTrees(_ body: (UnsafePointer<hg_trees>) -> Void) {
    tests.withUnsafeBufferPointer { tests in
      starts.withUnsafeBufferPointer { starts in
        sets.withUnsafeBytes { sets in
          var trees = hg_trees(
            tests: tests.baseAddress, starts: starts.baseAddress,
            sets: sets.isEmpty ? nil : sets.assumingMemoryBound(to: hg_bin_set.self).baseAddress)
          body(&trees)
        }
      }
    }
  }
}
