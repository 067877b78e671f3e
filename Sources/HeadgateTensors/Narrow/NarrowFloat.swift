/// A floating-point format that tensors hold and operators convert, but do not compute in.
package protocol NarrowFloat: TensorElement, Hashable {
  associatedtype Bits: FixedWidthInteger & UnsignedInteger

  init(bitPattern: Bits)
  var bitPattern: Bits { get }
  /// The number as a `Float`, which has a place for every number of these formats.
  var asFloat: Float { get }
  /// The nearest number by the rules.
  static func nearest(_ value: Double, _ rules: NarrowingRules) -> Self
  static func nearest(_ value: Float, _ rules: NarrowingRules) -> Self
  /// Writes each number as a float.
  static func widen(_ source: UnsafeBufferPointer<Self>, into output: UnsafeMutableBufferPointer<Float>)
  /// Writes the nearest number to each float by the rules.
  static func narrow(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Self>, _ rules: NarrowingRules)
}

/// What a conversion to a narrow format does where formats leave a choice; ONNX's defaults.
package struct NarrowingRules: Sendable {
  /// How a number between two powers of two becomes a `Float8E8M0`.
  package enum ScaleRounding: String, Sendable {
    case up, down, nearest
  }

  /// Whether numbers out of range become the greatest of the format, in the formats of 8 bits.
  package var saturates: Bool
  package var scaleRounding: ScaleRounding

  package init(saturates: Bool = true, scaleRounding: ScaleRounding = .up) {
    self.saturates = saturates
    self.scaleRounding = scaleRounding
  }
}

extension NarrowFloat {
  package static func nearest(_ value: Float, _ rules: NarrowingRules) -> Self { nearest(Double(value), rules) }

  /// Formats of 8 bits go over a table when there is more to do than to make one.
  package static func widen(_ source: UnsafeBufferPointer<Self>, into output: UnsafeMutableBufferPointer<Float>) {
    guard Bits.bitWidth == 8, source.count > 1024 else {
      for index in 0..<source.count { output[index] = source[index].asFloat }
      return
    }
    let table = (0...255).map { Self(bitPattern: Bits($0)).asFloat }
    for index in 0..<source.count { output[index] = table[Int(source[index].bitPattern)] }
  }

  package static func narrow(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Self>, _ rules: NarrowingRules
  ) {
    for index in 0..<source.count { output[index] = nearest(source[index], rules) }
  }
}

/// A narrow format that `FloatLayout` describes.
protocol LaidOutFloat: NarrowFloat {
  static var layout: FloatLayout { get }
}

extension LaidOutFloat {
  func decoded() -> Float { Self.layout.decode(UInt16(bitPattern)) }

  static func encoded(_ value: Double, saturates: Bool) -> Self {
    Self(bitPattern: Bits(truncatingIfNeeded: layout.encode(value, saturates: saturates)))
  }
}
