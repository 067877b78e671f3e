import HeadgateTensors

/// MaxRoiPool: the greatest elements of regions of images, each divided into the same number of bins.
enum RegionPooling {
  static func maximum(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let regions = try call.tensor(1)
    try input.check(sameTypeAs: regions)
    guard let bins = try call.attributes.ints("pooled_shape"), bins.count == 2, bins.allSatisfy((1...1 << 20).contains)
    else {
      throw TensorError(.invalidValue, "attribute 'pooled_shape' must be a height and a width of 1 to 1048576")
    }
    guard input.rank == 4, regions.rank == 2, regions.shape[1] == 5 else {
      throw TensorError(
        .shape,
        "an input of shape \(input.shape) and regions of shape \(regions.shape) are not [batch, channels, "
          + "height, width] and [regions, 5]")
    }
    let visitor = RegionVisitor(
      input: input, regions: try Casting.convert(regions, to: .double, call), bins: bins,
      scale: Double(try call.attributes.float("spatial_scale") ?? 1), call: call)
    return [.tensor(try input.elementType.visit(visitor))]
  }
}

private struct RegionVisitor: RealVisitor {
  let input: Tensor
  /// `[regions, 5]`: image, left, top, right, bottom.
  let regions: Tensor
  let bins: [Int]
  let scale: Double
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let corners = try regions.doubles()
    let (images, channels, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
    return try call.make(type, [regions.shape[0], channels, bins[0], bins[1]]) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      for region in 0..<regions.shape[0] {
        let values = try (0..<5).map { (index) throws(TensorError) in try place(corners[region * 5 + index], index) }
        guard values[0] >= 0, values[0] < images else {
          throw TensorError(.invalidValue, "region \(region) lies on image \(values[0]) of \(images)")
        }
        let columns = Axis(first: values[1], last: values[3], bins: bins[1], length: width)
        let rows = Axis(first: values[2], last: values[4], bins: bins[0], length: height)
        for channel in 0..<channels {
          let plane = (values[0] * channels + channel) * height * width
          let target = (region * channels + channel) * bins[0] * bins[1]
          for row in 0..<bins[0] {
            let lines = rows.elements(of: row)
            for column in 0..<bins[1] {
              let span = columns.elements(of: column)
              // A bin of no elements has the maximum 0.
              var greatest: T = lines.isEmpty || span.isEmpty ? 0 : T.lowest
              for line in lines {
                for index in span { greatest = greater(x[plane + line * width + index], greatest) }
              }
              output[target + row * bins[1] + column] = greatest
            }
          }
        }
      }
    }
  }

  /// A coordinate as an index: images as they are, corners scaled and rounded.
  private func place(_ value: Double, _ index: Int) throws(TensorError) -> Int {
    let scaled = index == 0 ? value : (value * scale).rounded(.toNearestOrAwayFromZero)
    guard abs(scaled) <= 1e9 else { throw TensorError(.invalidValue, "a region's coordinate is \(value)") }
    return Int(scaled)
  }

  /// One axis of a region, both ends included and at least one element long.
  private struct Axis {
    let first: Int
    let last: Int
    let bins: Int
    let length: Int

    func elements(of bin: Int) -> Range<Int> {
      let extent = max(last - first + 1, 1)
      let lower = min(max(bin * extent / bins + first, 0), length)
      let upper = min(max(((bin + 1) * extent + bins - 1) / bins + first, 0), length)
      return lower..<max(lower, upper)
    }
  }
}
