import Glibc
import HeadgateTensors

/// Conversions between element types.
enum Casting {
  static let table: [OperatorDefinition] = [
    .op("Cast", since: 1, cast), .op("CastLike", since: 15, castLike), .op("BitCast", since: 26, bitCast),
  ]

  private static func cast(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let target: ElementType?
    // The first version named the type in words.
    if case .string(let name)? = call.attributes["to"] {
      target = ElementType.allCases.first { $0.name == name.lowercased() }
    } else {
      target = try elementType(call.attributes, attribute: "to")
    }
    guard let target else { throw TensorError(.invalidValue, "attribute 'to' names no type") }
    return [.tensor(try convert(try call.tensor(0), to: target, call, try rules(call)))]
  }

  private static func castLike(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try convert(try call.tensor(0), to: try call.tensor(1).elementType, call, try rules(call)))]
  }

  private static func rules(_ call: OperatorCall) throws(TensorError) -> NarrowingRules {
    let mode = try call.attributes.string("round_mode") ?? NarrowingRules.ScaleRounding.up.rawValue
    guard let rounding = NarrowingRules.ScaleRounding(rawValue: mode) else {
      throw TensorError(.invalidValue, "attribute 'round_mode' is '\(mode)', not up, down or nearest")
    }
    return NarrowingRules(saturates: try call.attributes.int("saturate") != 0, scaleRounding: rounding)
  }

  /// The type whose number an attribute gives; nil where it is absent or 0, which is ONNX's word for no type.
  static func elementType(_ attributes: Attributes, attribute name: String) throws(TensorError) -> ElementType? {
    guard let number = try attributes.int(name), number != 0 else { return nil }
    guard let type = Int32(exactly: number).flatMap(ElementType.init(rawValue:)) else {
      throw TensorError(.invalidValue, "attribute '\(name)' is \(number), which is no known element type")
    }
    return type
  }

  static func convert(
    _ tensor: Tensor, to target: ElementType, _ call: OperatorCall, _ rules: NarrowingRules = NarrowingRules()
  ) throws(TensorError) -> Tensor {
    if tensor.elementType == target { return tensor }
    let source = try computable(tensor, call)
    if source.elementType == target { return source }
    // The loops below hold pointers to it only.
    defer { withExtendedLifetime(source) {} }
    if target.isNarrowFloat || target.integerInMemory != nil { return try narrow(source, to: target, call, rules) }
    switch (source.elementType, target) {
    case (.bool, .string):
      let x = try source.elements(Bool.self)
      return try call.make(String.self, source.shape) { output in
        for index in x.indices { output[index] = x[index] ? "True" : "False" }
      }
    // Not over double: these are what computing in float costs operators on half precision.
    case (.float16, .float):
      let x = try source.elements(Float16.self)
      return try call.produce(Float.self, source.shape, reading: source) { HalfConversion.widen(x, into: $0) }
    case (.float, .float16):
      let x = try source.elements(Float.self)
      return try call.produce(Float16.self, source.shape, reading: source) { HalfConversion.narrow(x, into: $0) }
    case (.double, .float16):
      let x = try source.elements(Double.self)
      return try call.produce(Float16.self, source.shape, reading: source) { output in
        for index in x.indices { output[index] = Float16(x[index]) }
      }
    // Text may have more digits than a float, and must be rounded once.
    case (.string, .float16): return try convert(convert(source, to: .double, call), to: target, call)
    // Float holds all halves, and all integers that are not infinite as one.
    case (.float16, _), (_, .float16): return try convert(convert(source, to: .float, call), to: target, call)
    case (.string, .bool):
      return try convert(convert(source, to: .double, call), to: .bool, call)
    case (.bool, _): return try convert(source.reinterpreted(as: .uint8), to: target, call)
    case (_, .bool): return try source.elementType.visit(ToBool(tensor: source, call: call))
    case (.string, _): return try target.visit(FromString(tensor: source, call: call))
    case (_, .string): return try source.elementType.visit(ToString(tensor: source, call: call))
    default: return try source.elementType.visit(FromNumber(tensor: source, target: target, call: call))
    }
  }
}

private struct FromNumber: NumberVisitor {
  let tensor: Tensor
  let target: ElementType
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    try target.visit(ToNumber<T>(tensor: tensor, call: call))
  }

  struct ToNumber<Source: Number>: NumberVisitor {
    let tensor: Tensor
    let call: OperatorCall

    func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
      let x = try tensor.elements(Source.self)
      return try call.produce(type, tensor.shape, reading: tensor) { output in
        // Integers go over int64, which holds all their bits; everything else over double.
        if Source.zero is any FixedWidthInteger, T.zero is any FixedWidthInteger {
          for index in 0..<x.count { output[index] = T(wrapping: x[index].asInt64) }
        } else if Source.zero is any FixedWidthInteger, T.self != Double.self {
          for index in 0..<x.count { output[index] = T(nearest: x[index].asDoubleForRounding) }
        } else {
          for index in 0..<x.count { output[index] = T(nearest: x[index].asDouble) }
        }
      }
    }
  }
}

private struct ToBool: NumberVisitor {
  let tensor: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try tensor.elements(type)
    return try call.produce(Bool.self, tensor.shape, reading: tensor) { output in
      for index in x.indices { output[index] = x[index] != T.zero }
    }
  }
}

private struct FromString: NumberVisitor {
  let tensor: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try tensor.elements(String.self)
    return try call.make(type, tensor.shape) { (output) throws(TensorError) in
      for index in x.indices {
        if let integer = Int64(x[index]) {
          output[index] = T(wrapping: integer)
        } else {
          output[index] = T(nearest: try number(x[index]))
        }
      }
    }
  }

  /// A number in decimal or scientific form; `INF`, `+INF`, `-INF` and `NaN` in any case.
  private func number(_ text: String) throws(TensorError) -> Double {
    let trimmed = text.drop { $0.isWhitespace }
    if let number = Double(trimmed) { return number }
    throw TensorError(.invalidValue, "a string of \(text.utf8.count) bytes is no number")
  }
}

private struct ToString: NumberVisitor {
  let tensor: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try tensor.elements(type)
    return try call.make(String.self, tensor.shape) { output in
      for index in x.indices { output[index] = text(x[index]) }
    }
  }

  private func text<T: Number>(_ number: T) -> String {
    if !(number is any BinaryFloatingPoint) { return "\(number)" }
    let value = number.asDouble
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-INF" : "INF" }
    // As C's %.8g and %.17g, which ONNX Runtime uses.
    return formatted(value, digits: number is Double ? 17 : 8)
  }

  private func formatted(_ value: Double, digits: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      _ = withVaList([digits, value]) { vsnprintf(start, buffer.count, "%.*g", $0) }
      return String(cString: start)
    }
  }
}
