import HeadgateTensors

extension Quantization {
  /// `saturate(round(x / scale) + zero point)`, to the even neighbour. NaN becomes the least integer, as in ONNX
  /// Runtime.
  static func quantize(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let scale = try call.tensor(1)
    let named = try Casting.elementType(call.attributes, attribute: "output_dtype")
    let target = try call.optionalTensor(2)?.elementType ?? named ?? .uint8
    guard named == nil || named == target else {
      throw TensorError(.elementType, "output_dtype says \(named ?? target), the zero point is of type \(target)")
    }
    let (scales, zeros) = try parameters(call, of: target)
    let work = Quantizing(
      input: try Casting.convert(input, to: .float, call),
      grain: try QuantizationGrain(input.shape, scale: scale.shape, call),
      scales: scales, zeros: zeros.map { Float($0) }, call: call)
    defer { withExtendedLifetime(work) {} }
    switch try precision(call, scale.elementType) {
    case .float16: return [.tensor(try work.run(to: target, Float16.self))]
    case .bfloat16: return [.tensor(try work.run(to: target, BFloat16.self))]
    default: return [.tensor(try work.run(to: target, Float.self))]
    }
  }

  /// The type whose precision the quotient has: that of the scale, unless the node names one. Powers of two and
  /// integers have none that would do; their quotients are floats.
  private static func precision(_ call: OperatorCall, _ scale: ElementType) throws(TensorError) -> ElementType {
    guard let named = try Casting.elementType(call.attributes, attribute: "precision") else { return scale }
    guard [.float, .float16, .bfloat16].contains(named) else {
      throw TensorError(.unsupported, "does not divide in the precision of \(named)")
    }
    return named
  }
}

/// A type in whose precision a quotient is taken. The quotient of its numbers rounded to float and then to it is
/// the one rounded once: a float has more than twice its bits.
private protocol QuotientPrecision {
  static func rounded(_ quotient: Float) -> Float
}
extension Float: QuotientPrecision {
  @inline(__always) fileprivate static func rounded(_ quotient: Float) -> Float { quotient }
}
extension Float16: QuotientPrecision {
  @inline(__always) fileprivate static func rounded(_ quotient: Float) -> Float { Float(Float16(quotient)) }
}
extension BFloat16: QuotientPrecision {
  @inline(__always) fileprivate static func rounded(_ quotient: Float) -> Float { Float(BFloat16(quotient)) }
}

private struct Quantizing {
  let input: Tensor
  let grain: QuantizationGrain
  let scales: [Float]
  let zeros: [Float]
  let call: OperatorCall

  func run<Precision: QuotientPrecision>(
    to target: ElementType, _ precision: Precision.Type
  ) throws(TensorError) -> Tensor {
    switch target {
    case .uint8: try integers(precision, UInt8.self, 0...255)
    case .int8: try integers(precision, Int8.self, -128...127)
    case .uint16: try integers(precision, UInt16.self, 0...65535)
    case .int16: try integers(precision, Int16.self, -32768...32767)
    case .uint4: try integers(precision, UInt8.self, 0...15).reinterpreted(as: target)
    case .int4: try integers(precision, Int8.self, -8...7).reinterpreted(as: target)
    case .uint2: try integers(precision, UInt8.self, 0...3).reinterpreted(as: target)
    case .int2: try integers(precision, Int8.self, -2...1).reinterpreted(as: target)
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float4e2m1:
      try target.visit(Floats<Precision>(work: self))
    default: throw TensorError(.elementType, "does not quantise to elements of type \(target)")
    }
  }

  private func integers<Precision: QuotientPrecision, T: TensorElement & FixedWidthInteger>(
    _ precision: Precision.Type, _ type: T.Type, _ range: ClosedRange<Int32>
  ) throws(TensorError) -> Tensor {
    try quotients(precision, type) { quotient, zero in
      let value = Quantization.nearestInteger(quotient) &+ Quantization.nearestInteger(zero)
      return T(truncatingIfNeeded: min(max(value, range.lowerBound), range.upperBound))
    }
  }

  @inline(__always)
  private func quotients<Precision: QuotientPrecision, T: TensorElement>(
    _ precision: Precision.Type, _ type: T.Type, _ store: (Float, Float) -> T
  ) throws(TensorError) -> Tensor {
    let x = try input.elements(Float.self)
    return try call.make(type, input.shape) { output in
      grain.forEachRun { run in
        if run.stride == 0 {
          let (scale, zero) = (scales[run.scale], zeros[run.scale])
          for index in run.elements { output[index] = store(Precision.rounded(x[index] / scale), zero) }
        } else {
          var place = run.scale
          for index in run.elements {
            output[index] = store(Precision.rounded(x[index] / scales[place]), zeros[place])
            place += 1
          }
        }
      }
    }
  }

  private struct Floats<Precision: QuotientPrecision>: NarrowFloatVisitor {
    let work: Quantizing

    func visit<T: NarrowFloat>(_ type: T.Type) throws(TensorError) -> Tensor {
      let rules = NarrowingRules(saturates: try work.call.attributes.int("saturate") != 0)
      return try work.quotients(Precision.self, type) { quotient, zero in
        // A zero point of 0 is none where negative zero has a code of its own; ONNX's reference adds it for float4.
        T.nearest(zero == 0 && T.self != Float4E2M1.self ? quotient : quotient + zero, rules)
      }
    }
  }
}
