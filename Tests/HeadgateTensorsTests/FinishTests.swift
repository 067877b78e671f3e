import Testing

@testable import HeadgateTensors

/// What is done to a product last, against the same done to the product as it is, one step after the other.
@Suite struct `What a product is finished with` {
  private static let extents = [
    (1, 40, 7), (2, 31, 300), (3, 64, 33), (4, 130, 257), (5, 17, 5), (13, 33, 260), (29, 48, 64), (70, 5, 9),
    (250, 35, 300), (25, 3, 4), (6, 50, 0),
  ]

  private struct Problem {
    let (m, n, k): (Int, Int, Int)
    let (a, b, rows, columns, summands): ([Float], [Float], [Float], [Float], [Float])
    /// Further than a row of the product has elements.
    var summandStride: Int { n + 3 }

    init(_ extents: (Int, Int, Int), _ random: inout KernelRandom) {
      (m, n, k) = extents
      func make(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.number() * 2) } }
      (a, b) = (make(m * k), make(k * n))
      (rows, columns, summands) = (make(m), make(n), make(m * (n + 3)))
    }

    func product(_ kernels: KernelSet, isPacked: Bool, _ finish: Finish<Float>, _ team: ThreadTeam) throws -> [Float] {
      let (a, b) = (GuardedBuffer(a), GuardedBuffer(b))
      let c = GuardedBuffer([Float](repeating: 7, count: m * n))
      if isPacked {
        try PackedMatrix(.init(b.start, columns: n), n: n, k: k, budget: .unlimited, using: kernels).multiply(
          .init(a.start, columns: k), into: c.start, m: m, finish: finish, team: team)
      } else {
        MatrixProduct.multiply(
          .init(a.start, columns: k), .init(b.start, columns: n), into: c.start, m: m, n: n, k: k, finish: finish,
          team: team, using: kernels)
      }
      return c.array(m * n)
    }
  }

  @Test(arguments: KernelSet.all, extents) func `gives the bits of separate steps`(
    _ kernels: KernelSet, _ extents: (Int, Int, Int)
  ) throws {
    var random = KernelRandom(UInt64(extents.0 * 1000 + extents.1))
    let problem = Problem(extents, &random)
    let (rows, columns) = (GuardedBuffer(problem.rows), GuardedBuffer(problem.columns))
    // The last row ends with its last summand.
    let last = GuardedBuffer(Array(problem.summands.dropLast(3)))
    for choice in 0..<32 {
      let has = (0..<5).map { choice >> $0 & 1 == 1 }
      let finish = Finish<Float>(
        rowOffsets: has[0] ? UnsafePointer(rows.start) : nil,
        columnOffsets: has[1] ? UnsafePointer(columns.start) : nil,
        bounds: has[2] ? Bounds(least: -1, greatest: 2) : Bounds(),
        summands: has[3] ? .init(UnsafePointer(last.start), columns: problem.summandStride) : nil, hasGelu: has[4])
      var expected = try problem.product(kernels, isPacked: false, Finish(), .alone)
      for index in expected.indices {
        let (row, column) = (index / problem.n, index % problem.n)
        if has[0] { expected[index] += problem.rows[row] }
        if has[1] { expected[index] += problem.columns[column] }
        if has[3] { expected[index] += problem.summands[row * problem.summandStride + column] }
        if has[2] { expected[index] = min(max(expected[index], -1), 2) }
      }
      if has[4] { RowFunction.gelu.apply(expected, into: &expected, count: expected.count, using: kernels) }
      for isPacked in [false, true] {
        for team in [ThreadTeam.alone, .eager] {
          let result = try problem.product(kernels, isPacked: isPacked, finish, team)
          #expect(result.elementsEqual(expected), "\(choice), packed \(isPacked)")
        }
      }
    }
  }

  @Test(arguments: KernelSet.all) func `adds summands of doubles`(_ kernels: KernelSet) throws {
    let (m, n, k) = (9, 21, 4)
    let a = (0..<m * k).map { Double($0 % 7 - 3) }
    let b = (0..<k * n).map { Double($0 % 5 - 2) }
    let summands = (0..<m * n).map { Double($0 % 11) }
    var c = [Double](repeating: 0, count: m * n)
    summands.withUnsafeBufferPointer { summands in
      guard let start = summands.baseAddress else { return }
      MatrixProduct.multiply(
        .init(a, columns: k), .init(b, columns: n), into: &c, m: m, n: n, k: k,
        finish: Finish(summands: .init(start, columns: n)), using: kernels)
    }
    for index in c.indices {
      let sum = (0..<k).reduce(summands[index]) { $0 + a[index / n * k + $1] * b[$1 * n + index % n] }
      #expect(c[index] == sum)
    }
  }
}
