@testable import HeadgateTensors

/// A random product of float matrices with its result by the definition, in double precision.
struct ProductProblem {
  static let sizes = [0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 65]
  /// How far the elements of each buffer are moved away from its alignment, in elements.
  private static let shifts = [0, 1, 3]

  let (m, n, k): (Int, Int, Int)
  let (transposesA, transposesB, accumulates): (Bool, Bool, Bool)
  let alpha: Float
  /// The distance of the rows of c, and the rows of a and b as they are stored.
  let columns: Int
  let (storedA, storedB): (Int, Int)
  let shift: Int
  let a: [Float]
  let b: [Float]
  let c: [Float]

  /// - Parameter specials: what some of the elements are.
  init(_ random: inout KernelRandom, m: Int, n: Int, k: Int, specials: [Float] = []) {
    (self.m, self.n, self.k) = (m, n, k)
    (transposesA, transposesB, accumulates) = (random.below(2) == 0, random.below(2) == 0, random.below(2) == 0)
    alpha = random.pick([1, 1, -0.75])
    let pad = random.below(3)
    columns = n + pad
    (storedA, storedB) = ((transposesA ? m : k) + pad, (transposesB ? k : n) + pad)
    let shift = random.pick(ProductProblem.shifts)
    self.shift = shift
    func make(_ count: Int, _ random: inout KernelRandom) -> [Float] {
      (0..<count + shift).map { _ in
        !specials.isEmpty && random.below(40) == 0 ? random.pick(specials) : Float(random.number())
      }
    }
    a = make(storedA * (transposesA ? k : m), &random)
    b = make(storedB * (transposesB ? n : k), &random)
    c = (0..<columns * m + shift).map { _ in Float(random.number()) }
  }

  /// The same problem with other elements.
  init(_ problem: ProductProblem, a: [Float], b: [Float]) {
    (m, n, k, columns, shift) = (problem.m, problem.n, problem.k, problem.columns, problem.shift)
    (transposesA, transposesB, accumulates) = (problem.transposesA, problem.transposesB, problem.accumulates)
    (storedA, storedB, alpha, c) = (problem.storedA, problem.storedB, problem.alpha, problem.c)
    (self.a, self.b) = (a, b)
  }

  /// One of mixed sizes; deep ones have several blocks of sums.
  static func any(_ random: inout KernelRandom, specials: [Float] = []) -> ProductProblem {
    while true {
      let (m, n) = (random.pick(sizes), random.pick(sizes))
      let k = random.below(6) == 0 ? random.pick([255, 256, 257, 513]) : random.pick(sizes)
      if m * n * k <= 20_000 { return ProductProblem(&random, m: m, n: n, k: k, specials: specials) }
    }
  }

  /// The result with what surrounds it, from `rows` of a alone.
  func result(
    _ kernels: KernelSet, rows: Range<Int>? = nil, isPacked: Bool = false, team: ThreadTeam = .alone
  ) throws -> [Float] {
    try result(rows: rows ?? 0..<m) { left, right, target, m in
      if isPacked {
        try PackedMatrix(right, n: n, k: k, budget: .unlimited, using: kernels).multiply(
          left, into: target, m: m, alpha: alpha, accumulate: accumulates, columns: columns, team: team)
      } else {
        MatrixProduct.multiply(
          left, right, into: target, m: m, n: n, k: k, alpha: alpha, accumulate: accumulates, columns: columns,
          team: team, using: kernels)
      }
    }
  }

  /// The same by another product, which is given both sides, where the result goes, and the number of rows.
  func result(
    rows: Range<Int>,
    by multiply: (MatrixProduct.Operand<Float>, MatrixProduct.Operand<Float>, UnsafeMutablePointer<Float>, Int) throws
      -> Void
  ) throws -> [Float] {
    let (storedElementsA, storedElementsB) = (GuardedBuffer(a), GuardedBuffer(b))
    var result = c
    try result.withUnsafeMutableBufferPointer { c in
      guard let start = c.baseAddress else { return }
      let left = MatrixProduct.Operand<Float>(
        storedElementsA.start + shift + rows.lowerBound * (transposesA ? 1 : storedA), columns: storedA,
        transposed: transposesA)
      let right = MatrixProduct.Operand<Float>(
        storedElementsB.start + shift, columns: storedB, transposed: transposesB)
      try multiply(left, right, start + shift + rows.lowerBound * columns, rows.count)
    }
    withExtendedLifetime((storedElementsA, storedElementsB)) {}
    return result
  }

  func a(_ row: Int, _ depth: Int) -> Float { a[shift + (transposesA ? depth * storedA + row : row * storedA + depth)] }
  func b(_ depth: Int, _ column: Int) -> Float {
    b[shift + (transposesB ? column * storedB + depth : depth * storedB + column)]
  }

  /// The first element that is wrong, or touched and not part of the result; nil when all are right.
  ///
  /// The bound is that of any order of summation: each of the k products and sums, the scaling and the last
  /// addition is off by half a unit in the last place of the sum of absolute values at most.
  func mistake(in result: [Float]) -> String? {
    for index in result.indices {
      let (row, column) = index < shift ? (m, 0) : ((index - shift) / columns, (index - shift) % columns)
      guard row < m, column < n else {
        if result[index].bitPattern != c[index].bitPattern { return "wrote to \(index), outside of the result" }
        continue
      }
      let before = accumulates ? Double(c[index]) : 0
      var (sum, size) = (0.0, 0.0)
      for depth in 0..<k {
        let product = Double(a(row, depth)) * Double(b(depth, column))
        sum += product
        size += abs(product)
      }
      let expected = Double(alpha) * sum + before
      let bound = Double(k + 3) * 0x1p-24 * (abs(Double(alpha)) * size + abs(before))
      let actual = Double(result[index])
      let isRight =
        expected.isFinite ? abs(actual - expected) <= bound : expected.isNaN ? actual.isNaN : actual == expected
      if !isRight { return "\(m) x \(n) x \(k): \(actual) at (\(row), \(column)), not \(expected)" }
    }
    return nil
  }
}
