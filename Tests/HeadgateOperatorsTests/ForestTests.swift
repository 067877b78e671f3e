import HeadgateTensors
import Synchronization
import Testing

@testable import HeadgateOperators

@Suite struct `A forest` {
  private static let features = 6

  /// Trees with all kinds of tests, and what they give for a row by walking through the description.
  private struct Trees {
    var description: ForestDescription
    private var sets: [Set<Int>] = []
    private var random: SystemIndependentRandom

    init(count: Int, leaves: Int, targets: Int, weightsPerLeaf: Int, modes: [ForestDescription.Mode], seed: UInt64)
      throws
    {
      random = SystemIndependentRandom(seed)
      description = try ForestDescription(targetCount: targets)
      for _ in 0..<5 {
        let set = Set((0..<60).filter { _ in random.below(2) == 0 })
        var words = [UInt32](repeating: 0, count: 2)
        for category in set { words[category / 32] |= 1 << UInt32(category % 32) }
        sets.append(set)
        _ = description.appendSet(words: words)
      }
      for tree in 0..<count {
        description.roots.append(description.nodes.count)
        grow(1 + random.below(leaves), modes, tree % targets, weightsPerLeaf)
      }
      description.finish()
    }

    /// Appends a subtree and returns its node. Children come first, so that a node knows them.
    private mutating func grow(_ leaves: Int, _ modes: [ForestDescription.Mode], _ target: Int, _ weights: Int) {
      guard leaves > 1 else {
        description.appendLeaf(
          (0..<weights).map {
            .init(target: (target + $0) % description.targetCount, value: Double(random.below(1 << 30) - 1 << 29) / 3)
          })
        return
      }
      let left = 1 + random.below(leaves - 1)
      // A node of two branches takes one place, then its true branch as many as twice its leaves less one.
      let place = description.nodes.count
      let mode = random.pick(modes)
      let feature = random.below(features)
      let missingIsTrue = random.below(2) == 0
      if mode == .member || mode == .truncatedMember {
        description.append(
          .init(
            set: random.below(5), isCut: mode == .truncatedMember, feature: feature, missingIsTrue: missingIsTrue,
            trueChild: place + 1, falseChild: place + 2 * left))
      } else {
        description.append(
          .init(
            mode: mode, feature: feature, threshold: Double(random.below(9) - 4) / 2, missingIsTrue: missingIsTrue,
            trueChild: place + 1, falseChild: place + 2 * left))
      }
      grow(left, modes, target, weights)
      grow(leaves - left, modes, target, weights)
    }

    func leaf<Scalar: TreeScalar>(_ row: [Scalar], tree: Int) -> Int {
      var index = description.roots[tree]
      while description.nodes[index].mode != .leaf {
        let node = description.nodes[index]
        let value = row[node.feature]
        let threshold = Scalar(node.threshold)
        let isTrue =
          switch node.mode {
          case .lessOrEqual: value <= threshold
          case .less: value < threshold
          case .greaterOrEqual: value >= threshold
          case .greater: value > threshold
          case .equal: value == threshold
          case .notEqual: value != threshold
          case .member: value >= 0 && value < 60 && sets[node.set].contains(Int(value))
          case .truncatedMember: value > -1 && value < 60 && sets[node.set].contains(Int(value))
          case .lessOrEqualZeroMissing: value.magnitude < 1e-30 ? node.missingIsTrue : value <= threshold
          case .leaf: false
          }
        index = isTrue || (value.isNaN && node.missingIsTrue) ? node.trueChild : node.falseChild
      }
      return index
    }

    /// The scores of a row and which of them a tree gave.
    func scores<Scalar: TreeScalar>(
      _ row: [Scalar], _ aggregate: LeafWeights<Scalar>.Aggregate
    ) -> (scores: [Scalar], seen: [Bool]) {
      var scores = [Scalar](repeating: 0, count: description.targetCount)
      var seen = [Bool](repeating: false, count: description.targetCount)
      for tree in description.roots.indices {
        let leaf = leaf(row, tree: tree)
        for weight in description.weights[description.weightRange(leaf)] {
          let value = Scalar(weight.value)
          switch aggregate {
          case .sum, .average: scores[weight.target] += value
          case .minimum: scores[weight.target] = seen[weight.target] ? min(scores[weight.target], value) : value
          case .maximum: scores[weight.target] = seen[weight.target] ? max(scores[weight.target], value) : value
          }
          seen[weight.target] = true
        }
      }
      return (scores, seen)
    }
  }

