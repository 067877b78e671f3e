import HeadgateTensors

/// How resampled values come about: the attributes of Resize. The raw values are ONNX's names.
struct Sampling: Sendable {
  enum Mode: Sendable {
    case nearest, linear, cubic
  }

  enum Coordinates: String, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
    case tfCropAndResize = "tf_crop_and_resize"
  }

  enum Rounding: String, Sendable {
    case halfDown = "round_prefer_floor"
    case halfUp = "round_prefer_ceil"
    case down = "floor"
    case up = "ceil"
    /// Before opset 11: up when the axis shrinks, else down.
    case byScale = ""
  }

  let mode: Mode
  let coordinates: Coordinates
  let rounding: Rounding
  let antialiases: Bool
  let excludesOutside: Bool
  let cubicCoefficient: Double
  let extrapolation: Float

  init(_ attributes: Attributes) throws(TensorError) {
    mode = try Self.mode(attributes)
    let coordinates = try attributes.string("coordinate_transformation_mode") ?? "half_pixel"
    guard let known = Coordinates(rawValue: coordinates) else {
      throw TensorError(.unsupported, "coordinate_transformation_mode '\(coordinates)' is unknown")
    }
    self.coordinates = known
    let rounding = try attributes.string("nearest_mode") ?? "round_prefer_floor"
    guard let rounding = Rounding(rawValue: rounding), rounding != .byScale else {
      throw TensorError(.unsupported, "nearest_mode '\(rounding)' is unknown")
    }
    self.rounding = rounding
    antialiases = try attributes.flag("antialias")
    excludesOutside = try attributes.flag("exclude_outside")
    cubicCoefficient = Double(try attributes.float("cubic_coeff_a") ?? -0.75)
    extrapolation = try attributes.float("extrapolation_value") ?? 0
  }

  /// Upsample, and Resize before opset 11.
  init(oldAttributes attributes: Attributes) throws(TensorError) {
    mode = try Self.mode(attributes)
    coordinates = .asymmetric
    rounding = .byScale
    antialiases = false
    excludesOutside = false
    cubicCoefficient = -0.75
    extrapolation = 0
  }

  private static func mode(_ attributes: Attributes) throws(TensorError) -> Mode {
    switch try attributes.string("mode") ?? "nearest" {
    case "nearest": .nearest
    // The first Upsample called it by its two dimensions.
    case "linear", "bilinear": .linear
    case "cubic": .cubic
    case let other: throw TensorError(.unsupported, "mode '\(other)' is unknown")
    }
  }
}
