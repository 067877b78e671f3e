/// The inverse wavelet transforms (T.800, annex F). Whole numbers stay whole: they are kept in floats, which hold the
/// 24 bits that they may have.
enum J2KWavelet {
  /// The samples of a component in rows of its tile's width.
  static func samples(of resolutions: [J2KTile.Resolution], isReversible: Bool) -> [Float] {
    var low = resolutions[0].bands[0].coefficients
    var lowArea = resolutions[0].rectangle
    for resolution in resolutions.dropFirst() {
      let area = resolution.rectangle
      var plane = [Float](repeating: 0, count: area.width * area.height)
      place(low, lowArea, 0, area, &plane)
      for band in resolution.bands { place(band.coefficients, band.rectangle, band.kind, area, &plane) }
      var line = [Float](repeating: 0, count: area.width)
      for y in 0..<area.height where area.width > 0 {
        for x in 0..<area.width { line[x] = plane[y * area.width + x] }
        transform(&line, isOdd: area.x0 % 2 == 1, isReversible)
        for x in 0..<area.width { plane[y * area.width + x] = line[x] }
      }
      line = [Float](repeating: 0, count: area.height)
      for x in 0..<area.width where area.height > 0 {
        for y in 0..<area.height { line[y] = plane[y * area.width + x] }
        transform(&line, isOdd: area.y0 % 2 == 1, isReversible)
        for y in 0..<area.height { plane[y * area.width + x] = line[y] }
      }
      (low, lowArea) = (plane, area)
    }
    return low
  }

  /// Puts the samples of a band at their even or odd places.
  private static func place(
    _ samples: [Float], _ band: J2KTile.Rectangle, _ kind: Int, _ area: J2KTile.Rectangle, _ plane: inout [Float]
  ) {
    for y in 0..<band.height {
      for x in 0..<band.width {
        let (column, row) = (2 * (band.x0 + x) + kind & 1 - area.x0, 2 * (band.y0 + y) + kind >> 1 - area.y0)
        plane[row * area.width + column] = samples[y * band.width + x]
      }
    }
  }

  /// One line, of which low and high samples take turns. Beyond its ends it is mirrored.
  private static func transform(_ line: inout [Float], isOdd: Bool, _ isReversible: Bool) {
    let count = line.count
    if count == 1 {
      if isOdd { line[0] = isReversible ? (line[0] / 2).rounded(.towardZero) : line[0] / 2 }
      return
    }
    let first = isOdd ? 1 : 0
    /// Adds what `change` makes of the sum of both neighbours to every second sample.
    func lift(from start: Int, _ change: (Float) -> Float) {
      for index in stride(from: start, to: count, by: 2) {
        let before = line[index == 0 ? 1 : index - 1]
        let after = line[index == count - 1 ? count - 2 : index + 1]
        line[index] += change(before + after)
      }
    }
    if isReversible {
      lift(from: first) { -(($0 + 2) / 4).rounded(.down) }
      lift(from: 1 - first) { ($0 / 2).rounded(.down) }
      return
    }
    for index in stride(from: first, to: count, by: 2) { line[index] *= 1.230174105 }
    for index in stride(from: 1 - first, to: count, by: 2) { line[index] *= 1 / 1.230174105 }
    lift(from: first) { -0.443506852 * $0 }
    lift(from: 1 - first) { -0.882911075 * $0 }
    lift(from: first) { 0.052980118 * $0 }
    lift(from: 1 - first) { 1.586134342 * $0 }
  }
}
