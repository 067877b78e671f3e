import Testing

@testable import HeadgateTensors

/// Against the sums of the definition. Small integers keep every order of summation exact.
@Suite struct `The patches of an image` {
  /// An image seen through random steps and lines.
  private struct Problem<Element: ProductElement> {
    let (m, n, k): (Int, Int, Int)
    let lineCount: Int
    let length: Int
    let steps: [Int]
    let lines: [Int]
    let image: [Element]
    let kernel: [Element]
    let offsets: [Element]
    let before: [Element]

    init(_ random: inout KernelRandom, m: Int? = nil) {
      self.m = m ?? random.pick([1, 2, 3, 5, 12, 13, 24, 25, 30, 49, 100])
      k = random.below(8) == 0 ? random.pick([256, 257, 300]) : random.pick([0, 1, 2, 3, 9, 16, 25])
      lineCount = random.pick([1, 2, 3, 7, 10])
      length = random.pick([1, 2, 3, 7, 8, 14, 15, 16, 17, 31, 32, 33, 50])
      n = lineCount * length
      steps = (0..<k).map { _ in random.below(40) }
      lines = (0..<lineCount).map { _ in random.below(60) }
      // Just as long as what is read: the page behind it cannot be touched.
      let count = (steps.max() ?? 0) + (lines.max() ?? 0) + length
      func numbers(_ count: Int) -> [Element] { (0..<count).map { _ in Element(random.below(9) - 4) } }
      image = numbers(count)
      kernel = numbers(self.m * k)
      offsets = numbers(self.m)
      before = numbers(self.m * n)
    }

    func patch(_ step: Int, _ column: Int) -> Element {
      image[steps[step] + lines[column / length] + column % length]
    }

    func withPatches(_ body: (ImagePatches<Element>) -> Void) {
      let (image, steps, lines) = (GuardedBuffer(image), GuardedBuffer(steps), GuardedBuffer(lines))
      body(ImagePatches(UnsafePointer(image.start), steps: steps.start, lines: lines.start, length: length))
      withExtendedLifetime((image, steps, lines)) {}
    }

    func product(adds: Bool, _ bounds: Bounds<Element>) -> [Element] {
      (0..<m * n).map { index in
        let (row, column) = (index / n, index % n)
        let start = offsets[row] + (adds ? before[index] : 0)
        let sum = (0..<k).reduce(start) { $0 + kernel[row * k + $1] * patch($1, column) }
        // The upper bound holds where they cross.
        return min(max(sum, bounds.least), bounds.greatest)
      }
    }
  }

  private func check<Element: ProductElement>(
    _ problem: Problem<Element>, _ kernels: KernelSet, _ bounds: Bounds<Element>
  ) throws {
    let (m, n, k) = (problem.m, problem.n, problem.k)
    let (kernel, offsets) = (GuardedBuffer(problem.kernel), GuardedBuffer(problem.offsets))
    let packed = try PackedLeft(.init(kernel.start, columns: k), m: m, k: k, budget: .unlimited, using: kernels)
    problem.withPatches { patches in
      for (adds, team) in [(false, ThreadTeam.alone), (true, .alone), (false, .eager), (true, .eager)] {
        let result = GuardedBuffer(problem.before)
        packed.multiply(
          patches, into: result.start, n: n, accumulate: adds,
          finish: Finish(rowOffsets: offsets.start, bounds: bounds), team: team)
        #expect(result.array(m * n) == problem.product(adds: adds, bounds))
      }
      let line = GuardedBuffer(Array(problem.before.prefix(n)))
      Element.slide(
        kernel.start, taps: k, over: patches, lines: problem.lineCount, offset: problem.offsets[0], bounds,
        into: line.start, kernels)
      #expect(line.array(n) == Array(problem.product(adds: false, bounds).prefix(n)))
      Element.findMaxima(of: patches, taps: k, lines: problem.lineCount, into: line.start, kernels)
      let greatest = (0..<n).map { column in (0..<k).map { problem.patch($0, column) }.max() ?? -.infinity }
      #expect(line.array(n) == greatest)
    }
    withExtendedLifetime((kernel, offsets)) {}
  }