  private struct SystemIndependentRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func below(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  }

  private func check<Scalar: TreeScalar>(_: Scalar.Type, _ trees: Trees, isBinned: Bool) throws {
    let order = try ForestDescription.Order(trees.description)
    let binned = BinnedForest<Scalar>(trees.description, in: order)
    #expect((binned != nil) == isBinned)
    let walked = WalkedForest<Scalar>(trees.description, in: order)
    let pool: [Scalar] = [
      .nan, 0, -0.0, 1e-37, -0.5, 0.5, 1, -1, 1.5, 2, -2, 3.2, 17, 59, 61, 400, .infinity, -.infinity,
    ]
    var random = SystemIndependentRandom(9)
    let targets = trees.description.targetCount
    for count in [1, 7, 23, 24, 64, 100, 256] {
      let rows = (0..<count).map { _ in (0..<Self.features + 1).map { _ in random.pick(pool) } }
      for aggregate in [LeafWeights<Scalar>.Aggregate.sum, .minimum, .maximum] {
        let expected = rows.map { trees.scores($0, aggregate) }
        typealias Collect = (
          UnsafePointer<Scalar>, Int, Int, LeafWeights<Scalar>.Aggregate, UnsafeMutablePointer<Scalar>,
          UnsafeMutablePointer<Bool>
        ) -> Void
        for collect in [walked.collect as Collect, binned?.collect as Collect?].compactMap({ $0 }) {
          var scores = [Scalar](repeating: 0, count: count * targets)
          var seen = [Bool](repeating: false, count: count * targets)
          collect(rows.flatMap { $0 }, count, Self.features + 1, aggregate, &scores, &seen)
          #expect(scores == expected.flatMap(\.scores))
          #expect(seen == expected.flatMap(\.seen))
        }
      }
    }
  }

  @Test(arguments: [(1, 1), (3, 1), (3, 2)])
  func `gives the same bits over bins as by walking`(targets: Int, weightsPerLeaf: Int) throws {
    for (leaves, seed) in [(4, 1), (40, 2), (256, 3)] {
      let trees = try Trees(
        count: 21, leaves: leaves, targets: targets, weightsPerLeaf: weightsPerLeaf,
        modes: [.lessOrEqual, .less, .greater, .greaterOrEqual], seed: UInt64(seed))
      try check(Float.self, trees, isBinned: true)
      try check(Double.self, trees, isBinned: true)
      let mixed = try Trees(
        count: 21, leaves: leaves, targets: targets, weightsPerLeaf: weightsPerLeaf,
        modes: [.lessOrEqual, .member, .truncatedMember, .lessOrEqualZeroMissing, .greater], seed: UInt64(seed))
      try check(Float.self, mixed, isBinned: true)
      try check(Double.self, mixed, isBinned: true)
    }
  }

  @Test func `with tests that bins cannot decide, or with large trees, is walked`() throws {
    let equal = try Trees(
      count: 9, leaves: 30, targets: 1, weightsPerLeaf: 1, modes: [.lessOrEqual, .equal, .notEqual], seed: 4)
    try check(Float.self, equal, isBinned: false)
    let large = try Trees(count: 9, leaves: 2000, targets: 2, weightsPerLeaf: 1, modes: [.lessOrEqual], seed: 5)
    try check(Double.self, large, isBinned: false)
  }

