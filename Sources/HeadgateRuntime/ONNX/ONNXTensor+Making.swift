import HeadgateTensors

extension ONNXTensor {
  /// Makes the tensor; its elements stay in the mapped file where the file holds them as they are in memory.
  ///
  /// - Throws: `ModelFileError` with code `unsupported` for a type that cannot be stored, `malformed`
  ///   when the data does not fill the shape, `externalData` when the data is elsewhere and may not be read.
  func makeTensor(from file: ModelBytes, external: ExternalData) throws(ModelFileError) -> Tensor {
    guard let type = ElementType(rawValue: dataType), type.byteCount != nil else {
      throw failure(.unsupported, "elements of type \(dataType) cannot be stored by this version")
    }
    do {
      if isExternal {
        let (source, range) = try external.locate(self)
        return try source.withUnsafeBytes { (bytes) throws(TensorError) in
          try Tensor(type, shape: dimensions, bytes: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: source)
        }
      }
      guard let rawData else { return try makeFromTypedData(type, file) }
      return try file.withUnsafeBytes { (bytes) throws(TensorError) in
        try Tensor(type, shape: dimensions, bytes: UnsafeRawBufferPointer(rebasing: bytes[rawData]), owner: file)
      }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw failure(.malformed, "\(error)")
    }
  }

  /// Decodes the typed fields. Types of fewer than 32 bits, bool and float16 are in `int32_data`, one a value.
  private func makeFromTypedData(_ type: ElementType, _ file: ModelBytes) throws -> Tensor {
    try file.withUnsafeBytes { bytes in
      var reader = WireReader(bytes, range: message)
      return switch type {
      case .float: try collect(&reader, field: 4, of: Float.self) { Float(bitPattern: UInt32($0)) }
      case .double: try collect(&reader, field: 10, of: Double.self) { Double(bitPattern: $0) }
      case .int64: try collect(&reader, field: 7, of: Int64.self) { Int64(bitPattern: $0) }
      case .uint64: try collect(&reader, field: 11, of: UInt64.self) { $0 }
      case .uint32: try collect(&reader, field: 11, of: UInt32.self) { UInt32(truncatingIfNeeded: $0) }
      case .int32: try collect(&reader, field: 5, of: Int32.self) { Int32(truncatingIfNeeded: $0) }
      case .int16: try collect(&reader, field: 5, of: Int16.self) { Int16(truncatingIfNeeded: $0) }
      case .int8: try collect(&reader, field: 5, of: Int8.self) { Int8(truncatingIfNeeded: $0) }
      case .uint16: try collect(&reader, field: 5, of: UInt16.self) { UInt16(truncatingIfNeeded: $0) }
      case .uint8: try collect(&reader, field: 5, of: UInt8.self) { UInt8(truncatingIfNeeded: $0) }
      case .bool: try collect(&reader, field: 5, of: Bool.self) { $0 != 0 }
      case .float16:
        try collect(&reader, field: 5, of: Float16.self) { Float16(bitPattern: UInt16(truncatingIfNeeded: $0)) }
      case .string: try collectStrings(&reader)
      default: throw failure(.unsupported, "typed data of type \(type) is not read by this version")
      }
    }
  }

  private func collect<Element: TensorElement>(
    _ reader: inout WireReader, field number: Int, of type: Element.Type, _ convert: (UInt64) -> Element
  ) throws -> Tensor {
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
    return try Tensor(shape: dimensions, values)
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
