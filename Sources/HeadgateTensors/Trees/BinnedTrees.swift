import HeadgateKernels

/// Trees whose tests compare bins, see `BinColumns`: for each row and tree they tell the leaf.
///
/// Many rows do not walk at all but are taken past every test, a vector of them at a time. One row walks through eight
/// trees side by side, or has all tests of a small tree made at once. All ways lead to the same leaf.
package struct BinnedTrees: Sendable {
  /// A test of a tree; its branches are further tests, or leaves.
  package struct Test {
    /// The operand of the set whose bins the test is true for; nil for a comparison with a bin.
    let set: UInt16?
    let trueIsLeaf: Bool
    let falseIsLeaf: Bool

    package init(set: UInt16?, trueIsLeaf: Bool, falseIsLeaf: Bool) {
      self.set = set
      self.trueIsLeaf = trueIsLeaf
      self.falseIsLeaf = falseIsLeaf
    }
  }

  /// What a test looks at: a column, and the last bin that it is true for unless it has a set.
  package struct Place: Sendable {
    package let column: UInt16
    package let bin: UInt16

    package init(column: UInt16, bin: UInt16) {
      self.column = column
      self.bin = bin
    }
  }

  private var tests: [hg_tree_test] = []
  private var starts: [UInt32] = [0]
  private var sets: [UInt8] = []
  private var smallTrees: [hg_small_tree] = []
  private var smallDepth = 0

  package init() {}

  package var count: Int { starts.count - 1 }

  /// Appends a tree by its tests in the order of a walk that takes true branches first; its leaves are counted from 0
  /// in that order. Without tests it is a leaf.
  ///
  /// Returns whether there are no more leaves than bytes; nothing of this value may be used otherwise.
  package mutating func append(_ tree: ArraySlice<Test>) -> Bool {
    guard tree.count < BinLimits.leafCount else { return false }
    let start = tests.count
    var leafCount: UInt8 = 0
    // The tests whose true branch is not complete.
    var open: [Int] = []
    for test in tree {
      let place = tests.count
      tests.append(
        hg_tree_test(
          column: 0, first: leafCount, middle: 0, when_true: test.trueIsLeaf ? 0 : 1, when_false: 0,
          operand: test.set ?? 0))
      guard test.trueIsLeaf else {
        open.append(place)
        continue
      }
      // What is complete now ends at a leaf; then the false branch of the last open test begins.
      var ended: Int? = place
      while let test = ended {
        leafCount &+= 1
        tests[test].middle = leafCount
        guard tree[tree.startIndex + test - start].falseIsLeaf else {
          tests[test].when_false = UInt8(tests.count - test)
          break
        }
        ended = open.popLast()
      }
    }
    starts.append(UInt32(tests.count))
    return true
  }

  /// Appends a set of bins below 255 and returns its operand; nil when there are too many sets.
  package mutating func appendSet(_ bins: some Sequence<Int>) -> UInt16? {
    let width = MemoryLayout<hg_bin_set>.size
    guard let operand = UInt16(exactly: BinLimits.firstSet + sets.count / width) else { return nil }
    let start = sets.count
    sets += repeatElement(0, count: width)
    for bin in bins { sets[start + bin / 8] |= 1 << UInt8(bin % 8) }
    return operand
  }

  /// Appends the trees of another value, with their sets.
  ///
  /// Returns whether there are no more sets than operands; nothing of this value may be used otherwise.
  package mutating func append(_ other: BinnedTrees) -> Bool {
    let setCount = sets.count / MemoryLayout<hg_bin_set>.size
    let all = BinLimits.firstSet + setCount + other.sets.count / MemoryLayout<hg_bin_set>.size
    guard let offset = UInt16(exactly: setCount), all <= 1 << 16 else { return false }
    let first = tests.count
    tests += other.tests
    if offset > 0 {
      for test in first..<tests.count where tests[test].operand >= BinLimits.firstSet { tests[test].operand += offset }
    }
    starts += other.starts.dropFirst().map { UInt32(first) + $0 }
    sets += other.sets
    return true
  }

  /// Makes room for as many tests as there are in others.
  package mutating func reserve(for others: some Sequence<BinnedTrees>) {
    tests.reserveCapacity(others.reduce(tests.count) { $0 + $1.tests.count })
  }

  /// Ends the trees; rows will have `columnCount` columns, and test `i` looks at `places[numbers[i]]`.
  package mutating func finish(
    columnCount: Int, places numbers: [Int32], _ places: [Place], using kernels: KernelSet = .current
  ) {
    for (index, number) in numbers.enumerated() {
      let place = places[Int(number)]
      tests[index].column = place.column
      if tests[index].operand < BinLimits.firstSet { tests[index].operand = place.bin }
    }
    makeSmallTrees(columnCount: columnCount, kernels)
  }

  /// Trees of few tests are walked through faster than all their tests are made at once.
  private mutating func makeSmallTrees(columnCount: Int, _ kernels: KernelSet) {
    let canBeSmall =
      kernels.table.pointee.small_tree_leaves != nil && sets.isEmpty && columnCount <= HG_SMALL_COLUMNS
      && tests.count >= 8 * count
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
  /// SAFETY: `bins` has as many bytes as `BinColumns.rowWidth` says, `leaves` room for `count`.
  package func rowLeaves(
    _ bins: UnsafePointer<UInt8>, into leaves: UnsafeMutablePointer<UInt8>, using kernels: KernelSet = .current
  ) {
    if !smallTrees.isEmpty, let find = kernels.table.pointee.small_tree_leaves {
      let rounds = smallDepth <= 1 ? 0 : Int.bitWidth - (smallDepth - 1).leadingZeroBitCount
      return smallTrees.withUnsafeBufferPointer { find($0.baseAddress, count, rounds, bins, leaves) }
    }
    withTrees { hg_tree_leaves_of_row($0, count, bins, leaves) }
  }

  /// Writes the leaves of rows in up to `BinLimits.treesAtOnce` trees; those of each tree begin `BinLimits.blockRows`
  /// bytes further.
  ///
  /// SAFETY: `bins` is a block of all columns, `rows` a multiple of 64 up to `BinLimits.blockRows`, and `leaves` has
  /// room for `treesAtOnce * blockRows`.
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
