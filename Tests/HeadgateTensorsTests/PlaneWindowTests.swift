import Testing

@testable import HeadgateTensors

@Suite struct `A plane under a window` {
  /// A window anywhere on a plane, over its edges or beside it, of small integers, so that sums are exact.
  private struct Problem<Element: ProductElement> {
    let rows: PlaneWindow.Axis
    let columns: PlaneWindow.Axis
    let plane: [Element]
    let weights: [Element]
    let offset: Element

    init(_ random: inout KernelRandom) {
      let isCommon = random.below(2) == 0
      let stride = 1 + random.below(2)
      rows = PlaneWindow.Axis(
        input: 1 + random.below(40), output: random.below(20), kernel: isCommon ? 3 : 1 + random.below(5),
        stride: isCommon ? stride : 1 + random.below(3), dilation: isCommon ? 1 : 1 + random.below(2),
        before: random.below(4))
      columns = PlaneWindow.Axis(
        input: 1 + random.below(70), output: random.below(45), kernel: isCommon ? 3 : 1 + random.below(8),
        stride: stride, before: random.below(10))
      plane = (0..<rows.input * columns.input).map { _ in Element(random.below(17) - 8) }
      weights = (0..<rows.kernel * columns.kernel).map { _ in Element(random.below(9) - 4) }
      offset = Element(random.below(5) - 2)
    }

    var count: Int { rows.output * columns.output }

    /// What each tap of an output lies on, with its weight.
    func seen(_ output: Int) -> [(value: Element, weight: Element)] {
      var seen: [(value: Element, weight: Element)] = []
      for tap in weights.indices {
        let row = output / columns.output * rows.stride - rows.before + tap / columns.kernel * rows.dilation
        let column = output % columns.output * columns.stride - columns.before + tap % columns.kernel
        guard (0..<rows.input).contains(row), (0..<columns.input).contains(column) else { continue }
        seen.append((plane[row * columns.input + column], weights[tap]))
      }
      return seen
    }
  }

  private func check<Element: ProductElement>(
    _ problem: Problem<Element>, _ bounds: Bounds<Element>, _ kernels: KernelSet
  ) throws {
    let window = try #require(PlaneWindow(rows: problem.rows, columns: problem.columns))
    for side in GuardSide.allCases {
      let plane = GuardedBuffer(problem.plane, guarded: side)
      let weights = GuardedBuffer(problem.weights, guarded: side)
      let result = GuardedBuffer([Element](repeating: 77, count: problem.count), guarded: side)
      Element.slide(
        weights.start, over: plane.start, window, offset: problem.offset, bounds, into: result.start, kernels)
      let sums = (0..<problem.count).map { output in
        let sum = problem.seen(output).reduce(problem.offset) { $0 + $1.value * $1.weight }
        return min(max(sum, bounds.least), bounds.greatest)
      }
      #expect(result.array(problem.count) == sums)
      Element.findMaxima(of: plane.start, window, into: result.start, kernels)
      let greatest = (0..<problem.count).map { problem.seen($0).map(\.value).max() ?? -.infinity }
      #expect(result.array(problem.count) == greatest)
      withExtendedLifetime((plane, weights)) {}
    }
  }

  @Test(arguments: KernelSet.all) func `is slid over and searched, and nothing beside it`(_ kernels: KernelSet) throws {
    var random = KernelRandom(21)
    for _ in 0..<300 {
      try check(Problem<Float>(&random), Bounds(least: -50, greatest: 60), kernels)
      try check(Problem<Double>(&random), Bounds(), kernels)
    }
  }

  @Test(arguments: KernelSet.all) func `keeps what is no number`(_ kernels: KernelSet) throws {
    let row: [Float] = [1, .nan, 2, 3, -.infinity, .infinity, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, .nan, 14, 15]
    let window = try #require(
      PlaneWindow(
        rows: .init(input: 1, output: 1, kernel: 1),
        columns: .init(input: row.count, output: row.count + 1, kernel: 2, before: 1)))
    var (sums, greatest) = ([Float](repeating: 0, count: 21), [Float](repeating: 0, count: 21))
    Float.slide([1, 1], over: row, window, offset: 0, Bounds(least: 0, greatest: 6), into: &sums, kernels)
    Float.findMaxima(of: row, window, into: &greatest, kernels)
    for index in 0...row.count {
      let seen = row[max(0, index - 1)..<min(index + 1, row.count)]
      let (sum, hasNaN) = (seen.reduce(0, +), seen.contains(where: \.isNaN))
      #expect(sum.isNaN ? sums[index].isNaN : sums[index] == min(max(sum, 0), 6))
      #expect(hasNaN ? greatest[index].isNaN : greatest[index] == seen.max())
    }
  }

  @Test func `has no kernel for a long step, a dilation or a wide window along its rows`() {
    let rows = PlaneWindow.Axis(input: 9, output: 9, kernel: 1)
    for columns in [
      PlaneWindow.Axis(input: 9, output: 3, kernel: 1, stride: 3),
      PlaneWindow.Axis(input: 9, output: 5, kernel: 3, dilation: 2),
      PlaneWindow.Axis(input: 9, output: 1, kernel: 9),
    ] {
      #expect(PlaneWindow(rows: rows, columns: columns) == nil)
    }
  }
}
