extension Tensor {
  /// The elements as an array of floats, from any type of number; each is the nearest float.
  ///
  /// It is the way to read bfloat16, the floats of 8 and 4 bits and the integers of 4 and 2 bits; for
  /// calculations on other types their own arrays lose nothing.
  ///
  /// - Throws: `TensorError.elementType` for strings, bools and complex numbers.
  public func convertedToFloats() throws(TensorError) -> [Float] {
    switch elementType {
    case .float: try floats()
    case .double: try numbers(Double.self) { Float($0) }
    case .float16: try numbers(Float16.self) { Float($0) }
    case .bfloat16: try narrow(BFloat16.self)
    case .float8e4m3fn: try narrow(Float8E4M3FN.self)
    case .float8e4m3fnuz: try narrow(Float8E4M3FNUZ.self)
    case .float8e5m2: try narrow(Float8E5M2.self)
    case .float8e5m2fnuz: try narrow(Float8E5M2FNUZ.self)
    case .float8e8m0: try narrow(Float8E8M0.self)
    case .float4e2m1: try narrow(Float4E2M1.self)
    case .int4, .int2: try reinterpreted(as: .int8).numbers(Int8.self) { Float($0) }
    case .uint4, .uint2: try reinterpreted(as: .uint8).numbers(UInt8.self) { Float($0) }
    case .int8: try numbers(Int8.self) { Float($0) }
    case .int16: try numbers(Int16.self) { Float($0) }
    case .int32: try numbers(Int32.self) { Float($0) }
    case .int64: try numbers(Int64.self) { Float($0) }
    case .uint8: try numbers(UInt8.self) { Float($0) }
    case .uint16: try numbers(UInt16.self) { Float($0) }
    case .uint32: try numbers(UInt32.self) { Float($0) }
    case .uint64: try numbers(UInt64.self) { Float($0) }
    case .bool, .string, .complex64, .complex128:
      throw TensorError(.elementType, "elements of type \(elementType) are no real numbers")
    }
  }

  private func numbers<T: TensorElement>(_ type: T.Type, _ convert: (T) -> Float) throws(TensorError) -> [Float] {
    try withElements(type) { $0.map(convert) }
  }

  private func narrow<T: NarrowFloat>(_ type: T.Type) throws(TensorError) -> [Float] {
    try numbers(type) { $0.asFloat }
  }
}
