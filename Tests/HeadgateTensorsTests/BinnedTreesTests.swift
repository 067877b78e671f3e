import Testing

@testable import HeadgateTensors

@Suite struct `Trees over bins` {
  /// A tree of any form, with the tests in the order in which they are appended.
  private struct Tree {
    var tests: [BinnedTrees.Test] = []
    var places: [BinnedTrees.Place] = []
    /// Where the false branch of each test begins, when it is no leaf.
    private var falseStarts: [Int] = []

    /// Grows a tree of so many leaves; a chain has a leaf at each test.
    init(leaves: Int, isChain: Bool, operands: [UInt16], columns: Int, _ random: inout KernelRandom) {
      grow(leaves, isChain, operands, columns, &random)
    }

    private mutating func grow(
      _ leaves: Int, _ isChain: Bool, _ operands: [UInt16], _ columns: Int, _ random: inout KernelRandom
    ) {
      guard leaves > 1 else { return }
      let left = isChain ? random.pick([1, leaves - 1]) : 1 + random.below(leaves - 1)
      let column = UInt16(random.below(columns))
      let operand = random.pick(operands)
      let isSet = operand >= BinLimits.firstSet
      tests.append(
        BinnedTrees.Test(set: isSet ? operand : nil, trueIsLeaf: left == 1, falseIsLeaf: leaves - left == 1))
      places.append(BinnedTrees.Place(column: column, bin: isSet ? 0 : operand))
      falseStarts.append(tests.count + left - 1)
      grow(left, isChain, operands, columns, &random)
      grow(leaves - left, isChain, operands, columns, &random)
    }

    /// The leaf that a row ends at, by walking.
    func walk(_ bin: (Int) -> UInt8, _ sets: [Set<Int>]) -> Int {
      var (index, leaf) = (0, 0)
      while index < tests.count {
        let test = tests[index]
        let value = Int(bin(Int(places[index].column)))
        let isTrue =
          test.set.map { sets[Int($0) - BinLimits.firstSet].contains(value) } ?? (value <= Int(places[index].bin))
        if isTrue {
          if test.trueIsLeaf { return leaf }
          index += 1
        } else {
          // The true branch has one leaf more than tests.
          leaf += falseStarts[index] - index
          if test.falseIsLeaf { return leaf }
          index = falseStarts[index]
        }
      }
      return leaf
    }
  }

  private func check(_ kernels: KernelSet, leaves: [Int], columns: Int, hasSets: Bool) throws {
    var random = KernelRandom(UInt64(leaves.count + columns))
    var trees = BinnedTrees()
    var operands = (0..<256).map { UInt16($0) }
    var sets: [Set<Int>] = []
    for _ in 0..<(hasSets ? 30 : 0) {
      let set = Set((0..<255).filter { _ in random.below(2) == 0 })
      sets.append(set)
      let operand = trees.appendSet(set)
      operands.append(contentsOf: repeatElement(try #require(operand), count: 9))
    }
    var sources: [Tree] = []
    for count in leaves {
      let tree = Tree(
        leaves: count, isChain: random.below(4) == 0, operands: operands, columns: columns, &random)
      sources.append(tree)
      let fits = trees.append(tree.tests[...])
      #expect(fits)
    }
    // Tests that look at the same name one place.
    let places = sources.flatMap(\.places)
    let distinct = Array(Dictionary(grouping: places) { Int($0.column) << 16 | Int($0.bin) }.compactMap(\.value.first))
    let numbers = places.map { place in
      Int32(distinct.firstIndex { $0.column == place.column && $0.bin == place.bin } ?? 0)
    }
    trees.finish(columnCount: columns, places: numbers, distinct, using: kernels)
    let width = BinLimits.blockRows
    let bins = GuardedBuffer((0..<columns * width).map { _ in UInt8(random.below(256)) })
    let found = GuardedBuffer([UInt8](repeating: 0, count: BinLimits.treesAtOnce * width))
    for rows in [64, 128, 192, 256] {
      for first in stride(from: 0, to: leaves.count, by: BinLimits.treesAtOnce) {
        let some = first..<min(first + BinLimits.treesAtOnce, leaves.count)
        trees.leaves(ofTrees: some, bins.start, rows: rows, into: found.start, using: kernels)
        for tree in some {
          for row in 0..<rows {
            let expected = sources[tree].walk({ bins.start[$0 * width + row] }, sets)
            #expect(Int(found.start[(tree - first) * width + row]) == expected)
          }
        }
      }
    }
    for row in 0..<40 {
      let single = GuardedBuffer((0..<max(columns, 64)).map { $0 < columns ? bins.start[$0 * width + row] : 0 })
      let leaf = GuardedBuffer([UInt8](repeating: 0, count: leaves.count))
      trees.rowLeaves(single.start, into: leaf.start, using: kernels)
      for tree in leaves.indices {
        let expected = sources[tree].walk({ bins.start[$0 * width + row] }, sets)
        #expect(Int(leaf.start[tree]) == expected)
      }
    }
  }

  @Test(arguments: KernelSet.all) func `lead every row to the leaf that it walks to`(_ kernels: KernelSet) throws {
    try check(kernels, leaves: [1, 2, 64, 3, 63, 40, 17, 64, 1], columns: 30, hasSets: false)
    try check(kernels, leaves: [64, 64, 64], columns: 64, hasSets: false)
    try check(kernels, leaves: [1, 1], columns: 1, hasSets: false)
    try check(kernels, leaves: [2], columns: 65, hasSets: false)
    try check(kernels, leaves: [256, 255, 1, 65, 200, 31, 2, 128, 256, 90, 7], columns: 300, hasSets: false)
    try check(kernels, leaves: [256, 20, 1, 64, 65, 9, 30, 2, 100], columns: 20, hasSets: true)
  }

  @Test func `have no more leaves than there are bytes`() throws {
    var random = KernelRandom(3)
    for (leaves, fits) in [(256, true), (257, false), (3000, false)] {
      let tree = Tree(leaves: leaves, isChain: leaves == 3000, operands: [1], columns: 1, &random)
      var trees = BinnedTrees()
      let isTaken = trees.append(tree.tests[...])
      #expect(isTaken == fits)
    }
  }

  @Test(arguments: KernelSet.all) func `add the value of each row's leaf to its sum`(_ kernels: KernelSet) {
    var random = KernelRandom(5)
    for count in [1, 2, 16, 63, 64, 65, 256] {
      let leaves = GuardedBuffer((0..<256).map { _ in UInt8(random.below(count)) })
      func check<Scalar: TreeScalar>(_: Scalar.Type) {
        let values = (0..<count).map { _ in Scalar(random.number()) }
        let guarded = GuardedBuffer(values)
        for rows in [64, 256] {
          let start = (0..<rows).map { _ in Scalar(random.number()) }
          let sums = GuardedBuffer(start)
          Scalar.addLeaves(
            leaves.start, rows: rows, values: UnsafeBufferPointer(start: guarded.start, count: count), to: sums.start,
            kernels)
          #expect(sums.array(rows) == (0..<rows).map { start[$0] + values[Int(leaves.start[$0])] })
        }
      }
      check(Float.self)
      check(Double.self)
    }
  }
}
