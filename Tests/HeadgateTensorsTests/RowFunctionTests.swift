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
}
