import HeadgateTensors

/// An element that can be computed with. Integers wrap around as in C; none of these functions traps.
protocol Number: TensorElement, Comparable {
  static var zero: Self { get }
  static var one: Self { get }
  /// The least and the greatest value; infinities for floating point.
  static var lowest: Self { get }
  static var highest: Self { get }
  static func add(_ a: Self, _ b: Self) -> Self
  static func subtract(_ a: Self, _ b: Self) -> Self
  static func multiply(_ a: Self, _ b: Self) -> Self
  /// Integer division goes towards zero; by zero it gives zero.
  static func divide(_ a: Self, _ b: Self) -> Self
  /// The remainder with the sign of the divisor (Python's), or of the dividend (C's `fmod`).
  static func remainder(_ a: Self, _ b: Self, signOfDivisor: Bool) -> Self
  static func negate(_ a: Self) -> Self
  var isNotANumber: Bool { get }
  var asDouble: Double { get }
  /// The value as a double that a second rounding, to fewer bits, takes to where one rounding had taken the value.
  var asDoubleForRounding: Double { get }
  /// The nearest value; out of range and NaN as in ONNX Runtime's casts.
  init(nearest value: Double)
  /// The value as an integer, towards zero; out of range gives the least int64 as x86 does.
  var asInt64: Int64 { get }
  init(wrapping value: Int64)
}

extension Number {
  @inline(__always) var asDoubleForRounding: Double { asDouble }

  /// The smaller; NaN when either is.
  @inline(__always) static func minimum(_ a: Self, _ b: Self) -> Self {
    a.isNotANumber || a < b ? a : b
  }

  /// The greater; NaN when either is.
  @inline(__always) static func maximum(_ a: Self, _ b: Self) -> Self {
    a.isNotANumber || a > b ? a : b
  }
}

extension Number where Self: FixedWidthInteger {
  static var zero: Self { 0 }
  static var one: Self { 1 }
  static var lowest: Self { min }
  static var highest: Self { max }
  @inline(__always) static func add(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func subtract(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) static func multiply(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) static func divide(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }
  static func remainder(_ a: Self, _ b: Self, signOfDivisor: Bool) -> Self {
    guard b != 0 else { return 0 }
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    return signOfDivisor && remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
  }
  @inline(__always) static func negate(_ a: Self) -> Self { 0 &- a }
  var isNotANumber: Bool { false }
  @inline(__always) var asDouble: Double { Double(self) }
  @inline(__always) init(nearest value: Double) { self.init(wrapping: value.asInt64) }
  @inline(__always) var asInt64: Int64 { Int64(truncatingIfNeeded: self) }
  @inline(__always) init(wrapping value: Int64) { self.init(truncatingIfNeeded: value) }
}

extension FixedWidthInteger {
  /// Rounded to odd: of the bits that have no place in a double the lowest that has one tells whether any is set.
  fileprivate var roundedToOdd: Double {
    guard magnitude >= 1 << 53 else { return Double(self) }
    return Double(self & 0x7FF == 0 ? self : self & ~0x7FF | 0x800)
  }
}

extension Int64 {
  var asDoubleForRounding: Double { roundedToOdd }
}

extension UInt64 {
  var asDoubleForRounding: Double { roundedToOdd }

  /// The upper half of the range has no place in an int64.
  init(nearest value: Double) {
    self = value >= 0x1p63 && value < 0x1p64 ? UInt64(value) : UInt64(truncatingIfNeeded: value.asInt64)
  }
}

extension Number where Self: BinaryFloatingPoint {
  static var zero: Self { 0 }
  static var one: Self { 1 }
  static var lowest: Self { -infinity }
  static var highest: Self { infinity }
  @inline(__always) static func add(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func subtract(_ a: Self, _ b: Self) -> Self { a - b }
  @inline(__always) static func multiply(_ a: Self, _ b: Self) -> Self { a * b }
  @inline(__always) static func divide(_ a: Self, _ b: Self) -> Self { a / b }
  static func remainder(_ a: Self, _ b: Self, signOfDivisor: Bool) -> Self {
    let remainder = a.truncatingRemainder(dividingBy: b)
    return signOfDivisor && remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
  }
  @inline(__always) static func negate(_ a: Self) -> Self { -a }
  @inline(__always) var isNotANumber: Bool { isNaN }
  @inline(__always) var asDouble: Double { Double(self) }
  @inline(__always) init(nearest value: Double) { self.init(value) }
  @inline(__always) var asInt64: Int64 {
    self >= -0x1p63 && self < 0x1p63 ? Int64(self) : .min
  }
  @inline(__always) init(wrapping value: Int64) { self.init(value) }
}

extension Float16 {
  /// The bound 2^63 of the general form is infinite here, so the way leads over `Float`.
  var asInt64: Int64 { Float(self).asInt64 }
}

extension Float: Number {}
extension Double: Number {}
extension Float16: Number {}
extension Int8: Number {}
extension Int16: Number {}
extension Int32: Number {}
extension Int64: Number {}
extension UInt8: Number {}
extension UInt16: Number {}
extension UInt32: Number {}
extension UInt64: Number {}
