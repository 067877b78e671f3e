import HeadgateTensors

extension Value {
  /// Reads a value of a known type from a file of its own: a `TensorProto`, `SparseTensorProto`,
  /// `SequenceProto` or `OptionalProto`, as test data has them.
  init(file path: String, type: ValueType) throws {
    let file = try ModelBytes(path: path)
    let decoding = ValueDecoding(file: file)
    self = try file.withUnsafeBytes { try decoding.value(WireReader($0), type) }
  }
}

/// Decodes the values of one file. Files hold no types that could be trusted, so the declared ones lead.
private struct ValueDecoding {
  let file: ModelBytes
  private let external = ExternalData(modelPath: nil, isAllowed: false)

  init(file: ModelBytes) {
    self.file = file
  }

  func value(_ message: WireReader, _ type: ValueType) throws -> Value {
    switch type {
    case .tensor: .tensor(try tensor(message))
    case .sequence(.map), .map: throw ModelFileError(.unsupported, "maps are not read from files of test data")
    case .sequence(let element): .sequence(try elements(message, element))
    case .optional(let inner): try optional(message, inner)
    }
  }

  private func tensor(_ message: WireReader) throws -> Tensor {
    try ONNXTensor(message).makeTensor(from: file, external: external)
  }

  private func sparse(_ message: WireReader) throws -> Tensor {
    let budget = MemoryBudget(limit: 1 << 30)
    return try ONNXSparseTensor(message).makeTensor(from: file, external: external, budget: budget)
  }

  private func elements(_ message: WireReader, _ type: ValueType) throws -> [Value] {
    var reader = message
    var values: [Value] = []
    while let field = try reader.next() {
      if let value = try inner(field, &reader, type) { values.append(value) }
    }
    return values
  }

  private func optional(_ message: WireReader, _ type: ValueType) throws -> Value {
    var reader = message
    var value = Value.absent
    while let field = try reader.next() {
      if let inner = try inner(field, &reader, type) { value = inner }
    }
    return value
  }

  /// The value in a field of a `SequenceProto` or `OptionalProto`, which number the kinds alike: tensors,
  /// sparse tensors, sequences, maps, optionals. Nil for a field that holds none.
  private func inner(
    _ field: WireReader.Field, _ reader: inout WireReader, _ type: ValueType
  ) throws -> Value? {
    switch field.number {
    case 3: return .tensor(try tensor(reader.message(field)))
    case 4: return .tensor(try sparse(reader.message(field)))
    case 5, 7: return try value(reader.message(field), type)
    case 6: throw ModelFileError(.unsupported, "maps are not read from files of test data")
    default:
      try reader.skip(field)
      return nil
    }
  }
}
