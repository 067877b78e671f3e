import HeadgateTensors

/// From coefficients to pixels: the transform of each block, larger planes for sampled-down components, and colours.
enum JPEGPixels {
  static func make(_ frame: JPEGFrame, isRGB: Bool) throws(TensorError) -> ImageDecoding.Pixels {
    var planes: [[UInt8]] = []
    for component in frame.components {
      guard let steps = component.steps, !component.coefficients.isEmpty else {
        throw FileBytes.damaged("a component or its quantizer is missing")
      }
      planes.append(enlarged(try samples(component, steps), component, frame))
    }
    guard planes.count == 3 else { return ImageDecoding.Pixels(channels: 1, samples: planes[0]) }
    var pixels = [UInt8](repeating: 0, count: 3 * frame.width * frame.height)
    for index in planes[0].indices {
      let (a, b, c) = (planes[0][index], planes[1][index], planes[2][index])
      if isRGB {
        (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) = (a, b, c)
      } else {
        // T.871 in 16-bit fixed point.
        let (y, blue, red) = (Int(a), Int(b) - 128, Int(c) - 128)
        pixels[3 * index] = clamped(y + (91881 * red + 32768) >> 16)
        pixels[3 * index + 1] = clamped(y + (-22554 * blue - 46802 * red + 32768) >> 16)
        pixels[3 * index + 2] = clamped(y + (116130 * blue + 32768) >> 16)
      }
    }
    return ImageDecoding.Pixels(channels: 3, samples: pixels)
  }

  private static func clamped(_ value: Int) -> UInt8 { UInt8(min(max(value, 0), 255)) }

  /// The samples of a component, in rows of `8 * blocksWide`.
  private static func samples(_ component: JPEGFrame.Component, _ steps: [Int]) throws(TensorError) -> [UInt8] {
    let stride = component.blocksWide * 8
    var samples = [UInt8](repeating: 0, count: stride * component.blocksHigh * 8)
    var block = [Int](repeating: 0, count: 64)
    for index in 0..<component.blocksWide * component.blocksHigh {
      for place in 0..<64 { block[place] = Int(component.coefficients[index * 64 + place]) * steps[place] }
      for column in 0..<8 { transform(&block, column, 8, shift: 11) }
      for row in 0..<8 { transform(&block, row * 8, 1, shift: 18) }
      let start = index / component.blocksWide * 8 * stride + index % component.blocksWide * 8
      for place in 0..<64 { samples[start + place / 8 * stride + place % 8] = clamped(block[place] + 128) }
    }
    return samples
  }

  /// The inverse cosine transform of 8 values, after Loeffler, Ligtenberg and Moschytz, in 13-bit fixed point. The
  /// first of the two passes keeps 2 more bits.
  private static func transform(_ block: inout [Int], _ start: Int, _ step: Int, shift: Int) {
    func at(_ index: Int) -> Int { block[start + index * step] }
    let shared = (at(2) + at(6)) * 4433
    let inner = shared - at(6) * 15137
    let outer = shared + at(2) * 6270
    let (sum, difference) = ((at(0) + at(4)) << 13, (at(0) - at(4)) << 13)
    let (a, b, c, d) = (at(7), at(5), at(3), at(1))
    let turn = (a + c + b + d) * 9633
    let (ad, bc) = ((a + d) * -7373, (b + c) * -20995)
    let (ac, bd) = ((a + c) * -16069 + turn, (b + d) * -3196 + turn)

    let half = 1 << (shift - 1)
    func set(_ index: Int, even: Int, odd: Int) {
      block[start + index * step] = (even + odd + half) >> shift
      block[start + (7 - index) * step] = (even - odd + half) >> shift
    }
    set(0, even: sum + outer, odd: d * 12299 + ad + bd)
    set(1, even: difference + inner, odd: c * 25172 + bc + ac)
    set(2, even: difference - inner, odd: b * 16819 + bc + bd)
    set(3, even: sum - outer, odd: a * 2446 + ad + ac)
  }

  /// The plane of a component in the size of the image. Twofold sampling is undone by weights of 3/4 and 1/4, where
  /// halves are rounded up and down in turn; other ratios repeat samples.
  private static func enlarged(
    _ samples: [UInt8], _ component: JPEGFrame.Component, _ frame: JPEGFrame
  ) -> [UInt8] {
    let stride = component.blocksWide * 8
    let (across, down) = (frame.mostAcross, frame.mostDown)
    let isWideSmooth = across == 2 * component.across && component.width > 2
    let isHighSmooth = down == 2 * component.down
    var plane: [UInt8] = []
    plane.reserveCapacity(frame.width * frame.height)
    var line = [Int](repeating: 0, count: component.width)
    for y in 0..<frame.height {
      let row = y * component.down / down
      let smoothDown = isHighSmooth && (isWideSmooth || across == component.across)
      let neighbour = min(max(y % 2 == 0 ? row - 1 : row + 1, 0), component.height - 1)
      for x in line.indices {
        let sample = Int(samples[row * stride + x])
        line[x] = smoothDown ? 3 * sample + Int(samples[neighbour * stride + x]) : sample
      }
      for x in 0..<frame.width {
        let column = x * component.across / across
        if !isWideSmooth {
          plane.append(UInt8(smoothDown ? (line[column] + 1 + y % 2) >> 2 : line[column]))
          continue
        }
        let other = min(max(x % 2 == 0 ? column - 1 : column + 1, 0), component.width - 1)
        let sum = 3 * line[column] + line[other]
        plane.append(
          UInt8(smoothDown ? (sum + 8 - x % 2) >> 4 : (sum + 1 + x % 2) >> 2))
      }
    }
    return plane
  }
}
