import Glibc
import Testing

@testable import HeadgateTensors

/// The expected values are the mathematics library's in double precision.
@Suite struct `A function of a row of floats` {
  private static let cases = KernelSet.all.flatMap { set in RowFunction.allCases.map { (set, $0) } }

  private func exact(_ function: RowFunction, _ x: Double) -> Double {
    switch function {
    case .exponential: exp(x)
    // For x below 0 the other form would lose digits.
    case .sigmoid: x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
    case .tanh: Glibc.tanh(x)
    case .erf: Glibc.erf(x)
    case .gelu: 0.5 * x * (1 + Glibc.erf(x * 0.5.squareRoot()))
    }
  }

  /// The error that the documentation states, for a result of this size.
  private func allowed(_ function: RowFunction, _ x: Double, _ result: Double) -> Double {
    let size = Float(abs(result))
    let place = Double(size.isFinite ? size.ulp : Float.greatestFiniteMagnitude.ulp)
    return switch function {
    case .exponential: 1.1 * place
    case .sigmoid: 2.5 * place
    case .tanh: 1.5 * place
    case .erf: 1.5 * place
    case .gelu: 1.3e-7 * max(1, abs(x))
    }
  }

  private func results(_ function: RowFunction, _ x: [Float], _ kernels: KernelSet) -> [Float] {
    var y = [Float](repeating: 0, count: x.count)
    function.apply(x, into: &y, count: x.count, using: kernels)
    return y
  }

