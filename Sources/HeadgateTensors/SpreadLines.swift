import HeadgateKernels

/// How the lines of an image are spread so that elements one stride apart become neighbours, with padding around them.
package struct SpreadLines {
  /// The elements of a line that have the same remainder by the stride.
  package struct Phase {
    /// Element `i` lies `origin + i * stride` after the beginning of the line.
    package let origin: Int
    /// The elements that lie on the line; others are padding.
    package let inside: Range<Int>

    package init(origin: Int, inside: Range<Int>) {
      self.origin = origin
      self.inside = inside
    }
  }

  /// For each line of the result where it begins in the image; negative for a line of padding.
  private let sources: UnsafePointer<Int>
  private let count: Int
  private let phases: [hg_phase]
  private let length: Int
  private let stride: Int

  /// - Parameters:
  ///   - count: how many lines an image becomes.
  ///   - length: the elements of each phase of a line of the result.
  package init(sources: UnsafePointer<Int>, count: Int, phases: [Phase], length: Int, stride: Int) {
    self.sources = sources
    self.count = count
    self.phases = phases.map { hg_phase(origin: $0.origin, lower: $0.inside.lowerBound, upper: $0.inside.upperBound) }
    self.length = length
    self.stride = stride
  }

  func withKernelForm(_ body: (UnsafePointer<hg_spread>) -> Void) {
    phases.withUnsafeBufferPointer { phases in
      var form = hg_spread(
        sources: sources, lines: count, phases: phases.baseAddress, phase_count: phases.count, length: length,
        stride: stride)
      body(&form)
    }
  }
}
