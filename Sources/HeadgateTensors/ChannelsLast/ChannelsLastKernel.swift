import HeadgateKernels

/// The kernel of a convolution whose output's channels come last, packed once, when the model is loaded.
///
/// Results are the same to the last bit for any number of threads. They differ in the last places from those of the
/// product with patches, for sums go over taps first and then over channels, and from set to set.
package struct ChannelsLastKernel: Sendable {
  /// How the convolution is computed.
  package enum Way: Hashable, Sendable {
    /// Sums over taps and channels.
    case direct
    /// In tiles of 2 x 2 outputs, see `TiledKernel`: for 3 x 3 taps with strides and dilations of 1.
    case tiled
    /// Of planes, the channels of which come first: for strides along columns of 1 and 2.
    case planes
    /// Each channel with a kernel of its own.
    case depthwise
  }

  package let way: Way
  package let features: Int
  /// Of the input, or of each group of it.
  package let channels: Int
  private let storage: Storage
  /// Where the zeros begin that stand for what lies beside the image.
  private let packedCount: Int
  private let kernels: KernelSet

  /// Packs `weights[features, channels, taps]`.
  ///
  /// SAFETY: there must be that many weights, 9 taps when it is tiled.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  package init(
    _ weights: UnsafePointer<Float>, features: Int, channels: Int, taps: Int, way: Way, budget: MemoryBudget,
    using kernels: KernelSet = .current
  ) throws(TensorError) {
    self.way = way
    self.features = features
    self.channels = channels
    self.kernels = kernels
    let table = kernels.table.pointee
    let matrix = channels * Self.width(features, kernels)
    packedCount =
      switch way {
      case .direct, .planes: try [taps, matrix].elementCount()
      case .tiled: try [16, matrix].elementCount()
      case .depthwise: features * taps
      }
    storage = try Storage(.float, count: packedCount + channels, budget: budget)
    let packed = storage.base.bindMemory(to: Float.self, capacity: packedCount + channels)
    (packed + packedCount).update(repeating: 0, count: channels)
    switch way {
    case .direct: table.pack_last(features, channels, taps, weights, packed)
    case .planes: table.pack_last(features, 1, channels * taps, weights, packed)
    case .tiled:
      let count = features * channels
      let plain = try Storage(.float, count: 16 * count, budget: budget)
      let elements = plain.base.bindMemory(to: Float.self, capacity: 16 * count)
      table.swinograd_weights(count, weights, elements)
      for element in 0..<16 {
        table.pack_last(features, channels, 1, elements + element * count, packed + element * matrix)
      }
      withExtendedLifetime(plain) {}
    case .depthwise:
      for feature in 0..<features {
        for tap in 0..<taps { packed[tap * features + feature] = weights[feature * taps + tap] }
      }
    }
  }

  /// The bytes that such a kernel takes.
  package static func byteCount(features: Int, channels: Int, taps: Int, way: Way) -> Int {
    4 * (way == .tiled ? 16 : taps) * channels * width(features, .current)
  }

  private static func width(_ features: Int, _ kernels: KernelSet) -> Int {
    let lanes = kernels.table.pointee.last_lanes
    return (features + lanes - 1) / lanes * lanes
  }

  /// The tiles that are transformed before they are multiplied: so many that the transforms stay in the second cache, and
  /// that weights are not read too often. 64 maps of 56 x 56 take 0.82 ms with 48 to 96 tiles, 1.0 with 24 or 384.
  private func tilesAtOnce(_ window: ImageWindow) -> Int {
    let tiles = tileCount(window)
    let blocks = max(1, (tiles + 63) / 64)
    return (tiles + blocks - 1) / blocks
  }

  private func tileCount(_ window: ImageWindow) -> Int {
    (window.form.out_rows + 1) / 2 * ((window.form.out_columns + 1) / 2)
  }

  /// The elements of scratch that `convolve` needs: for each thread when the kernel is for planes, else in all.
  package func scratchCount(_ window: ImageWindow) -> Int {
    switch way {
    case .direct, .depthwise: return 0
    case .tiled: return 16 * (features + channels) * tilesAtOnce(window)
    case .planes:
      let form = window.form
      let seen =
        max(0, form.out_columns - 1) * form.column_stride + (form.kernel_columns - 1) * form.column_dilation + 1
      return channels * form.kernel_rows * seen
    }
  }

  /// What one image becomes, and what is added to it.
  package struct Job {
    package let x: UnsafePointer<Float>
    package let y: UnsafeMutablePointer<Float>
    package let offsets: UnsafePointer<Float>?
    package let summand: UnsafePointer<Float>?
    package let bounds: Bounds<Float>

    package init(
      _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, offsets: UnsafePointer<Float>? = nil,
      adding summand: UnsafePointer<Float>? = nil, bounds: Bounds<Float> = Bounds()
    ) {
      self.x = x
      self.y = y
      self.offsets = offsets
      self.summand = summand
      self.bounds = bounds
    }
  }

  /// Convolves one image.
  ///
  /// SAFETY: the image must have the window's extents and the kernel's channels, `y` room for its outputs, `scratch` for
  /// what `scratchCount` says.
  package func convolve(
    _ job: Job, _ window: ImageWindow, scratch: UnsafeMutablePointer<Float>, team: ThreadTeam = .alone
  ) {
    let packed = UnsafePointer(storage.base.assumingMemoryBound(to: Float.self))
    var form = hg_convolution(
      window: window.form, channels: channels, features: features, packed: packed, zeros: packed + packedCount,
      offsets: job.offsets, summand: job.summand, least: job.bounds.least, greatest: job.bounds.greatest, x: job.x,
      y: job.y)
    if way == .depthwise { form.channels = features }
    withUnsafePointer(to: &form) { form in
      switch way {
      case .direct:
        team.share(time(window)) { kernels.table.pointee.convolve_last(form, $0) }
      case .depthwise:
        team.share(0.03 * Double(window.outputCount * window.tapCount * features)) {
          kernels.table.pointee.depthwise_last(form, $0)
        }
      case .planes:
        let parts = min(window.form.out_rows, team.partCount(taking: time(window)))
        team.forEach(parts, taking: time(window)) { part, member in
          kernels.table.pointee.convolve_first(
            form, scratch + member * scratchCount(window), hg_share(index: part, count: parts))
        }
      case .tiled: convolveTiles(form, window, scratch, team)
      }
    }
    withExtendedLifetime(storage) {}
  }

  private func convolveTiles(
    _ form: UnsafePointer<hg_convolution>, _ window: ImageWindow, _ scratch: UnsafeMutablePointer<Float>,
    _ team: ThreadTeam
  ) {
    let (tiles, most) = (tileCount(window), tilesAtOnce(window))
    // A transform takes about a fifth of the time of the products.
    let products = productTime(Float.self, m: 16 * min(most, tiles), n: features, k: channels)
    for first in stride(from: 0, to: tiles, by: most) {
      let count = min(most, tiles - first)
      for (step, time) in [
        (HG_WINOGRAD_INPUT, products / 5), (HG_WINOGRAD_PRODUCTS, products), (HG_WINOGRAD_OUTPUT, products / 8),
      ] {
        team.share(time) { kernels.table.pointee.winograd_last(form, scratch, step, first, count, $0) }
      }
    }
  }

  private func time(_ window: ImageWindow) -> Double {
    productTime(Float.self, m: window.outputCount, n: features, k: window.tapCount * channels)
  }
}
