import Testing

@testable import HeadgateTensors

/// Of small integers, so that sums are exact in any order and in tiles.
@Suite struct `An image whose channels come last` {
  private struct Problem {
    let rows, columns: PlaneWindow.Axis
    let channels, features: Int
    /// `[rows, columns, channels]`
    let image: [Float]
    /// `[features, channels, taps]`
    let weights: [Float]
    let offsets: [Float]
    let summand: [Float]

    init(
      _ random: inout KernelRandom, _ rows: PlaneWindow.Axis, _ columns: PlaneWindow.Axis, channels: Int, features: Int
    ) {
      (self.rows, self.columns, self.channels, self.features) = (rows, columns, channels, features)
      func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.below(7) - 3) } }
      image = numbers(rows.input * columns.input * channels)
      weights = numbers(features * channels * rows.kernel * columns.kernel)
      offsets = numbers(features)
      summand = numbers(rows.output * columns.output * features)
    }

    var window: ImageWindow { ImageWindow(rows: rows, columns: columns) }
    var taps: Int { rows.kernel * columns.kernel }
    var places: Int { rows.output * columns.output }

    /// Where a tap of an output lies on the image; nil beside it.
    func place(_ tap: Int, of output: Int) -> Int? {
      let row = output / columns.output * rows.stride - rows.before + tap / columns.kernel * rows.dilation
      let column = output % columns.output * columns.stride - columns.before + tap % columns.kernel * columns.dilation
      guard (0..<rows.input).contains(row), (0..<columns.input).contains(column) else { return nil }
      return row * columns.input + column
    }

    /// - Parameter isDepthwise: whether feature f is of channel f alone; weights are then `[features, taps]`.
    func result(adds: Bool, _ bounds: Bounds<Float>, isDepthwise: Bool = false) -> [Float] {
      (0..<places * features).map { index in
        let (output, feature) = (index / features, index % features)
        var sum = offsets[feature] + (adds ? summand[index] : 0)
        for tap in 0..<taps {
          guard let place = place(tap, of: output) else { continue }
          if isDepthwise {
            sum += weights[feature * taps + tap] * image[place * channels + feature]
            continue
          }
          for channel in 0..<channels {
            sum += weights[(feature * channels + channel) * taps + tap] * image[place * channels + channel]
          }
        }
        return min(max(sum, bounds.least), bounds.greatest)
      }
    }

    /// The same image with its channels first.
    var planes: [Float] {
      let places = rows.input * columns.input
      return image.indices.map { image[$0 % places * channels + $0 / places] }
    }
  }

  private func axis(
    _ random: inout KernelRandom, kernel: Int? = nil, stride: Int = 3, dilation: Int = 2
  ) -> PlaneWindow.Axis {
    PlaneWindow.Axis(
      input: 1 + random.below(12), output: random.below(17), kernel: kernel ?? 1 + random.below(4),
      stride: 1 + random.below(stride), dilation: 1 + random.below(dilation), before: random.below(4))
  }

  private func check(_ problem: Problem, _ way: ChannelsLastKernel.Way, _ kernels: KernelSet) throws {
    let isDepthwise = way == .depthwise
    let kernel = try ChannelsLastKernel(
      problem.weights, features: problem.features, channels: isDepthwise ? 1 : problem.channels, taps: problem.taps,
      way: way, budget: .unlimited, using: kernels)
    for (side, team) in [(GuardSide.before, ThreadTeam.alone), (.after, .eager)] {
      let image = GuardedBuffer(way == .planes ? problem.planes : problem.image, guarded: side)
      let (offsets, summand) = (GuardedBuffer(problem.offsets), GuardedBuffer(problem.summand, guarded: side))
      let result = GuardedBuffer([Float](repeating: 77, count: problem.summand.count), guarded: side)
      let scratch = GuardedBuffer(
        [Float](repeating: .nan, count: kernel.scratchCount(problem.window) * (way == .planes ? team.width : 1)))
      let adds = !isDepthwise && side == .after
      let bounds = Bounds<Float>(least: -40, greatest: 50)
      kernel.convolve(
        .init(
          image.start, into: result.start, offsets: offsets.start, adding: adds ? UnsafePointer(summand.start) : nil,
          bounds: bounds), problem.window, scratch: scratch.start, team: team)
      #expect(
        result.array(problem.summand.count) == problem.result(adds: adds, bounds, isDepthwise: isDepthwise),
        "\(way) \(problem.rows) \(problem.columns) \(problem.channels) \(problem.features) \(side)")
      withExtendedLifetime((image, offsets, summand, scratch)) {}
    }
  }

  @Test(arguments: KernelSet.all) func `is convolved under any window`(_ kernels: KernelSet) throws {
    var random = KernelRandom(31)
    for round in 0..<120 {
      let (rows, columns) = (axis(&random), axis(&random))
      let (channels, features) = (1 + random.below(20), 1 + random.below(round % 4 == 0 ? 90 : 40))
      try check(Problem(&random, rows, columns, channels: channels, features: features), .direct, kernels)
    }
  }

  @Test(arguments: KernelSet.all) func `is convolved place by place`(_ kernels: KernelSet) throws {
    var random = KernelRandom(32)
    for places in [1, 2, 7, 12, 13, 25, 48, 49] {
      let (rows, columns) = (
        PlaneWindow.Axis(input: 1, output: 1, kernel: 1), PlaneWindow.Axis(input: places, output: places, kernel: 1)
      )
      for features in [1, 16, 17, 32, 33, 70] {
        let channels = 1 + random.below(40)
        try check(Problem(&random, rows, columns, channels: channels, features: features), .direct, kernels)
      }
    }
  }

  @Test(arguments: KernelSet.all) func `is made from planes`(_ kernels: KernelSet) throws {
    var random = KernelRandom(33)
    for _ in 0..<80 {
      let rows = axis(&random)
      var columns = axis(&random, stride: 2)
      // Rows as long as those of real images, too.
      if random.below(3) == 0 {
        columns = PlaneWindow.Axis(
          input: 61, output: 28 + random.below(30), kernel: 3, stride: columns.stride, before: 1)
      }
      let (channels, features) = (1 + random.below(4), 1 + random.below(50))
      try check(Problem(&random, rows, columns, channels: channels, features: features), .planes, kernels)
    }
  }

  @Test(arguments: KernelSet.all) func `is convolved in tiles`(_ kernels: KernelSet) throws {
    var random = KernelRandom(34)
    for _ in 0..<30 {
      let axes = (0..<2).map { _ in
        let (input, before) = (1 + random.below(20), random.below(3))
        return PlaneWindow.Axis(
          input: input, output: max(1, input + before - 2 + random.below(3)), kernel: 3, before: before)
      }
      let (channels, features) = (1 + random.below(40), 1 + random.below(70))
      try check(Problem(&random, axes[0], axes[1], channels: channels, features: features), .tiled, kernels)
    }
  }

  @Test(arguments: KernelSet.all) func `is convolved channel by channel, and searched`(_ kernels: KernelSet) throws {
    var random = KernelRandom(35)
    for round in 0..<150 {
      let isCommon = round % 2 == 0
      let kernel = isCommon ? 3 : 1 + random.below(5), stride = 1 + random.below(isCommon ? 2 : 3)
      let axes = (0..<2).map { _ in
        PlaneWindow.Axis(
          input: 1 + random.below(40), output: random.below(30), kernel: kernel, stride: stride,
          dilation: isCommon ? 1 : 1 + random.below(2), before: random.below(4))
      }
      let channels = random.pick([1, 3, 8, 16, 20, 32, 40])
      let whole = Problem(&random, axes[0], axes[1], channels: channels, features: channels)
      try check(whole, .depthwise, kernels)
      let image = GuardedBuffer(whole.image)
      let result = GuardedBuffer([Float](repeating: 77, count: whole.summand.count))
      whole.window.findMaxima(of: image.start, channels: channels, into: result.start, team: .eager, using: kernels)
      let greatest = whole.summand.indices.map { index in
        (0..<whole.taps).compactMap { whole.place($0, of: index / channels) }
          .map { whole.image[$0 * channels + index % channels] }.max() ?? -.infinity
      }
      #expect(result.array(greatest.count) == greatest)
      withExtendedLifetime(image) {}
    }
  }

  @Test(arguments: KernelSet.all) func `keeps what is no number`(_ kernels: KernelSet) throws {
    let row: [Float] = [1, .nan, 2, 3, -.infinity, .infinity, 0, 4, 5, 6, 7, 8]
    let window = ImageWindow(
      rows: .init(input: 1, output: 1, kernel: 1), columns: .init(input: 12, output: 13, kernel: 2, before: 1))
    var greatest = [Float](repeating: 0, count: 13)
    window.findMaxima(of: row, channels: 1, into: &greatest, using: kernels)
    #expect(greatest.map(\.isNaN) == (0..<13).map { $0 == 1 || $0 == 2 })
    #expect(greatest[3...] == [3, 3, .infinity, .infinity, 4, 5, 6, 7, 8, 8])
    let kernel = try ChannelsLastKernel(
      [Float](repeating: 1, count: 2), features: 1, channels: 1, taps: 2, way: .direct, budget: .unlimited,
      using: kernels)
    var (sums, none) = ([Float](repeating: 0, count: 13), [Float](repeating: 0, count: 1))
    kernel.convolve(.init(row, into: &sums, bounds: Bounds(least: 0, greatest: 6)), window, scratch: &none)
    #expect(sums.map(\.isNaN) == (0..<13).map { $0 == 1 || $0 == 2 || $0 == 5 })
  }

  @Test(arguments: KernelSet.all) func `moves its channels, and back`(_ kernels: KernelSet) {
    for (channels, places) in [(1, 1), (3, 50), (16, 16), (17, 33), (40, 7), (64, 49)] {
      let plain = (0..<channels * places).map { Float($0) }
      let (from, to) = (GuardedBuffer(plain), GuardedBuffer([Float](repeating: 0, count: plain.count)))
      ChannelsOrder.moveLast(from.start, channels: channels, places: places, into: to.start, using: kernels)
      #expect(to.array(plain.count) == plain.indices.map { plain[$0 % channels * places + $0 / channels] })
      ChannelsOrder.moveFirst(to.start, channels: channels, places: places, into: from.start, using: kernels)
      #expect(from.array(plain.count) == plain)
    }
  }
}
