/// Predicts a square of pixels from those above and to the left (RFC 6386, section 12). Beyond the picture lie 127
/// above and 129 to the left.
///
/// Modes of whole blocks: 0 mean, 1 gradient, 2 from above, 3 from the left. Parts of 4 by 4 have these and 4 down to
/// the right, 5 more down than right, 6 down to the left, 7 more down than left, 8 more right than down, 9 up.
struct VP8Prediction {
  /// The index of the first sample.
  let origin: Int
  private let stride: Int
  private let row: Int
  private let column: Int
  private let size: Int

  init(_ stride: Int, row: Int, column: Int, size: Int) {
    self.stride = stride
    self.row = row
    self.column = column
    self.size = size
    origin = row * size * stride + column * size
  }

  func start(of part: Int) -> Int { origin + part / 4 * 4 * stride + part % 4 * 4 }

  /// A sample of the row above the block, from -1 to its size.
  private func above(_ samples: [UInt8], _ x: Int) -> Int {
    if row == 0 { return 127 }
    return x < 0 && column == 0 ? 129 : Int(samples[origin - stride + x])
  }

  private func left(_ samples: [UInt8], _ y: Int) -> Int {
    column == 0 ? 129 : Int(samples[origin + y * stride - 1])
  }

  /// The whole block.
  func predict(_ mode: UInt8, _ samples: inout [UInt8]) {
    var mean = 128
    if mode == 0 {
      // Only sides that are part of the picture count.
      var sum = 0
      if row > 0 { for x in 0..<size { sum += above(samples, x) } }
      if column > 0 { for y in 0..<size { sum += left(samples, y) } }
      let count = (row > 0 ? size : 0) + (column > 0 ? size : 0)
      if count > 0 { mean = (sum + count / 2) / count }
    }
    let corner = above(samples, -1)
    for y in 0..<size {
      let side = left(samples, y)
      for x in 0..<size {
        let value: Int
        switch mode {
        case 0: value = mean
        case 1: value = min(max(side + above(samples, x) - corner, 0), 255)
        case 2: value = above(samples, x)
        default: value = side
        }
        samples[origin + y * stride + x] = UInt8(value)
      }
    }
  }

  /// The four samples above and to the right of the block. The last block of a row has none: its own last is taken.
  func cornerAbove(_ samples: [UInt8], isLast: Bool) -> [Int] {
    (0..<4).map { above(samples, isLast ? 15 : 16 + $0) }
  }

  /// One part of 4 by 4.
  ///
  /// - Parameter corner: the samples above and to the right of the whole block, which serve all parts at its right.
  func predict(part: Int, _ mode: UInt8, _ corner: [Int], _ samples: inout [UInt8]) {
    let start = start(of: part)
    let (x0, y0) = (part % 4 * 4, part / 4 * 4)
    // From the lowest to the left, around the corner, to the rightmost above: 4 + 1 + 8 samples.
    let edge = withUnsafeTemporaryAllocation(of: Int.self, capacity: 13) { edge -> Edge in
      for y in 0..<4 {
        edge[3 - y] = x0 > 0 ? Int(samples[start + y * stride - 1]) : left(samples, y0 + y)
      }
      for x in -1..<8 {
        if x0 + x >= 16 {
          edge[5 + x] = corner[x0 + x - 16]
        } else if y0 == 0 {
          edge[5 + x] = above(samples, x0 + x)
        } else if x0 + x < 0 {
          edge[5 + x] = left(samples, y0 - 1)
        } else {
          edge[5 + x] = Int(samples[start - stride + x])
        }
      }
      return Edge(edge)
    }
    for y in 0..<4 {
      for x in 0..<4 { samples[start + y * stride + x] = UInt8(edge.value(mode, x, y)) }
    }
  }

  /// The 13 samples around a part.
  private struct Edge {
    private let samples: [Int]
    private let mean: Int

    init(_ edge: UnsafeMutableBufferPointer<Int>) {
      samples = Array(edge)
      mean = (edge[0] + edge[1] + edge[2] + edge[3] + edge[5] + edge[6] + edge[7] + edge[8] + 4) >> 3
    }

    /// The mean of a sample and the next.
    private func two(_ index: Int) -> Int { (samples[index] + samples[index + 1] + 1) >> 1 }

    /// The mean of a sample, twice, and its neighbours; the ends repeat.
    private func three(_ index: Int) -> Int {
      (samples[max(index - 1, 0)] + 2 * samples[index] + samples[min(index + 1, 12)] + 2) >> 2
    }

    func value(_ mode: UInt8, _ x: Int, _ y: Int) -> Int {
      switch mode {
      case 0: return mean
      case 1: return min(max(samples[3 - y] + samples[5 + x] - samples[4], 0), 255)
      case 2: return three(5 + x)
      case 3: return three(3 - y)
      case 4: return three(4 + x - y)
      case 5:
        let step = 2 * x - y
        if step < 0 { return step == -1 ? three(4) : three(5 + step) }
        return step % 2 == 0 ? two(4 + step / 2) : three(4 + (step + 1) / 2)
      case 6: return three(6 + x + y)
      case 7:
        // The two lowest at the right go on where the others end.
        if x == 3, y >= 2 { return three(6 + y + 2) }
        return y % 2 == 0 ? two(5 + x + y / 2) : three(6 + x + y / 2)
      case 8:
        let step = 2 * y - x
        if step < 0 { return step == -1 ? three(4) : three(3 - step) }
        return step % 2 == 0 ? two(3 - step / 2) : three(3 - step / 2)
      default:
        let step = x + 2 * y
        if step > 5 { return samples[0] }
        return step % 2 == 0 ? two(2 - step / 2) : three(2 - step / 2)
      }
    }
  }
}
