import Testing

@testable import HeadgateTensors

extension ThreadTeam {
  /// Shares all work, however short, between up to four threads of a pool of its own.
  static let eager = ThreadTeam(width: 4, pool: ThreadPool(processorCount: 4), leastShared: 0)
  /// The same with more threads than most small products have slivers or panels.
  static let wide = ThreadTeam(width: 16, pool: ThreadPool(processorCount: 16), leastShared: 0)
}

@Suite struct `A product that threads share` {
  @Test(arguments: KernelSet.all) func `has the bits of one that they do not`(_ kernels: KernelSet) throws {
    var random = KernelRandom(91)
    for _ in 0..<150 {
      let problem = ProductProblem.any(&random)
      for isPacked in [false, true] {
        let alone = try problem.result(kernels, isPacked: isPacked).map(\.bitPattern)
        for team in [ThreadTeam.eager, .wide] {
          #expect(try problem.result(kernels, isPacked: isPacked, team: team).map(\.bitPattern) == alone)
        }
      }
    }
  }

  /// Enough rows, and enough columns, to be split either way.
  @Test(arguments: KernelSet.all, [(500, 40, 70), (13, 900, 40), (200, 200, 260), (1, 300, 300), (400, 3, 20)])
  func `may be tall or wide`(_ kernels: KernelSet, _ extents: (Int, Int, Int)) throws {
    var random = KernelRandom(92)
    let problem = ProductProblem(&random, m: extents.0, n: extents.1, k: extents.2)
    for isPacked in [false, true] {
      let result = try problem.result(kernels, isPacked: isPacked, team: .eager)
      #expect(problem.mistake(in: result) == nil)
      #expect(try problem.result(kernels, isPacked: isPacked).map(\.bitPattern) == result.map(\.bitPattern))
    }
  }

  /// With so many rows that slivers are packed together, and with so few that panels are read side by side.
  @Test(arguments: KernelSet.all, [1, 4, 9, 30, 400]) func `may be one in bfloat16`(
    _ kernels: KernelSet, _ m: Int
  ) throws {
    var random = KernelRandom(94)
    for (n, k) in [(5, 300), (70, 40), (500, 33)] {
      let a = (0..<m * k).map { _ in Float(random.number()) }
      let b = (0..<k * n).map { _ in Float(random.number()) }
      let offsets = (0..<n).map { _ in Float(random.number()) }
      let finish = Finish<Float>(columnOffsets: offsets, bounds: Bounds(least: -2))
      let packed = try RoundedMatrix(.init(b, columns: n), n: n, k: k, budget: .unlimited, using: kernels)
      var (alone, shared) = ([Float](repeating: 7, count: m * n), [Float](repeating: 8, count: m * n))
      packed.multiply(.init(a, columns: k), into: &alone, m: m, finish: finish)
      packed.multiply(.init(a, columns: k), into: &shared, m: m, finish: finish, team: .eager)
      withExtendedLifetime((a, b, offsets)) {}
      #expect(shared.map(\.bitPattern) == alone.map(\.bitPattern))
    }
  }

  @Test(arguments: KernelSet.all, [(300, 20), (20, 300)]) func `is finished in each share`(
    _ kernels: KernelSet, _ extents: (Int, Int)
  ) throws {
    var random = KernelRandom(93)
    let (m, n, k) = (extents.0, extents.1, 30)
    let a = (0..<m * k).map { _ in Float(random.below(9) - 4) }
    let b = (0..<k * n).map { _ in Float(random.below(9) - 4) }
    let (rows, columns) = ((0..<m).map { Float($0) }, (0..<n).map { Float($0) * 1000 })
    let finish = Finish<Float>(rowOffsets: rows, columnOffsets: columns, bounds: Bounds(least: -20, greatest: 250_000))
    let expected = (0..<m * n).map { index in
      let (row, column) = (index / n, index % n)
      let sum = (0..<k).reduce(rows[row] + columns[column]) { $0 + a[row * k + $1] * b[$1 * n + column] }
      return min(max(sum, -20), 250_000)
    }
    var (plain, packed) = (expected.map { _ in Float(7) }, expected.map { _ in Float(7) })
    MatrixProduct.multiply(
      .init(a, columns: k), .init(b, columns: n), into: &plain, m: m, n: n, k: k, finish: finish, team: .eager,
      using: kernels)
    try PackedMatrix(.init(b, columns: n), n: n, k: k, budget: .unlimited, using: kernels).multiply(
      .init(a, columns: k), into: &packed, m: m, finish: finish, team: .eager)
    withExtendedLifetime((a, b, rows, columns)) {}
    #expect(plain == expected)
    #expect(packed == expected)
  }
}
