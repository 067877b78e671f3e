import HeadgateTensors

/// Turns places of a grid into elements of the input and their weights.
struct GridSampler: Sendable {
  enum Mode: Sendable {
    case nearest, linear, cubic
  }

  enum Padding: String, Sendable {
    case zeros, border, reflection
  }

  /// An element of one channel of the input, and how much it counts.
  struct Tap {
    let offset: Int
    let weight: Double
  }

  let mode: Mode
  private let lengths: [Int]
  private let padding: Padding
  private let isAligned: Bool

  init(lengths: [Int], _ attributes: Attributes) throws(TensorError) {
    self.lengths = lengths
    // Opset 16 spoke of images only.
    switch try attributes.string("mode") ?? "linear" {
    case "nearest": mode = .nearest
    case "linear", "bilinear": mode = .linear
    case "cubic", "bicubic": mode = .cubic
    case let other: throw TensorError(.unsupported, "mode '\(other)' is unknown")
    }
    let padding = try attributes.string("padding_mode") ?? "zeros"
    guard let padding = Padding(rawValue: padding) else {
      throw TensorError(.unsupported, "padding_mode '\(padding)' is unknown")
    }
    self.padding = padding
    isAligned = try attributes.flag("align_corners")
  }

  /// Calls `body(taps, start, stride, target, step)` for each place: channel `c` of the input begins at
  /// `start + c * stride`, and its result goes to `target + c * step`.
  @inline(__always)
  func forEachPlace<G: BinaryFloatingPoint>(
    _ places: UnsafeBufferPointer<G>, batch: Int, channels: Int, _ body: ([Tap], Int, Int, Int, Int) -> Void
  ) {
    let dimensions = lengths.count
    let image = lengths.reduce(1, &*)
    guard batch > 0, !places.isEmpty else { return }
    let positions = places.count / dimensions / batch
    var taps: [Tap] = []
    var line: [Tap] = []
    for index in 0..<batch {
      for position in 0..<positions {
        let place = (index * positions + position) * dimensions
        collect(places, place, &taps, &line)
        body(taps, index * channels * image, image, index * channels * positions + position, positions)
      }
    }
  }

  /// The product of the taps of all axes, outermost first; the grid names the innermost axis first.
  private func collect<G: BinaryFloatingPoint>(
    _ places: UnsafeBufferPointer<G>, _ place: Int, _ taps: inout [Tap], _ line: inout [Tap]
  ) {
    taps.removeAll(keepingCapacity: true)
    taps.append(Tap(offset: 0, weight: 1))
    for axis in lengths.indices {
      line.removeAll(keepingCapacity: true)
      collect(places[place + lengths.count - 1 - axis], lengths[axis], &line)
      // In place from the back: what is read lies before all that was written.
      let count = taps.count
      for _ in count..<max(count * line.count, count) { taps.append(Tap(offset: 0, weight: 0)) }
      for index in (0..<count).reversed() {
        let outer = taps[index]
        for position in line.indices.reversed() {
          let inner = line[position]
          taps[index * line.count + position] = Tap(
            offset: outer.offset * lengths[axis] + inner.offset, weight: outer.weight * inner.weight)
        }
      }
      if line.isEmpty {
        taps.removeAll(keepingCapacity: true)
        return
      }
    }
  }

  /// The taps along one axis for a coordinate, where -1 and 1 are the ends.
  private func collect<G: BinaryFloatingPoint>(_ coordinate: G, _ length: Int, _ line: inout [Tap]) {
    let extent = G(length)
    var x = isAligned ? (coordinate + 1) / 2 * (extent - 1) : ((coordinate + 1) * extent - 1) / 2
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    // What is no place at all lies outside, as in the first element's direction.
    if x.isNaN { x = -10 }
    let (low, high): (G, G) = isAligned ? (0, extent - 1) : (-0.5, extent - 0.5)
    if x < low || x > high {
      switch padding {
      case .zeros: if x < -4 || x > extent + 4 { return }
      case .border: x = min(max(x, 0), extent - 1)
      case .reflection: x = reflected(x, low, high)
      }
    }
    let origin = x.rounded(.down)
    let first = Int(origin)
    switch mode {
    case .nearest: append(Int(x), 1, length, low, high, &line)
    case .linear:
      let ratio = Double(x - origin)
      append(first, 1 - ratio, length, low, high, &line)
      append(first + 1, ratio, length, low, high, &line)
    case .cubic:
      let ratio = Double(x - origin)
      append(first - 1, cubicTail(1 + ratio), length, low, high, &line)
      append(first, cubicCentre(ratio), length, low, high, &line)
      append(first + 1, cubicCentre(1 - ratio), length, low, high, &line)
      append(first + 2, cubicTail(2 - ratio), length, low, high, &line)
    }
  }

  private func append<G: BinaryFloatingPoint>(
    _ index: Int, _ weight: Double, _ length: Int, _ low: G, _ high: G, _ line: inout [Tap]
  ) {
    var index = index
    if index < 0 || index >= length {
      switch padding {
      case .zeros: return
      case .border: break
      case .reflection: index = Int(reflected(G(index), low, high))
      }
      index = min(max(index, 0), length - 1)
    }
    line.append(Tap(offset: index, weight: weight))
  }

  /// Mirrors at the ends until the place lies between them.
  private func reflected<G: BinaryFloatingPoint>(_ x: G, _ low: G, _ high: G) -> G {
    let range = high - low
    let distance = x < low ? low - x : x - high
    guard distance >= 0 else { return x }
    guard range > 0, distance.isFinite else { return max(low, 0) }
    let turns = (distance / range).rounded(.towardZero)
    let rest = min(max(distance - turns * range, 0), range)
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return (x < low) == isEven ? low + rest : high - rest
  }

  // Keys' cubic weights with a = -0.75, for distances up to 1 and from 1 to 2.
  private func cubicCentre(_ x: Double) -> Double { (1.25 * x - 2.25) * x * x + 1 }
  private func cubicTail(_ x: Double) -> Double { ((-0.75 * x + 3.75) * x - 6) * x + 3 }
}
