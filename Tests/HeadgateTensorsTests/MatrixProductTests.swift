import Testing

@testable import HeadgateTensors

/// Expected values are sums by the definition, in double precision.
@Suite struct `A product of matrices` {
  @Test(arguments: KernelSet.all) func `is right for all shapes, strides and alignments`(_ kernels: KernelSet) throws {
    var random = KernelRandom(1)
    for _ in 0..<200 {
      let problem = ProductProblem.any(&random)
      for isPacked in [false, true] {
        let result = try problem.result(kernels, isPacked: isPacked)
        #expect(problem.mistake(in: result) == nil)
      }
    }
  }

  @Test(arguments: KernelSet.all) func `passes on what is no number, also times zero`(_ kernels: KernelSet) throws {
    var random = KernelRandom(2)
    for _ in 0..<100 {
      let problem = ProductProblem.any(&random, specials: [.nan, .infinity, -.infinity, 0, 0])
      let result = try problem.result(kernels)
      #expect(problem.mistake(in: result) == nil)
    }
    for sizes in [(1, 1, 1), (1, 40, 1), (40, 1, 1), (13, 17, 1), (40, 40, 1)] {
      let (m, n, k) = sizes
      var c = [Float](repeating: 1, count: m * n)
      let zeros = GuardedBuffer([Float](repeating: 0, count: m * k))
      let others = GuardedBuffer([Float](repeating: .nan, count: k * n))
      MatrixProduct.multiply(
        .init(zeros.start, columns: k), .init(others.start, columns: n), into: &c, m: m, n: n, k: k, using: kernels)
      #expect(c.allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: KernelSet.all) func `has the same bits for a row alone, and with B packed`(
    _ kernels: KernelSet
  ) throws {
    var random = KernelRandom(3)
    for _ in 0..<100 {
      let problem = ProductProblem.any(&random)
      let whole = try problem.result(kernels).map(\.bitPattern)
      let packed = try problem.result(kernels, isPacked: true).map(\.bitPattern)
      #expect(packed == whole)
      for row in 0..<problem.m {
        let start = problem.shift + row * problem.columns
        let alone = try problem.result(kernels, rows: row..<row + 1)[start..<start + problem.n]
        #expect(alone.map(\.bitPattern) == Array(whole[start..<start + problem.n]))
      }
    }
  }

  @Test(arguments: KernelSet.all) func `has the same bits however the matrices are stored`(_ kernels: KernelSet) {
    var random = KernelRandom(4)
    let (m, n, k) = (29, 37, 300)
    let a = (0..<m * k).map { _ in Float(random.number()) }
    let b = (0..<k * n).map { _ in Float(random.number()) }
    let (rowsA, rowsB) = (GuardedBuffer(a), GuardedBuffer(b))
    let columnsA = GuardedBuffer((0..<m * k).map { a[$0 % m * k + $0 / m] })
    let columnsB = GuardedBuffer((0..<k * n).map { b[$0 % k * n + $0 / k] })
    var (plain, transposed) = ([Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * n))
    MatrixProduct.multiply(
      .init(rowsA.start, columns: k), .init(rowsB.start, columns: n), into: &plain, m: m, n: n, k: k, using: kernels)
    MatrixProduct.multiply(
      .init(columnsA.start, columns: m, transposed: true), .init(columnsB.start, columns: k, transposed: true),
      into: &transposed, m: m, n: n, k: k, using: kernels)
    #expect(plain == transposed)
  }

  @Test(arguments: KernelSet.all) func `is zero, or what was there, without depth`(_ kernels: KernelSet) {
    for (m, n) in [(1, 1), (1, 40), (40, 1), (5, 7), (30, 30)] {
      var c = [Float](repeating: 3, count: m * n)
      let nothing = GuardedBuffer<Float>([0])
      MatrixProduct.multiply(
        .init(nothing.start, columns: 0), .init(nothing.start, columns: n), into: &c, m: m, n: n, k: 0,
        accumulate: true,
        using: kernels)
      #expect(c.allSatisfy { $0 == 3 })
      MatrixProduct.multiply(
        .init(nothing.start, columns: 0), .init(nothing.start, columns: n), into: &c, m: m, n: n, k: 0, using: kernels)
      #expect(c.allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: KernelSet.all, GuardSide.allCases)
  func `touches nothing beyond its matrices`(_ kernels: KernelSet, _ side: GuardSide) throws {
    var random = KernelRandom(5)
    for _ in 0..<80 {
      let problem = ProductProblem.any(&random)
      let (m, n, k) = (problem.m, problem.n, problem.k)
      let (transposesA, transposesB) = (problem.transposesA, problem.transposesB)
      let a = GuardedBuffer((0..<m * k).map { _ in Float(random.number()) }, guarded: side)
      let b = GuardedBuffer((0..<k * n).map { _ in Float(random.number()) }, guarded: side)
      let c = GuardedBuffer([Float](repeating: 0, count: m * n), guarded: side)
      let left = MatrixProduct.Operand<Float>(a.start, columns: transposesA ? m : k, transposed: transposesA)
      let right = MatrixProduct.Operand<Float>(b.start, columns: transposesB ? k : n, transposed: transposesB)
      MatrixProduct.multiply(left, right, into: c.start, m: m, n: n, k: k, accumulate: true, using: kernels)
      let first = c.array(m * n)
      c.start.update(repeating: 0, count: m * n)
      try PackedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
        left, into: c.start, m: m, accumulate: true)
      #expect(c.array(m * n) == first)
    }
  }

  @Test(arguments: KernelSet.all) func `is exact for whole numbers in double precision`(_ kernels: KernelSet) throws {
    var random = KernelRandom(6)
    for _ in 0..<60 {
      let problem = ProductProblem.any(&random)
      let (m, n, k) = (problem.m, problem.n, problem.k)
      let a = (0..<m * k).map { _ in Double(random.below(2001) - 1000) }
      let b = (0..<k * n).map { _ in Double(random.below(2001) - 1000) }
      let transposesB = problem.transposesB
      var expected = [Double](repeating: 1, count: m * n)
      for row in 0..<m {
        for depth in 0..<k {
          for column in 0..<n {
            expected[row * n + column] +=
              2 * a[row * k + depth] * b[transposesB ? column * k + depth : depth * n + column]
          }
        }
      }
      var (c, packed) = ([Double](repeating: 1, count: m * n), [Double](repeating: 1, count: m * n))
      let (storedA, storedB) = (GuardedBuffer(a), GuardedBuffer(b))
      let left = MatrixProduct.Operand<Double>(storedA.start, columns: k)
      let right = MatrixProduct.Operand<Double>(storedB.start, columns: transposesB ? k : n, transposed: transposesB)
      MatrixProduct.multiply(left, right, into: &c, m: m, n: n, k: k, alpha: 2, accumulate: true, using: kernels)
      try PackedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
        left, into: &packed, m: m, alpha: 2, accumulate: true)
      withExtendedLifetime((storedA, storedB)) {}
      #expect(c == expected)
      #expect(packed == expected)
    }
  }

  /// More rows than are packed at a time. Small integers keep every order of summation exact.
  @Test(arguments: KernelSet.all, [239, 240, 241, 500]) func `is right for many rows`(
    _ kernels: KernelSet, _ m: Int
  ) throws {
    var random = KernelRandom(UInt64(m))
    for (n, k) in [(33, 3), (3, 33), (40, 260)] {
      let a = (0..<m * k).map { _ in Float(random.below(9) - 4) }
      let b = (0..<k * n).map { _ in Float(random.below(9) - 4) }
      let offsets = (0..<n).map { _ in Float(random.below(9) - 4) }
      let rows = (0..<m).map { _ in Float(random.below(9) - 4) }
      let expected = (0..<m * n).map { index in
        let (row, column) = (index / n, index % n)
        let sum = (0..<k).reduce(rows[row] + offsets[column]) { $0 + a[row * k + $1] * b[$1 * n + column] }
        return min(max(sum, -20), 30)
      }
      var (plain, packed) = ([Float](repeating: 1, count: m * n), [Float](repeating: 1, count: m * n))
      let (storedA, storedB) = (GuardedBuffer(a), GuardedBuffer(b))
      let (storedOffsets, storedRows) = (GuardedBuffer(offsets), GuardedBuffer(rows))
      let finish = Finish<Float>(
        rowOffsets: storedRows.start, columnOffsets: storedOffsets.start, bounds: Bounds(least: -20, greatest: 30))
      let right = MatrixProduct.Operand<Float>(storedB.start, columns: n)
      MatrixProduct.multiply(
        .init(storedA.start, columns: k), right, into: &plain, m: m, n: n, k: k, finish: finish, using: kernels)
      try PackedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
        .init(storedA.start, columns: k), into: &packed, m: m, finish: finish)
      withExtendedLifetime((storedA, storedB, storedOffsets, storedRows)) {}
      #expect(plain == expected)
      #expect(packed == expected)
    }
  }

