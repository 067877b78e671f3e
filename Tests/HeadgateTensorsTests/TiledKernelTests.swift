import Testing

@testable import HeadgateTensors

/// Small integers stay exact in the transforms, which halve constants twice at most.
@Suite struct `A kernel in tiles` {
  private struct Problem<Element: ProductElement> {
    let (features, channels, rows, columns): (Int, Int, Int, Int)
    let input: [Element]
    let weights: [Element]
    let offsets: [Element]
    let before: [Element]

    /// - Parameters:
    ///   - rows: of the outputs; the input has two more, the last of an odd number three.
    init(_ random: inout KernelRandom, features: Int, channels: Int, rows: Int, columns: Int) {
      (self.features, self.channels, self.rows, self.columns) = (features, channels, rows, columns)
      func numbers(_ count: Int) -> [Element] { (0..<count).map { _ in Element(random.below(7) - 3) } }
      input = numbers(channels * ((rows + 1) / 2 * 2 + 2) * ((columns + 1) / 2 * 2 + 2))
      weights = numbers(features * channels * 9)
      offsets = numbers(features)
      before = numbers(features * rows * columns)
    }

    var lines: Int { (rows + 1) / 2 }
    var length: Int { (columns + 1) / 2 }

    /// The input with its columns and rows apart by their last bit, as tiles two apart read them.
    var spread: (elements: [Element], steps: [Int], lines: [Int]) {
      let (height, width) = (lines * 2 + 2, length * 2 + 2)
      let half = length + 1
      var elements = [Element](repeating: 0, count: input.count)
      for index in input.indices {
        let (plane, row, column) = (index / (height * width), index / width % height, index % width)
        elements[(plane * height + row) * width + column % 2 * half + column / 2] = input[index]
      }
      let steps = (0..<channels * 16).map { step in
        let (row, column) = (step / 4 % 4, step % 4)
        return (step / 16 * height + row) * width + column % 2 * half + column / 2
      }
      return (elements, steps, (0..<lines).map { $0 * 2 * width })
    }

    func result(adds: Bool, _ bounds: Bounds<Element>) -> [Element] {
      let (height, width) = (lines * 2 + 2, length * 2 + 2)
      return before.indices.map { index in
        let (feature, row, column) = (index / (rows * columns), index / columns % rows, index % columns)
        var sum = offsets[feature] + (adds ? before[index] : 0)
        for channel in 0..<channels {
          for tap in 0..<9 {
            sum +=
              weights[(feature * channels + channel) * 9 + tap]
              * input[(channel * height + row + tap / 3) * width + column + tap % 3]
          }
        }
        return min(max(sum, bounds.least), bounds.greatest)
      }
    }
  }

  private func check<Element: ProductElement>(
    _ problem: Problem<Element>, _ bounds: Bounds<Element>, _ kernels: KernelSet
  ) throws {
    let kernel = try TiledKernel(
      problem.weights, features: problem.features, channels: problem.channels, budget: .unlimited, using: kernels)
    let (elements, steps, lines) = problem.spread
    let (input, offsets) = (GuardedBuffer(elements), GuardedBuffer(problem.offsets))
    let scratch = GuardedBuffer(
      [Element](repeating: .nan, count: kernel.scratchCount(lines: problem.lines, length: problem.length)))
    for (adds, team) in [(false, ThreadTeam.alone), (true, .eager)] {
      let y = GuardedBuffer(problem.before)
      let patches = ImagePatches(UnsafePointer(input.start), steps: steps, lines: lines, length: problem.length)
      kernel.convolve(
        patches, lines: problem.lines, into: y.start, rows: problem.rows, columns: problem.columns, accumulate: adds,
        finish: Finish(rowOffsets: offsets.start, bounds: bounds), scratch: scratch.start, team: team)
      #expect(y.array(problem.before.count) == problem.result(adds: adds, bounds))
    }
    withExtendedLifetime((input, offsets, scratch)) {}
  }

  /// The third has more lines of tiles than are transformed at once, the fourth more channels than a block of a product.
  @Test(arguments: KernelSet.all, [(1, 1, 1, 1), (5, 3, 4, 7), (40, 33, 61, 70), (17, 300, 5, 6), (20, 16, 2, 131)])
  func `is a convolution`(_ kernels: KernelSet, _ extents: (Int, Int, Int, Int)) throws {
    var random = KernelRandom(31)
    let (features, channels, rows, columns) = extents
    try check(
      Problem<Float>(&random, features: features, channels: channels, rows: rows, columns: columns), Bounds(), kernels)
    try check(
      Problem<Double>(&random, features: features, channels: channels, rows: rows, columns: columns),
      Bounds(least: -20, greatest: 60), kernels)
  }
}