  @Test func `adds tree by tree to what is there, in any number of blocks`() throws {
    for targets in [1, 3, 100] {
      let trees = try Trees(
        count: 25, leaves: 60, targets: targets, weightsPerLeaf: 1, modes: [.lessOrEqual, .greater],
        seed: UInt64(targets))
      let forest = try Forest<Float>(trees.description)
      var random = SystemIndependentRandom(7)
      for count in [1, 30, 600] {
        let rows = (0..<count).map { _ in (0..<Self.features).map { _ in Float(random.below(99) - 50) / 16 } }
        let start = (0..<count * targets).map { _ in Float(random.below(1000)) / 7 }
        var scores = start
        forest.add(rows.flatMap { $0 }, count: count, stride: Self.features, to: &scores)
        var expected = start
        for (row, features) in rows.enumerated() {
          for tree in trees.description.roots.indices {
            let weight = trees.description.weights[
              trees.description.weightRange(trees.leaf(features, tree: tree)).lowerBound]
            expected[row * targets + weight.target] += Float(weight.value)
          }
        }
        #expect(scores == expected)
      }
    }
  }

  @Test func `with more columns than its few trees are worth is walked`() throws {
    let trees = try Trees(
      count: 2, leaves: 60, targets: 1, weightsPerLeaf: 1, modes: [.lessOrEqual, .lessOrEqualZeroMissing], seed: 8)
    try check(Float.self, trees, isBinned: false)
  }

  /// Appends some of the trees of several descriptions, and says where each ends.
  private func describe(
    _ sources: [ForestDescription], _ trees: Range<Int>, _ description: inout ForestDescription,
    _ ended: (inout ForestDescription) throws -> Void
  ) throws {
    var next = 0
    for source in sources {
      for (root, end) in zip(source.roots, source.roots.dropFirst() + [source.nodes.count]) {
        defer { next += 1 }
        guard trees.contains(next) else { continue }
        var sets: [Int: Int] = [:]
        let offset = description.nodes.count - root
        description.roots.append(description.nodes.count)
        for index in root..<end {
          var node = source.nodes[index]
          guard node.mode != .leaf else {
            description.appendLeaf(Array(source.weights[source.weightRange(index)]))
            continue
          }
          node.trueChild += offset
          node.falseChild += offset
          if node.mode == .member || node.mode == .truncatedMember {
            let set = try sets[node.set] ?? copySet(node.set, of: source, to: &description)
            sets[node.set] = set
            node.threshold = Double(set)
          }
          description.append(node)
        }
        try ended(&description)
      }
    }
  }

