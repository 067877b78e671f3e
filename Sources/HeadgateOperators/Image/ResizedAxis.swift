import HeadgateTensors

/// One axis of a Resize: its lengths, and where the positions of the output lie on the input.
struct ResizedAxis {
  /// A part of the axis, where 0 is the first element and 1 the last.
  struct Region {
    let start: Float
    let end: Float
  }

  static let whole = Region(start: 0, end: 1)

  let axis: Int
  let from: Int
  let to: Int
  let scale: Double
  /// The length of the output before it was rounded to an integer.
  let width: Double
  let region: Region

  init(_ axis: Int, from: Int, scale: Float, _ region: Region) throws(TensorError) {
    guard scale > 0, scale.isFinite else { throw TensorError(.invalidValue, "scale \(scale) is not positive") }
    // The product is rounded to single precision as ONNX's own shape inference does: 10 times 0.7 is 7. Longer axes
    // do not fit it.
    let length = from < 1 << 24 ? Double(Float(from) * scale) : Double(from) * Double(scale)
    guard length < 0x1p48 else {
      throw TensorError(.memoryLimit, "an axis of \(from) scaled by \(scale) passes any memory limit")
    }
    self.init(axis, from: from, to: Int(length), scale: Double(scale), width: Double(scale) * Double(from), region)
  }

  /// - Parameter policyScale: the scale of all axes, which then decides instead of the size.
  init(_ axis: Int, from: Int, size: Int, policyScale: Double?, _ region: Region) throws(TensorError) {
    guard size >= 0, size <= 1 << 48 else { throw TensorError(.shape, "\(size) is no size of an axis") }
    guard from > 0 || size == 0 else { throw TensorError(.shape, "an empty axis cannot be resized to \(size)") }
    if let policyScale {
      let width = policyScale * Double(from)
      guard width >= 0, width < 0x1p48 else { throw TensorError(.memoryLimit, "an axis of \(width) is too long") }
      self.init(axis, from: from, to: Int(width + 0.5), scale: policyScale, width: width, region)
    } else {
      let scale = from == 0 ? 1 : Double(size) / Double(from)
      self.init(axis, from: from, to: size, scale: scale, width: Double(size), region)
    }
  }

  private init(_ axis: Int, from: Int, to: Int, scale: Double, width: Double, _ region: Region) {
    self.axis = axis
    self.from = from
    self.to = to
    self.scale = scale
    self.width = width
    self.region = region
  }

  /// Whether every position stays where it is; in every mode, as a scale of 1 is no resizing.
  var isIdentity: Bool { scale == 1 && from == to && region.start == 0 && region.end == 1 }

  /// The place on the input of a position of the output; NaN where the extrapolation value goes.
  ///
  /// - Parameter type: the precision to compute in. Which element is nearest is decided in single precision, as
  ///   frameworks do: there, 3 divided by 0.6 is 5.
  func place<R: BinaryFloatingPoint>(of position: Int, _ coordinates: Sampling.Coordinates, as type: R.Type) -> R {
    let x = R(position)
    let (scale, width, last) = (R(scale), R(width), R(from - 1))
    switch coordinates {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let offset = R(from) / 2 * (1 - R(to) / width)
      return offset + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return to > 1 ? (x + 0.5) / scale - 0.5 : 0
    case .alignCorners: return width == 1 ? 0 : x * last / (width - 1)
    case .asymmetric: return x / scale
    case .tfHalfPixelForNearest: return (x + 0.5) / scale
    case .tfCropAndResize:
      let extent = R(region.end - region.start)
      let start = R(region.start * Float(from - 1))
      let place = start + (width == 1 ? extent * last / 2 : x * extent * last / (width - 1))
      return place >= 0 && place <= last ? place : .nan
    }
  }

  /// The element nearest to the place of a position; -1 where the extrapolation value goes.
  func nearest(to position: Int, _ sampling: Sampling) -> Int {
    // Single precision counts to 2^24.
    let place =
      max(from, to) <= 1 << 24
      ? Double(place(of: position, sampling.coordinates, as: Float.self))
      : place(of: position, sampling.coordinates, as: Double.self)
    if place.isNaN { return -1 }
    let rounded: Double
    switch sampling.rounding {
    case .halfDown: rounded = (place - 0.5).rounded(.up)
    case .halfUp: rounded = (place + 0.5).rounded(.down)
    case .down: rounded = place.rounded(.down)
    case .up: rounded = place.rounded(.up)
    case .byScale: rounded = place.rounded(scale < 1 ? .up : .down)
    }
    return Int(min(max(rounded, 0), Double(from - 1)))
  }
}