  @Test(arguments: KernelSet.all) func `are multiplied, slid over and searched`(_ kernels: KernelSet) throws {
    var random = KernelRandom(11)
    for _ in 0..<150 {
      try check(Problem<Float>(&random), kernels, Bounds())
      try check(Problem<Float>(&random), kernels, Bounds(least: 0, greatest: 6))
      try check(Problem<Float>(&random), kernels, Bounds(least: 5, greatest: 3))
      try check(Problem<Double>(&random), kernels, Bounds(least: -3))
    }
  }

  @Test(arguments: KernelSet.all) func `are multiplied by more rows than a block has`(_ kernels: KernelSet) throws {
    var random = KernelRandom(12)
    for m in [240, 241, 253, 500] {
      try check(Problem<Float>(&random, m: m), kernels, Bounds(least: 0))
      try check(Problem<Double>(&random, m: m), kernels, Bounds())
    }
  }

  @Test(arguments: KernelSet.all) func `keep what is no number`(_ kernels: KernelSet) {
    let image: [Float] = [1, .nan, 2, 3, -.infinity, .infinity, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, .nan, 14, 15]
    let count = image.count - 1
    let taps: [Float] = [1, 1]
    for (steps, lines) in [([0, 1], [0]), ([1, 0], [0])] {
      var (sums, greatest) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
      image.withUnsafeBufferPointer { image in
        guard let start = image.baseAddress else { return }
        let patches = ImagePatches(start, steps: steps, lines: lines, length: count)
        Float.slide(
          taps, taps: 2, over: patches, lines: 1, offset: 0, Bounds(least: 0, greatest: 6), into: &sums, kernels)
        Float.findMaxima(of: patches, taps: 2, lines: 1, into: &greatest, kernels)
      }
      for index in 0..<count {
        let (x, y) = (image[index], image[index + 1])
        let hasNaN = x.isNaN || y.isNaN
        let sum = x + y
        #expect(sums[index].isNaN == (hasNaN || sum.isNaN) && (sum.isNaN || sums[index] == min(max(sum, 0), 6)))
        #expect(greatest[index].isNaN == hasNaN && (hasNaN || greatest[index] == max(x, y)))
      }
    }
  }

  @Test(arguments: KernelSet.all, [1, 2, 3]) func `come of a spread image`(_ kernels: KernelSet, _ stride: Int) {
    for width in [1, 2, 7, 31, 32, 50] {
      let image = GuardedBuffer((0..<2 * 3 * width).map { Float($0 + 1) })
      let phases = (0..<stride).map { phase in
        // Two elements of padding before the line: element i of a phase is column i * stride + phase - 2.
        let columns = (0..<width + 4).filter { $0 % stride == phase }.map { $0 - 2 }
        let first = columns.firstIndex { $0 >= 0 } ?? columns.count
        let end = columns.firstIndex { $0 >= width } ?? columns.count
        return (columns, SpreadLines.Phase(origin: phase - 2, inside: first..<max(first, end)))
      }
      let length = phases.map(\.0.count).min() ?? 0
      let cut = phases.map { columns, phase in
        SpreadLines.Phase(
          origin: phase.origin, inside: min(phase.inside.lowerBound, length)..<min(phase.inside.upperBound, length))
      }
      let sources = GuardedBuffer([-1, 0, width, 2 * width])
      let lines = SpreadLines(sources: sources.start, count: 4, phases: cut, length: length, stride: stride)
      let result = GuardedBuffer([Float](repeating: 0, count: 2 * 4 * stride * length))
      Float.spread(
        lines, channels: 2, plane: 3 * width, of: image.start, padding: -9, into: result.start, kernels)
      var expected: [Float] = []
      for channel in 0..<2 {
        for row in -1..<3 {
          for (columns, _) in phases {
            for column in columns.prefix(length) {
              let isInside = row >= 0 && column >= 0 && column < width
              expected.append(isInside ? Float((channel * 3 + row) * width + column + 1) : -9)
            }
          }
        }
      }
      #expect(result.array(expected.count) == expected)
      withExtendedLifetime((image, sources)) {}
    }
  }
}
