import HeadgateTensors

extension ONNXTensor {
  /// Makes the tensor; its elements stay in the mapped file where the file holds them as they are in memory.
  ///
  /// - Throws: `ModelFileError` with code `unsupported` for a type that this version does not know, `malformed`
  ///   when the data does not fill the shape, `externalData` when the data is elsewhere and may not be read.
  /// - Parameter aligns: whether elements that are not aligned in the file are copied at once; see `Tensor.isUnaligned`.
  func makeTensor(
    from file: ModelBytes, external: ExternalData, aligns: Bool = true
  ) throws(ModelFileError) -> Tensor {
    guard let type = ElementType(rawValue: dataType) else {
      throw failure(.unsupported, "elements of type \(dataType) are not known to this version")
    }
    do {
      if isExternal {
        let (source, range) = try external.locate(self)
        return try source.withUnsafeBytes { (bytes) throws(TensorError) in
          try Tensor(
            type, shape: dimensions, bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: source,
            aligns: aligns)
        }
      }
      guard let rawData else { return try makeFromTypedData(type, file) }
      return try file.withUnsafeBytes { (bytes) throws(TensorError) in
        try Tensor(
          type, shape: dimensions, bytes: UnsafeRawBufferPointer(rebasing: bytes[rawData]), owner: file,
          aligns: aligns)
      }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw failure(.malformed, "\(error)")
    }
  }

  /// Decodes the typed fields. Types of at most 16 bits and bool are in `int32_data`, one a value; of types that
  /// are packed, one byte a value. Complex numbers are two values.
  private func makeFromTypedData(_ type: ElementType, _ file: ModelBytes) throws -> Tensor {
    try file.withUnsafeBytes { bytes in
      var reader = WireReader(bytes, range: message)
      switch type {
      case .float: return try collect(&reader, field: 4) { Float(bitPattern: UInt32($0)) }
      case .double: return try collect(&reader, field: 10) { Double(bitPattern: $0) }
      case .int64: return try collect(&reader, field: 7) { Int64(bitPattern: $0) }
      case .uint64: return try collect(&reader, field: 11) { $0 }
      case .uint32: return try collect(&reader, field: 11) { UInt32(truncatingIfNeeded: $0) }
      case .int32: return try collect(&reader, field: 5) { Int32(truncatingIfNeeded: $0) }
      case .bool: return try collect(&reader, field: 5) { $0 != 0 }
      case .string: return try collectStrings(&reader)
      case .uint16, .int16, .float16, .bfloat16:
        return try collect(&reader, field: 5) { UInt16(truncatingIfNeeded: $0) }.reinterpreted(as: type)
      case .uint8, .int8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
        return try collect(&reader, field: 5) { UInt8(truncatingIfNeeded: $0) }.reinterpreted(as: type)
      case .uint4, .int4, .float4e2m1, .uint2, .int2:
        let packed = try values(&reader, field: 5) { UInt8(truncatingIfNeeded: $0) }
        return try packed.withUnsafeBytes { try Tensor(unpacking: $0, as: type, shape: dimensions) }
      case .complex64:
        return try collectPairs(type, try values(&reader, field: 4) { UInt32(truncatingIfNeeded: $0) })
      case .complex128:
        return try collectPairs(type, try values(&reader, field: 10) { $0 })
      }
    }
  }

  private func collect<Element: TensorElement>(
    _ reader: inout WireReader, field number: Int, _ convert: (UInt64) -> Element
  ) throws -> Tensor {
    try Tensor(shape: dimensions, try values(&reader, field: number, convert))
  }

  /// Complex numbers from the bits of their real and imaginary parts in turn.
  private func collectPairs<Bits: FixedWidthInteger & Sendable>(_ type: ElementType, _ parts: [Bits]) throws -> Tensor {
    // The copy is aligned for the type, as an array of the parts need not be.
    try parts.withUnsafeBytes { try Tensor(type, shape: dimensions, copying: $0) }
  }

  private func values<Element>(
    _ reader: inout WireReader, field number: Int, _ convert: (UInt64) -> Element
  ) throws -> [Element] {
    var values: [Element] = []
    while let field = try reader.next() {
      guard field.number == number else {
        try reader.skip(field)
        continue
      }
      switch number {
      case 4: try reader.fixed(field, into: &values) { (bits: UInt32) in convert(UInt64(bits)) }
      case 10: try reader.fixed(field, into: &values) { (bits: UInt64) in convert(bits) }
      default: try reader.varints(field, into: &values, convert)
      }
    }
    return values
  }

  private func collectStrings(_ reader: inout WireReader) throws -> Tensor {
    var values: [String] = []
    while let field = try reader.next() {
      if field.number == 6 { values.append(try reader.string(field)) } else { try reader.skip(field) }
    }
    return try Tensor(shape: dimensions, values)
  }

  private func failure(_ code: ModelFileError.Code, _ what: String) -> ModelFileError {
    ModelFileError(code, "weights '\(name)': \(what)", byteOffset: message.lowerBound)
  }
}
