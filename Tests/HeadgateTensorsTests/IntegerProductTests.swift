import Testing

@testable import HeadgateTensors

/// Expected values are sums by the definition, in Int64.
@Suite struct `A product of matrices of bytes` {
  @Test(arguments: KernelSet.all, GuardSide.allCases)
  func `is exact and touches nothing else`(_ kernels: KernelSet, _ side: GuardSide) {
    var random = KernelRandom(7)
    for round in 0..<150 {
      let sizes = ProductProblem.sizes
      var (m, n, k) = (random.pick(sizes), random.pick(sizes), random.pick(sizes))
      if round % 30 == 0 { (m, n, k) = (2, 3, 1100) }
      if m * n * k > 15_000 { k = max(1, 15_000 / (m * n)) }
      let (isSignedA, isSignedB) = (random.below(2) == 0, random.below(2) == 0)
      let (transposesA, transposesB) = (random.below(3) == 0, random.below(3) == 0)
      // The extremes are where sums in 16 bits would saturate.
      let bytes: [UInt8] = random.below(3) == 0 ? [127, 128, 255] : Array(0...255)
      let a = (0..<m * k).map { _ in random.pick(bytes) }
      let b = (0..<k * n).map { _ in random.pick(bytes) }
      func zeros(_ count: Int, _ isSigned: Bool) -> [Int32]? {
        random.below(3) == 0 ? nil : (0..<count).map { _ in value(random.pick(bytes), isSigned) }
      }
      let (zerosA, zerosB) = (zeros(m, isSignedA), zeros(n, isSignedB))
      var expected = [Int32](repeating: 0, count: m * n)
      for row in 0..<m {
        for column in 0..<n {
          var sum: Int64 = 0
          for depth in 0..<k {
            let x = value(a[transposesA ? depth * m + row : row * k + depth], isSignedA) - (zerosA?[row] ?? 0)
            let y = value(b[transposesB ? column * k + depth : depth * n + column], isSignedB) - (zerosB?[column] ?? 0)
            sum += Int64(x * y)
          }
          expected[row * n + column] = Int32(sum)
        }
      }
      let (left, right) = (GuardedBuffer(a, guarded: side), GuardedBuffer(b, guarded: side))
      let c = GuardedBuffer<Int32>([Int32](repeating: -1, count: m * n), guarded: side)
      let (leftZeros, rightZeros) = (
        zerosA.map { GuardedBuffer($0, guarded: side) }, zerosB.map { GuardedBuffer($0, guarded: side) }
      )
      IntegerProduct.multiply(
        .init(
          left.start, isSigned: isSignedA, zeroPoints: leftZeros.map { UnsafePointer($0.start) },
          columns: transposesA ? m : k, transposed: transposesA),
        .init(
          right.start, isSigned: isSignedB, zeroPoints: rightZeros.map { UnsafePointer($0.start) },
          columns: transposesB ? k : n, transposed: transposesB), into: c.start, m: m, n: n, k: k, using: kernels)
      #expect(c.array(m * n) == expected, "\(m) x \(n) x \(k)")
    }
  }

  @Test(arguments: KernelSet.all) func `wraps around where it passes 32 bits`(_ kernels: KernelSet) {
    let k = 70_000
    let a = GuardedBuffer([UInt8](repeating: 255, count: k))
    var c: [Int32] = [0]
    IntegerProduct.multiply(
      .init(a.start, isSigned: false), .init(a.start, isSigned: false), into: &c, m: 1, n: 1, k: k, using: kernels)
    #expect(c == [Int32(truncatingIfNeeded: 255 * 255 * k)])
  }

  @Test(arguments: KernelSet.all) func `leaves what lies between its rows`(_ kernels: KernelSet) {
    let bytes = GuardedBuffer([UInt8](repeating: 2, count: 40 * 40))
    var c = [Int32](repeating: 9, count: 20 * 50)
    IntegerProduct.multiply(
      .init(bytes.start, isSigned: true), .init(bytes.start, isSigned: true), into: &c, m: 20, n: 40, k: 40,
      columns: 50,
      using: kernels)
    #expect(c == (0..<20 * 50).map { $0 % 50 < 40 ? 160 : 9 })
  }

  private func value(_ byte: UInt8, _ isSigned: Bool) -> Int32 {
    isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
  }
}