  @Test(arguments: cases) func `is as close as its documentation says, all over the floats`(
    _ kernels: KernelSet, _ function: RowFunction
  ) {
    // One float of so many is tried. Primes, so that the samples have all kinds of last digits.
    let step = getenv("HEADGATE_SCALE_FLOAT_STEP").flatMap { Int(String(cString: $0)) } ?? 9973
    let count = (1 << 32) / step
    var wrong: [String] = []
    for first in stride(from: 0, to: count, by: 1 << 16) {
      let x = (first..<min(first + 1 << 16, count)).map { Float(bitPattern: UInt32($0 * step)) }
      for (x, y) in zip(x, results(function, x, kernels)) {
        let exact = exact(function, Double(x))
        let isClose =
          exact.isNaN
          ? y.isNaN
          : Float(exact).isFinite
            ? abs(Double(y) - exact) <= allowed(function, Double(x), exact) : y == Float(exact)
        if !isClose { wrong.append("\(x): \(y) and not \(exact)") }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(count): \(wrong.prefix(5))")
  }

  @Test(arguments: cases) func `knows the ends and the middle`(_ kernels: KernelSet, _ function: RowFunction) {
    let x: [Float] = [0, -0.0, .infinity, -.infinity, .nan]
    let expected: [Float] =
      switch function {
      case .exponential: [1, 1, .infinity, 0, .nan]
      case .sigmoid: [0.5, 0.5, 1, 0, .nan]
      case .tanh, .erf: [0, -0.0, 1, -1, .nan]
      case .gelu: [0, -0.0, .infinity, .nan, .nan]
      }
    for (y, expected) in zip(results(function, x, kernels), expected) {
      #expect(y.isNaN == expected.isNaN && (y.isNaN || y.bitPattern == expected.bitPattern), "\(y), \(expected)")
    }
  }

  @Test(arguments: cases) func `gives a number the same bits in every place, and touches nothing else`(
    _ kernels: KernelSet, _ function: RowFunction
  ) {
    var random = KernelRandom(7)
    let numbers = (0..<41).map { _ in Float(random.number() * 6) }
    let alone = numbers.map { results(function, [$0], kernels)[0] }
    for count in 0...41 {
      for side in GuardSide.allCases {
        let (x, y) = (
          GuardedBuffer(Array(numbers[..<count]), guarded: side),
          GuardedBuffer([Float](repeating: 0, count: count), guarded: side)
        )
        function.apply(x.start, into: y.start, count: count, using: kernels)
        #expect(y.array(count) == Array(alone[..<count]))
        function.apply(x.start, into: x.start, count: count, using: kernels)
        #expect(x.array(count) == Array(alone[..<count]))
      }
    }
  }

  @Test(arguments: KernelSet.all) func `sums to one as a softmax`(_ kernels: KernelSet) {
    var random = KernelRandom(11)
    for count in Array(1...50) + [100, 1000] {
      let x = (0..<count).map { _ in Float(random.number() * 20) }
      let row = GuardedBuffer(x, guarded: count % 2 == 0 ? .before : .after)
      let greatest = RowKernels.greatest(row.start, count: count, using: kernels)
      #expect(greatest == x.max())
      RowKernels.softmax(row.start, greatest: greatest, into: row.start, count: count, using: kernels)
      let origin = Double(x.max() ?? 0)
      let total = x.reduce(0) { $0 + exp(Double($1) - origin) }
      for (y, x) in zip(row.array(count), x) {
        let expected = exp(Double(x) - origin) / total
        // The difference of two numbers up to 20 is rounded to 2e-6 at worst, and so far off is its power.
        #expect(abs(Double(y) - expected) <= 3e-6 * expected)
      }
    }
  }

  @Test(arguments: KernelSet.all) func `is zero in a softmax where a number is masked`(_ kernels: KernelSet) {
    let x = (0..<100).map { $0 % 3 == 0 ? Float($0 % 7) : -10_000 }
    var y = [Float](repeating: 1, count: x.count)
    RowKernels.softmax(x, greatest: 6, into: &y, count: x.count, using: kernels)
    let total = x.reduce(0) { $0 + exp(Double($1) - 6) }
    for (y, x) in zip(y, x) {
      let expected = exp(Double(x) - 6) / total
      // Three roundings, and a power to 1.1 ulp.
      #expect(x < 0 ? y == 0 : abs(Double(y) - expected) <= 5e-7 * expected)
    }
  }

  @Test(arguments: KernelSet.all) func `has no softmax for NaN and infinities`(_ kernels: KernelSet) {
    for special in [[Float.nan], [.infinity], [.nan, .infinity]] {
      let x = special + (0..<20).map(Float.init)
      var y = [Float](repeating: 0, count: x.count)
      let greatest = RowKernels.greatest(x, count: x.count, using: kernels)
      RowKernels.softmax(x, greatest: greatest, into: &y, count: x.count, using: kernels)
      #expect(y.count { $0.isNaN } == x.count, "\(special): \(y)")
    }
    #expect(RowKernels.greatest([], count: 0, using: kernels) == -.infinity)
    #expect(RowKernels.greatest([.nan, 3, -1, .nan], count: 4, using: kernels) == 3)
    #expect(RowKernels.greatest((0..<100).map { Float($0 % 37) }, count: 100, using: kernels) == 36)
  }

  @Test(arguments: KernelSet.all) func `weighs rows as a softmax does, and then divides by the sums`(
    _ kernels: KernelSet
  ) {
    var random = KernelRandom(13)
    for count in Array(1...35) + [64, 128, 131] {
      let (rows, stride) = (5, count + 2)
      var scores = (0..<rows * stride).map { _ in Float(random.number() * 10) }
      let mask = (0..<rows * count).map { _ in random.below(4) == 0 ? -Float.infinity : Float(random.number()) }
      for column in 0..<count { scores[3 * stride + column] = -.infinity }
      let before = scores
      var sums = [Float](repeating: 0, count: rows)
      RowKernels.weigh(
        &scores, rows: rows, count: count, stride: stride, mask: mask, maskStride: count, sums: &sums, using: kernels)
      RowKernels.divide(&scores, by: sums, rows: rows, count: count, stride: stride, using: kernels)
      for row in 0..<rows {
        let exact = (0..<count).map { Double(before[row * stride + $0]) + Double(mask[row * count + $0]) }
        let greatest = exact.max() ?? 0
        let powers = exact.map { greatest == -.infinity ? 0 : exp($0 - greatest) }
        let total = max(powers.reduce(0, +), .leastNonzeroMagnitude)
        for column in 0..<count {
          #expect(abs(Double(scores[row * stride + column]) - powers[column] / total) <= 3e-6 * powers[column] / total)
        }
        #expect(
          scores[row * stride + count..<row * stride + stride] == before[row * stride + count..<row * stride + stride])
      }
    }
    var (scores, sums): ([Float], [Float]) = ([1, .nan, 2], [0])
    RowKernels.weigh(&scores, rows: 1, count: 3, stride: 3, mask: nil, maskStride: 0, sums: &sums, using: kernels)
    RowKernels.divide(&scores, by: sums, rows: 1, count: 3, stride: 3, using: kernels)
    #expect(scores.allSatisfy { $0.isNaN })
  }

  @Test(arguments: KernelSet.all) func `normalises rows, however far their mean is from zero`(_ kernels: KernelSet)
    throws
  {
    var random = KernelRandom(17)
    for (count, mean) in [(1, 3.0), (2, 0), (7, 1), (16, -2), (63, 100), (64, 0), (384, 1000), (1500, 1e4), (2500, 0)] {
      let x = (0..<count).map { _ in Float(mean + random.number()) }
      let factors = (0..<count).map { _ in Float(random.number()) }
      let offsets = (0..<count).map { _ in Float(random.number()) }
      for centers in [true, false] {
        let exactMean = centers ? x.reduce(0) { $0 + Double($1) } / Double(count) : 0
        let variance = x.reduce(0) { $0 + (Double($1) - exactMean) * (Double($1) - exactMean) } / Double(count)
        let inverse = 1 / (variance + 1e-5).squareRoot()
        let row = GuardedBuffer(x, guarded: count % 2 == 0 ? .before : .after)
        let known = RowKernels.normalize(
          row.start, centers: centers, epsilon: 1e-5, times: factors, plus: offsets, into: row.start, count: count,
          using: kernels)
        // One number has no distance from its mean, which is for doubles.
        guard variance > 1e-29 else {
          #expect(known == nil && row.array(count) == x)
          continue
        }
        let found = try #require(known)
        #expect(abs(Double(found.mean) - exactMean) <= 1e-7 * (abs(exactMean) + 1 / inverse))
        #expect(abs(Double(found.inverseDeviation) - inverse) <= 1e-6 * inverse)
        for (index, y) in row.array(count).enumerated() {
          let value = (Double(x[index]) - exactMean) * inverse
          let expected = value * Double(factors[index]) + Double(offsets[index])
          #expect(abs(Double(y) - expected) <= 1e-6 * max(1, abs(value)), "\(count), \(mean)")
        }
      }
    }
    for size: Float in [1e20, 1e-20, .infinity, .nan] {
      var y: [Float] = [1, 2]
      let known = RowKernels.normalize(
        [size, -size], centers: true, epsilon: 0, times: [1, 1], plus: nil, into: &y, count: 2, using: kernels)
      #expect(known == nil && y == [1, 2])
    }
  }

  @Test(arguments: KernelSet.all, [1, 5, 16, 37]) func `steps through cells that remember`(
    _ kernels: KernelSet, _ count: Int
  ) {
    var random = KernelRandom(19)
    let gates = (0..<4 * count).map { _ in Float(random.number() * 5) }
    let cells = (0..<count).map { _ in Float(random.number() * 2) }
    let (cell, state) = (GuardedBuffer(cells), GuardedBuffer([Float](repeating: 7, count: count)))
    RowKernels.advanceMemory(gates: gates, cell: cell.start, state: state.start, count: count, using: kernels)
    func sigmoid(_ x: Float) -> Double { exact(.sigmoid, Double(x)) }
    for index in 0..<count {
      let candidate = Glibc.tanh(Double(gates[3 * count + index]))
      let expected = sigmoid(gates[2 * count + index]) * Double(cells[index]) + sigmoid(gates[index]) * candidate
      #expect(abs(Double(cell.start[index]) - expected) < 6e-7)
      let result = sigmoid(gates[count + index]) * Glibc.tanh(expected)
      #expect(abs(Double(state.start[index]) - result) < 6e-7)
    }
  }
}
