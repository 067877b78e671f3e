import Testing

@testable import HeadgateTensors

/// Against the plain loops of the definitions, at lengths about the edges of the vectors. Small integers keep every
/// order of summation exact.
@Suite struct `Kernels for rows` {
  private let values = (0..<400).map { Float($0 * 7 % 11 - 5) }

  @Test(arguments: [0, 1, 2, 3, 4, 7, 15, 16, 17, 31, 33, 100], [1, 2, 3])
  func `equal their definitions`(count: Int, stride: Int) {
    let start = (0..<count).map { Float($0 % 5) }
    let strided = (0..<count).map { values[$0 * stride] }
    func result(_ body: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void) -> [Float] {
      var target = start + [99]
      target.withUnsafeMutableBufferPointer { target in
        values.withUnsafeBufferPointer { values in
          guard let target = target.baseAddress, let values = values.baseAddress else { return }
          body(target, values)
        }
      }
      #expect(target.last == 99)
      return Array(target.dropLast())
    }
    #expect(result { y, _ in RowKernels.fill(y, count: count, with: 3) } == start.map { _ in 3 })
    #expect(
      result { y, x in RowKernels.add(x, stride: stride, times: 2, to: y, count: count) }
        == zip(start, strided).map { $0 + 2 * $1 })
    #expect(
      result { y, x in RowKernels.scale(x, by: 2, plus: 1, into: y, count: count) }
        == values.prefix(count).map { $0 * 2 + 1 })
    #expect(
      result { y, x in RowKernels.center(x, at: 2, times: 0.5, plus: 1, into: y, count: count) }
        == values.prefix(count).map { ($0 - 2) * 0.5 + 1 })
    #expect(
      result { y, x in RowKernels.multiply(y, by: x, plus: x, count: count) }
        == zip(start, values).map { $0 * $1 + $1 })
    #expect(result { y, x in RowKernels.multiply(y, by: x, plus: nil, count: count) } == zip(start, values).map(*))
    for taps in 0...7 {
      let factors = (0..<taps).map { Float($0 - 2) }
      let expected = (0..<count).map { index in
        (0..<taps).reduce(start[index]) { $0 + factors[$1] * values[index * stride + $1 * 4] }
      }
      let actual = result { y, x in
        factors.withUnsafeBufferPointer { factors in
          guard let factors = factors.baseAddress else { return }
          RowKernels.add(taps: taps, factors, x, gap: 4, stride: stride, to: y, count: count)
        }
      }
      #expect(actual == expected)
    }
    values.withUnsafeBufferPointer { x in
      guard let x = x.baseAddress else { return }
      let sum = values.prefix(count).reduce(0) { $0 + Double($1) }
      #expect(RowKernels.sum(x, count: count) == sum)
      let squares = values.prefix(count).reduce(0) { $0 + (Double($1) - 1) * (Double($1) - 1) }
      #expect(RowKernels.squares(x, count: count, around: 1) == squares)
    }
  }

  @Test func `scatter to every second element`() {
    var target = [Float](repeating: 1, count: 6)
    target.withUnsafeMutableBufferPointer { target in
      values.withUnsafeBufferPointer { values in
        guard let target = target.baseAddress, let values = values.baseAddress else { return }
        RowKernels.scatter(values, to: target, stride: 2, count: 3)
        RowKernels.scatter(values, to: target, stride: 1, count: 2)
      }
    }
    #expect(target == [-9, 3, 3, 1, -1, 1])
  }
}