  private func copySet(
    _ set: Int, of source: ForestDescription, to description: inout ForestDescription
  ) throws -> Int {
    var words = [UInt32](repeating: 0, count: 2)
    for category in try #require(source.sets.categories(of: set, below: 64)) {
      words[category / 32] |= 1 << UInt32(category % 32)
    }
    return description.appendSet(words: words)
  }

  @Test(arguments: [40, 300], [(1, 1), (50, 1), (4096, 1), (50, 3), (4096, 3)])
  func `is the same when it is compiled tree by tree, on any number of threads`(
    leaves: Int, _ parts: (size: Int, threads: Int)
  ) throws {
    let choices: [[ForestDescription.Mode]] = [
      [.lessOrEqual, .lessOrEqualZeroMissing, .greater, .less],
      [.lessOrEqual, .member, .truncatedMember, .greater],
    ]
    for modes in choices {
      // Leaves of one weight come first, so that those of several turn up late; and a tree of too many leaves for bins.
      let sources = try [(1, 40, 1), (2, leaves, 2)].map { weights, leaves, seed in
        try Trees(
          count: 300, leaves: leaves, targets: 3, weightsPerLeaf: weights, modes: modes, seed: UInt64(seed)
        ).description
      }
      try checkParts(Float.self, [sources[0]], parts, isWalked: false)
      try checkParts(Double.self, [sources[0]], parts, isWalked: false)
      try checkParts(Float.self, sources, parts, isWalked: leaves > BinLimits.leafCount)
      try checkParts(Double.self, sources, parts, isWalked: leaves > BinLimits.leafCount)
    }
  }

  /// Compares a forest that is compiled in parts with one that is compiled at once.
  private func checkParts<Scalar: TreeScalar>(
    _: Scalar.Type, _ sources: [ForestDescription], _ parts: (size: Int, threads: Int), isWalked: Bool
  ) throws {
    let treeCount = sources.reduce(0) { $0 + $1.roots.count }
    var whole = try ForestDescription(targetCount: 3)
    try describe(sources, 0..<treeCount, &whole) { _ in }
    whole.finish()
    let expected = try Forest<Scalar>(whole)
    let readings = Mutex<[Range<Int>]>([])
    let threads = ThreadPool(processorCount: parts.threads)
    let forest = try Forest<Scalar>(
      targetCount: 3, treeCount: treeCount, team: threads.begin(limit: nil), taking: 1e9, partSize: parts.size
    ) { trees, description, ended in
      readings.withLock { $0.append(trees) }
      try describe(sources, trees, &description, ended)
    }
    threads.end()
    // Every tree once, and all of them together when they are walked through.
    let first = readings.withLock { $0.prefix($0.count - (isWalked ? 1 : 0)).sorted { $0.lowerBound < $1.lowerBound } }
    #expect(parts.threads == 1 ? first.count == 1 : first.count > 1)
    #expect(first.first?.lowerBound == 0 && first.last?.upperBound == treeCount)
    #expect(zip(first, first.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(!isWalked || readings.withLock { $0.last } == 0..<treeCount)
    #expect(forest.treeCount == expected.treeCount)
    #expect(forest.columns == expected.columns)
    var random = SystemIndependentRandom(4)
    let pool: [Scalar] = [.nan, 0, 1e-37, -0.5, 0.5, 1, -1, 1.7, -2, 17, 59, 61, 400]
    let rows = (0..<70 * Self.features).map { _ in random.pick(pool) }
    for rowCount in [1, 70] {
      var sums = [Scalar](repeating: 0, count: 3 * rowCount)
      var wanted = sums
      forest.add(rows, count: rowCount, stride: Self.features, to: &sums)
      expected.add(rows, count: rowCount, stride: Self.features, to: &wanted)
      #expect(sums == wanted)
    }
    var leaves = [Scalar](repeating: 0, count: expected.treeCount)
    var wanted = leaves
    for row in 0..<70 {
      let features = Array(rows[row * Self.features..<(row + 1) * Self.features])
      leaves.withUnsafeMutableBufferPointer { forest.leaves(of: features, into: $0) }
      wanted.withUnsafeMutableBufferPointer { expected.leaves(of: features, into: $0) }
      #expect(leaves == wanted)
    }
  }

  @Test func `that cannot be described names the first tree, whichever thread comes to it first`() {
    struct Damage: Error, Equatable { let tree: Int }
    let pool = ThreadPool(processorCount: 3)
    let team = pool.begin(limit: nil)
    defer { pool.end() }
    for damaged in [[0], [499], [3, 490], [170, 171, 400]] {
      #expect(throws: Damage(tree: damaged[0])) {
        try Forest<Float>(targetCount: 1, treeCount: 500, team: team, taking: 1e9) { trees, description, ended in
          for tree in trees {
            if damaged.contains(tree) { throw Damage(tree: tree) }
            description.roots.append(description.nodes.count)
            description.appendLeaf(target: 0, value: 1)
            try ended(&description)
          }
        }
      }
    }
  }

  @Test func `does not read features that only unreachable nodes name`() throws {
    var description = try ForestDescription(targetCount: 1)
    for tree in 0..<8 {
      description.roots.append(3 * tree)
      description.append(
        .init(
          mode: .lessOrEqual, feature: 0, threshold: 1, missingIsTrue: false, trueChild: 3 * tree + 1,
          falseChild: 3 * tree + 2))
      description.appendLeaf(target: 0, value: 1)
      description.appendLeaf(target: 0, value: 2)
    }
    description.append(
      .init(mode: .equal, feature: 500, threshold: 1, missingIsTrue: false, trueChild: 1, falseChild: 2))
    description.finish()
    let forest = try Forest<Float>(description)
    #expect(forest.columns == 1)
    var scores: [Float] = [0, 0]
    forest.add([0.5, 3], count: 2, stride: 1, to: &scores)
    #expect(scores == [8, 16])
  }
}
