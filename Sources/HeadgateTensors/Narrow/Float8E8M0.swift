/// A power of two from 2^-127 to 2^127, as blocks of narrow numbers share it for their scale.
///
/// 8 bits of exponent with bias 127, no sign, no significand, no zero, no infinities; all ones is NaN. As in the
/// OCP microscaling formats specification (E8M0).
public struct Float8E8M0: NarrowFloat {
  public static var elementType: ElementType { .float8e8m0 }

  public let bitPattern: UInt8

  public init(bitPattern: UInt8) { self.bitPattern = bitPattern }

  /// The next power of two that is not smaller; zero and what lies out of range become the nearest that there is.
  public init(_ value: Float) { self = .nearest(Double(value), NarrowingRules()) }

  package var asFloat: Float {
    bitPattern == .max ? .nan : Float(sign: .plus, exponent: Int(bitPattern) - 127, significand: 1)
  }

  /// The sign, of which ONNX leaves the effect open, is dropped.
  package static func nearest(_ value: Double, _ rules: NarrowingRules) -> Float8E8M0 {
    let magnitude = value.magnitude
    let range = 0x1p-127...0x1p127
    if magnitude.isNaN || (!rules.saturates && !range.contains(magnitude)) { return Float8E8M0(bitPattern: .max) }
    let inside = min(max(magnitude, range.lowerBound), range.upperBound)
    let goesUp =
      switch rules.scaleRounding {
      case .up: inside.significand > 1
      case .down: false
      case .nearest: inside.significand >= 1.5
      }
    return Float8E8M0(bitPattern: UInt8(Int(inside.exponent) + 127 + (goesUp ? 1 : 0)))
  }
}

extension Float {
  /// The same number.
  public init(_ value: Float8E8M0) { self = value.asFloat }
}
