import HeadgateTensors

/// How far an answer may lie from the expected one, as `assert_similar_outputs` in onnx/backend/test/runner
/// has it: `|a - e| <= absolute + relative * |e|`, computed in the type of the elements.
///
/// Type, shape, strings, booleans and integers must be equal; so must the types of 8 bits and fewer, whose
/// neighbours lie further apart than any tolerance. Zeros are equal whatever their sign, NaN equals NaN.
struct Tolerance: Sendable, Hashable {
  let relative: Double
  let absolute: Double

  /// Why two values differ, or nil.
  func difference(_ actual: Value, _ expected: Value) throws -> String? {
    switch (actual, expected) {
    case (.tensor(let actual), .tensor(let expected)): return try difference(actual, expected)
    case (.sequence(let actual), .sequence(let expected)):
      guard actual.count == expected.count else {
        return "a sequence of \(actual.count) instead of \(expected.count)"
      }
      for (index, pair) in zip(actual, expected).enumerated() {
        if let difference = try difference(pair.0, pair.1) { return "element \(index) of the sequence: \(difference)" }
      }
      return nil
    case (.maps(let keys, let actual), .maps(let expectedKeys, let expected)):
      guard keys == expectedKeys else { return "the maps have other keys, or have them in another order" }
      return try difference(actual, expected)
    case (.absent, .absent): return nil
    default: return "\(actual.summary) instead of \(expected.summary)"
    }
  }

  private func difference(_ actual: Tensor, _ expected: Tensor) throws -> String? {
    guard actual.elementType == expected.elementType, actual.shape == expected.shape else {
      return "\(actual.elementType)\(actual.shape) instead of \(expected.elementType)\(expected.shape)"
    }
    defer { withExtendedLifetime((actual, expected)) {} }
    switch actual.elementType {
    case .float: return try compare(actual.floats(), expected.floats())
    case .double: return try compare(actual.doubles(), expected.doubles())
    case .float16: return try compare(actual.array(of: Float16.self), expected.array(of: Float16.self))
    case .bfloat16: return try Tolerance.bfloat16(self).compare(widened(actual), widened(expected))
    // Pairs of numbers; each must be near, which is a little stricter than the distance in the plane.
    case .complex64: return compare(parts(actual, Float.self), parts(expected, Float.self))
    case .complex128: return compare(parts(actual, Double.self), parts(expected, Double.self))
    case .string:
      let (actual, expected) = (try actual.strings(), try expected.strings())
      let place = zip(actual, expected).enumerated().first { !$1.0.utf8.elementsEqual($1.1.utf8) }?.offset
      return place.map { "element \($0) is '\(actual[$0])', expected '\(expected[$0])'" }
    case .float8e4m3fn: return compare(actual, expected, isZero: { $0 & 0x7F == 0 }, isNaN: { $0 & 0x7F == 0x7F })
    case .float8e5m2: return compare(actual, expected, isZero: { $0 & 0x7F == 0 }, isNaN: { $0 & 0x7F > 0x7C })
    case .float4e2m1: return compare(actual, expected, isZero: { $0 & 0x7 == 0 }, isNaN: { _ in false })
    default:
      guard let place = zip(actual.unsafeBytes, expected.unsafeBytes).enumerated().first(where: { $1.0 != $1.1 })
      else { return nil }
      let size = max(actual.byteCount / actual.count, 1)
      return "element \(place.offset / size) differs"
    }
  }

  /// Brain floats have 8 bits of precision. The suite's 1e-3 would want each to be the nearest; backends
  /// compute in another order, so one or two places more are allowed.
  private static func bfloat16(_ tolerance: Tolerance) -> Tolerance {
    Tolerance(relative: max(tolerance.relative, 0x1p-6), absolute: tolerance.absolute)
  }

  private func compare<T: BinaryFloatingPoint>(_ actual: [T], _ expected: [T]) -> String? {
    let (relative, absolute) = (T(relative), T(absolute))
    for (index, (a, e)) in zip(actual, expected).enumerated() {
      if a == e || (a.isNaN && e.isNaN) { continue }
      guard e.isFinite, abs(a - e) <= absolute + relative * abs(e) else {
        return "element \(index) is \(a), expected \(e)"
      }
    }
    return nil
  }

  /// Compares elements of one byte each.
  private func compare(
    _ actual: Tensor, _ expected: Tensor, isZero: (UInt8) -> Bool, isNaN: (UInt8) -> Bool
  ) -> String? {
    for (index, (a, e)) in zip(actual.unsafeBytes, expected.unsafeBytes).enumerated() {
      if a == e || (isZero(a) && isZero(e)) || (isNaN(a) && isNaN(e)) { continue }
      return "element \(index) has the bits \(a), expected \(e)"
    }
    return nil
  }

  private func widened(_ tensor: Tensor) throws -> [Float] {
    try tensor.withUnsafeElements(UInt16.self) { $0.map { Float(bitPattern: UInt32($0) << 16) } }
  }

  private func parts<T>(_ tensor: Tensor, _ type: T.Type) -> [T] {
    Array(tensor.unsafeBytes.bindMemory(to: type))
  }
}
