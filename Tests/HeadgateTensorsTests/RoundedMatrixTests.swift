import Testing

@testable import HeadgateTensors

/// Expected values are sums by the definition over operands that Swift's own conversion rounds, in double precision.
@Suite struct `A product in bfloat16` {
  private static func rounded(_ numbers: [Float]) -> [Float] { numbers.map { Float(BFloat16($0)) } }

  @Test(arguments: KernelSet.all) func `is right for all shapes, strides and alignments`(_ kernels: KernelSet) throws {
    var random = KernelRandom(11)
    for _ in 0..<300 {
      let problem = ProductProblem.any(&random)
      #expect(problem.rounded.mistake(in: try problem.roundedResult(kernels)) == nil)
    }
  }

  @Test(arguments: KernelSet.all) func `passes on what is no number, also times zero`(_ kernels: KernelSet) throws {
    var random = KernelRandom(12)
    for _ in 0..<100 {
      let problem = ProductProblem.any(&random, specials: [.nan, .signalingNaN, .infinity, -.infinity, 0, 0])
      #expect(problem.rounded.mistake(in: try problem.roundedResult(kernels)) == nil)
    }
  }

  @Test(arguments: KernelSet.all) func `has the bits of the float product of rounded matrices`(
    _ kernels: KernelSet
  ) throws {
    var random = KernelRandom(13)
    for _ in 0..<200 {
      let problem = ProductProblem.any(&random)
      let expected = try problem.rounded.result(kernels, isPacked: true)
      #expect(try problem.roundedResult(kernels).map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: KernelSet.all) func `has the same bits for a row alone, and for any number of rows`(
    _ kernels: KernelSet
  ) throws {
    var random = KernelRandom(14)
    for m in [2, 5, 9, 12, 13, 30, 250] {
      let problem = ProductProblem(&random, m: m, n: random.pick([1, 10, 40, 130]), k: random.pick([3, 260]))
      let whole = try problem.roundedResult(kernels).map(\.bitPattern)
      for row in 0..<m {
        let start = problem.shift + row * problem.columns
        let alone = try problem.roundedResult(kernels, rows: row..<row + 1)[start..<start + problem.n]
        #expect(alone.map(\.bitPattern) == Array(whole[start..<start + problem.n]))
      }
    }
  }

  @Test(arguments: KernelSet.all) func `is zero, or what was there, without depth`(_ kernels: KernelSet) throws {
    for (m, n) in [(1, 1), (1, 40), (40, 1), (5, 7), (30, 30)] {
      let nothing = GuardedBuffer<Float>([0])
      let matrix = try RoundedMatrix(.init(nothing.start, columns: n), n: n, k: 0, budget: .unlimited, using: kernels)
      var c = [Float](repeating: 3, count: m * n)
      matrix.multiply(.init(nothing.start, columns: 0), into: &c, m: m, accumulate: true)
      #expect(c.allSatisfy { $0 == 3 })
      matrix.multiply(.init(nothing.start, columns: 0), into: &c, m: m)
      #expect(c.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: KernelSet.all, GuardSide.allCases)
  func `touches nothing beyond its matrices`(_ kernels: KernelSet, _ side: GuardSide) throws {
    var random = KernelRandom(15)
    for _ in 0..<80 {
      let problem = ProductProblem.any(&random)
      let (m, n, k) = (problem.m, problem.n, problem.k)
      let a = GuardedBuffer((0..<m * k).map { _ in Float(random.below(9) - 4) }, guarded: side)
      let b = GuardedBuffer((0..<k * n).map { _ in Float(random.below(9) - 4) }, guarded: side)
      let c = GuardedBuffer([Float](repeating: 0, count: m * n), guarded: side)
      let left = MatrixProduct.Operand<Float>(
        a.start, columns: problem.transposesA ? m : k, transposed: problem.transposesA)
      let right = MatrixProduct.Operand<Float>(
        b.start, columns: problem.transposesB ? k : n, transposed: problem.transposesB)
      // Whole numbers this small are exact in bfloat16, and so are their sums.
      MatrixProduct.multiply(left, right, into: c.start, m: m, n: n, k: k, using: kernels)
      let expected = c.array(m * n)
      c.start.update(repeating: 0, count: m * n)
      try RoundedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(left, into: c.start, m: m)
      #expect(c.array(m * n) == expected)
    }
  }

  @Test(arguments: KernelSet.all, GuardSide.allCases)
  func `with patches is that of the rounded kernel, finished`(_ kernels: KernelSet, _ side: GuardSide) throws {
    var random = KernelRandom(16)
    for m in [1, 2, 5, 12, 13, 30, 100, 800] {
      for k in [0, 1, 9, 25, 300] {
        let length = random.pick([1, 7, 16, 33])
        let steps = (0..<k).map { _ in random.below(40) }
        let lines = (0..<3).map { _ in random.below(60) }
        let image = (0..<(steps.max() ?? 0) + (lines.max() ?? 0) + length).map { _ in Float(random.number()) }
        let weights = GuardedBuffer((0..<m * k).map { _ in Float(random.number()) }, guarded: side)
        let offsets = (0..<m).map { _ in Float(random.number()) }
        let guarded = GuardedBuffer(image, guarded: side)
        BFloat16.round(UnsafePointer(guarded.start), into: guarded.start, count: image.count, using: kernels)
        #expect(guarded.array(image.count) == Self.rounded(image))
        var (c, expected) = ([Float](repeating: 1, count: m * 3 * length), [Float](repeating: 1, count: m * 3 * length))
        let roundedWeights = Self.rounded(weights.array(m * k))
        offsets.withUnsafeBufferPointer { offsets in
          let finish = Finish<Float>(rowOffsets: offsets.baseAddress, bounds: Bounds(least: -1))
          let patches = ImagePatches(UnsafePointer(guarded.start), steps: steps, lines: lines, length: length)
          let operand = MatrixProduct.Operand<Float>(weights.start, columns: k)
          try? RoundedLeft(operand, m: m, k: k, budget: .unlimited, using: kernels).multiply(
            patches, into: &c, n: 3 * length, accumulate: true, finish: finish, team: .eager)
          try? PackedLeft(.init(roundedWeights, columns: k), m: m, k: k, budget: .unlimited, using: kernels).multiply(
            patches, into: &expected, n: 3 * length, accumulate: true, finish: finish)
        }
        withExtendedLifetime((weights, guarded)) {}
        #expect(c.map(\.bitPattern) == expected.map(\.bitPattern))
      }
    }
  }

  @Test func `lets the memory of what it was made of go`() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    let tensor = try Tensor(shape: [64, 64], of: Float.self, budget: budget) { $0.update(repeating: 1) }
    let view = try tensor.reshaped(to: [4096])
    #expect(budget.liveByteCount == 4 * 4096)
    tensor.releaseMemory()
    view.releaseMemory()
    #expect(budget.liveByteCount == 0)
    #expect(view.shape == [4096])
    #expect { try view.floats() } throws: { ($0 as? TensorError)?.code == .missing }
  }

  @Test(arguments: KernelSet.all) func `rounds as the type does, whatever the number`(_ kernels: KernelSet) {
    var random = KernelRandom(17)
    var numbers: [Float] = [0, -0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1.00390625]
    numbers += (0..<1000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
    numbers += [Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF), .nan]
    for count in [0, 1, 15, 17, numbers.count] {
      var result = [Float](repeating: 7, count: count)
      let source = GuardedBuffer(Array(numbers.suffix(count)))
      BFloat16.round(UnsafePointer(source.start), into: &result, count: count, using: kernels)
      withExtendedLifetime(source) {}
      #expect(result.map(\.bitPattern) == numbers.suffix(count).map { Float(BFloat16($0)).bitPattern })
    }
  }
}

extension ProductProblem {
  /// The same with both operands rounded.
  fileprivate var rounded: ProductProblem {
    ProductProblem(self, a: a.map { Float(BFloat16($0)) }, b: b.map { Float(BFloat16($0)) })
  }

  fileprivate func roundedResult(_ kernels: KernelSet, rows: Range<Int>? = nil) throws -> [Float] {
    try result(rows: rows ?? 0..<m) { left, right, target, m in
      try RoundedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
        left, into: target, m: m, alpha: alpha, accumulate: accumulates, columns: columns)
    }
  }
}
