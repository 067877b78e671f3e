/// From brightness and colour planes to red, green and blue, as libwebp does: the colours are enlarged by weights of
/// 9, 3, 3 and 1 sixteenths, and converted in 14-bit fixed point.
enum VP8Colours {
  static func pixels(of picture: VP8Picture) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * picture.width * picture.height)
    let plane = picture.planes[0]
    for y in 0..<picture.height {
      for x in 0..<picture.width {
        let brightness = (Int(plane.samples[y * plane.stride + x]) * 19077) >> 8
        let blue = colour(picture, 1, x, y)
        let red = colour(picture, 2, x, y)
        pixels.append(clamped(brightness + (red * 26149) >> 8 - 14234))
        pixels.append(clamped(brightness - (blue * 6419) >> 8 - (red * 13320) >> 8 + 8708))
        pixels.append(clamped(brightness + (blue * 33050) >> 8 - 17685))
      }
    }
    return pixels
  }

  /// Takes 6 bits off.
  private static func clamped(_ value: Int) -> UInt8 { UInt8(min(max(value >> 6, 0), 255)) }

  /// A colour at a pixel, between the nearest sample and those beyond it.
  private static func colour(_ picture: VP8Picture, _ plane: Int, _ x: Int, _ y: Int) -> Int {
    let (wide, high) = ((picture.width + 1) / 2, (picture.height + 1) / 2)
    let (column, row) = (x / 2, y / 2)
    let otherColumn = x % 2 == 0 ? column - 1 : column + 1
    let otherRow = min(max(y % 2 == 0 ? row - 1 : row + 1, 0), high - 1)
    let (samples, stride) = (picture.planes[plane].samples, picture.planes[plane].stride)
    let near = Int(samples[row * stride + column])
    let below = Int(samples[otherRow * stride + column])
    guard otherColumn >= 0, otherColumn < wide else { return (3 * near + below + 2) >> 2 }
    let beside = Int(samples[row * stride + otherColumn])
    let across = Int(samples[otherRow * stride + otherColumn])
    // Rounded twice, as libwebp's vector code needs it.
    let diagonal = (near + below + beside + across + 8 + 2 * (below + beside)) >> 3
    return (diagonal + near) >> 1
  }
}
