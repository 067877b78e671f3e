import HeadgateTensors

/// CropAndResize: parts of images, given by corners in fractions of an image, brought to one size.
enum CroppedImages {
  static let table: [OperatorDefinition] = [.contributed("CropAndResize", crop).computingInSingle()]

  private static func crop(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (images, regions) = (try call.tensor(0), try call.tensor(1))
    let places = try call.tensor(2).ints()
    let size = try call.tensor(3).ints()
    guard images.rank == 4, regions.shape == [places.count, 4], regions.elementType == images.elementType,
      size.count == 2, size[0] > 0, size[1] > 0, images.shape[2] > 0, images.shape[3] > 0
    else {
      throw TensorError(
        .shape, "\(places.count) regions \(regions.shape) of size \(size) cannot be taken of images \(images.shape)")
    }
    for place in places where place < 0 || place >= images.shape[0] {
      throw TensorError(.invalidValue, "image \(place) is not one of \(images.shape[0])")
    }
    let mode = try call.attributes.string("mode") ?? "bilinear"
    guard mode == "bilinear" || mode == "nearest" else {
      throw TensorError(.invalidValue, "attribute 'mode' is '\(mode)', not 'bilinear' or 'nearest'")
    }
    let work = CroppedRegions(
      images: images, regions: regions, places: places, height: size[0], width: size[1], isNearest: mode == "nearest",
      outside: try call.attributes.float("extrapolation_value") ?? 0, call: call)
    return [.tensor(try images.elementType.visit(work))]
  }
}

private struct CroppedRegions: RealVisitor {
  let images: Tensor
  let regions: Tensor
  let places: [Int]
  let height: Int
  let width: Int
  let isNearest: Bool
  let outside: Float
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (x, corners) = (try images.elements(type), try regions.elements(type))
    let (channels, rows, columns) = (images.shape[1], images.shape[2], images.shape[3])
    return try call.make(type, [places.count, channels, height, width]) { output in
      guard !output.isEmpty else { return }
      for (region, place) in places.enumerated() {
        let corner = Array(corners[region * 4..<region * 4 + 4])
        for row in 0..<height {
          let vertical = position(row, of: height, from: corner[0], to: corner[2], extent: rows)
          for column in 0..<width {
            let horizontal = position(column, of: width, from: corner[1], to: corner[3], extent: columns)
            for channel in 0..<channels {
              let plane = (place * channels + channel) * rows * columns
              let target = ((region * channels + channel) * height + row) * width + column
              guard let vertical, let horizontal else {
                output[target] = T(outside)
                continue
              }
              func pixel(_ row: Int, _ column: Int) -> T { x[plane + row * columns + column] }
              let above = mixed(
                pixel(vertical.first, horizontal.first), pixel(vertical.first, horizontal.second), horizontal.share)
              let below = mixed(
                pixel(vertical.second, horizontal.first), pixel(vertical.second, horizontal.second), horizontal.share)
              output[target] = mixed(above, below, vertical.share)
            }
          }
        }
      }
    }
  }

  private func mixed<T: Real>(_ a: T, _ b: T, _ share: T) -> T { a + (b - a) * share }

  /// Two neighbouring indices of an axis and how much the second counts; nil outside of the image.
  private func position<T: Real>(
    _ index: Int, of count: Int, from start: T, to end: T, extent: Int
  ) -> (first: Int, second: Int, share: T)? {
    let last = T(extent - 1)
    let place =
      count > 1 ? start * last + T(index) * ((end - start) * last / T(count - 1)) : (start + end) * last / 2
    guard place >= 0, place <= last else { return nil }
    if isNearest {
      let nearest = Int(place.rounded())
      return (nearest, nearest, 0)
    }
    let low = place.rounded(.down)
    return (Int(low), min(Int(low) + 1, extent - 1), place - low)
  }
}