  @Test(arguments: KernelSet.all) func `is finished, for any shape`(_ kernels: KernelSet) throws {
    var random = KernelRandom(7)
    for _ in 0..<300 {
      let (m, n, k) = (
        random.pick(ProductProblem.sizes), random.pick(ProductProblem.sizes), random.pick([0, 1, 2, 5, 17])
      )
      let a = (0..<m * k).map { _ in Double(random.below(9) - 4) }
      let b = (0..<k * n).map { _ in Double(random.below(9) - 4) }
      let (rows, columns) = ((0..<m).map { Double($0 % 3) }, (0..<n).map { Double($0 % 5) })
      let adds = random.below(2) == 0
      let expected = (0..<m * n).map { index in
        let (row, column) = (index / n, index % n)
        let start = rows[row] + columns[column] + (adds ? 2 : 0)
        return max(0, (0..<k).reduce(start) { $0 + a[row * k + $1] * b[$1 * n + column] })
      }
      var (plain, packed) = ([Double](repeating: 2, count: m * n), [Double](repeating: 2, count: m * n))
      let (storedA, storedB) = (GuardedBuffer(a), GuardedBuffer(b))
      let (storedRows, storedColumns) = (GuardedBuffer(rows), GuardedBuffer(columns))
      let finish = Finish<Double>(
        rowOffsets: storedRows.start, columnOffsets: storedColumns.start, bounds: Bounds(least: 0))
      let right = MatrixProduct.Operand<Double>(storedB.start, columns: n)
      MatrixProduct.multiply(
        .init(storedA.start, columns: k), right, into: &plain, m: m, n: n, k: k, accumulate: adds, finish: finish,
        using: kernels)
      try PackedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
        .init(storedA.start, columns: k), into: &packed, m: m, accumulate: adds, finish: finish)
      withExtendedLifetime((storedA, storedB, storedRows, storedColumns)) {}
      #expect(plain == expected)
      #expect(packed == expected)
    }
  }
}
