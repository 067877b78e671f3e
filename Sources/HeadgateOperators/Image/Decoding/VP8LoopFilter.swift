/// Smooths the edges of blocks and of their parts (RFC 6386, section 15).
struct VP8LoopFilter {
  /// How strongly the blocks of a segment are filtered.
  private struct Strength {
    /// The greatest step across an edge of a part that is smoothed; 0 for no filter.
    var limit = 0
    /// The greatest step beside the edge.
    var inner = 0
    /// The step beside the edge above which only the two nearest samples change.
    var contrast = 0
  }

  /// The samples at both sides of an edge: `step` apart across it, `along` apart on it.
  private struct Edge {
    let start: Int
    let step: Int
    let along: Int
    let count: Int
    /// Whether it is an edge of the whole block, where more samples change.
    let isOuter: Bool
  }

  private let isSimple: Bool
  /// For each segment, blocks predicted whole and in parts.
  private let strengths: [[Strength]]

  init(_ header: VP8Header) {
    isSimple = header.isSimpleFilter
    strengths = header.segmentLevels.map { base in
      [0, header.partsLevelChange].map { change in
        let level = min(max(base + header.levelChange + change, 0), 63)
        guard level > 0 else { return Strength() }
        var inner = level
        if header.sharpness > 0 { inner = min(inner >> (header.sharpness > 4 ? 2 : 1), 9 - header.sharpness) }
        inner = max(inner, 1)
        return Strength(limit: 2 * level + inner, inner: inner, contrast: level >= 40 ? 2 : level >= 15 ? 1 : 0)
      }
    }
  }

  func run(_ facts: [VP8Blocks.Facts], _ picture: inout VP8Picture) {
    for (index, block) in facts.enumerated() {
      let strength = strengths[block.segment][block.isInParts ? 1 : 0]
      guard strength.limit > 0 else { continue }
      let (row, column) = (index / picture.blocksWide, index % picture.blocksWide)
      let filtersParts = block.isInParts || block.hasCoefficients
      for plane in picture.planes.indices where plane == 0 || !isSimple {
        let (size, stride) = (plane == 0 ? 16 : 8, picture.planes[plane].stride)
        let start = row * size * stride + column * size
        for isVertical in [true, false] {
          let (step, along) = isVertical ? (1, stride) : (stride, 1)
          for offset in Swift.stride(from: 0, to: size, by: 4) {
            let isOuter = offset == 0
            guard isOuter ? (isVertical ? column : row) > 0 : filtersParts else { continue }
            let edge = Edge(start: start + offset * step, step: step, along: along, count: size, isOuter: isOuter)
            smooth(edge, strength, &picture.planes[plane].samples)
          }
        }
      }
    }
  }

  private func smooth(_ edge: Edge, _ strength: Strength, _ samples: inout [UInt8]) {
    let limit = 2 * (strength.limit + (edge.isOuter ? 4 : 0)) + 1
    samples.withUnsafeMutableBufferPointer { samples in
      for index in 0..<edge.count {
        let place = edge.start + index * edge.along
        let step = edge.step
        func at(_ offset: Int) -> Int { Int(samples[place + offset * step]) }
        let (p1, p0, q0, q1) = (at(-2), at(-1), at(0), at(1))
        guard 4 * abs(p0 - q0) + abs(p1 - q1) <= limit else { continue }
        func change(_ offset: Int, by difference: Int) {
          samples[place + offset * step] = UInt8(min(max(at(offset) + difference, 0), 255))
        }
        if !isSimple {
          let (p3, p2, q2, q3) = (at(-4), at(-3), at(2), at(3))
          guard abs(p3 - p2) <= strength.inner, abs(p2 - p1) <= strength.inner, abs(p1 - p0) <= strength.inner,
            abs(q3 - q2) <= strength.inner, abs(q2 - q1) <= strength.inner, abs(q1 - q0) <= strength.inner
          else { continue }
        }
        let base = 3 * (q0 - p0)
        if isSimple || abs(p1 - p0) > strength.contrast || abs(q1 - q0) > strength.contrast {
          let step = base + clamped(p1 - q1, 128)
          change(-1, by: clamped((step + 3) >> 3, 16))
          change(0, by: -clamped((step + 4) >> 3, 16))
        } else if edge.isOuter {
          let step = clamped(base + clamped(p1 - q1, 128), 128)
          for distance in 0..<3 {
            let amount = (9 * (3 - distance) * step + 63) >> 7
            change(-1 - distance, by: amount)
            change(distance, by: -amount)
          }
        } else {
          let amount = clamped((base + 4) >> 3, 16)
          let half = (amount + 1) >> 1
          change(-2, by: half)
          change(-1, by: clamped((base + 3) >> 3, 16))
          change(0, by: -amount)
          change(1, by: -half)
        }
      }
    }
  }

  /// The value in -bound..<bound.
  private func clamped(_ value: Int, _ bound: Int) -> Int { min(max(value, -bound), bound - 1) }
}
