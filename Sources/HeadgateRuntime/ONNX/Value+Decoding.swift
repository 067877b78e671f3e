import HeadgateTensors

extension Value {
  /// Reads a value of a known type from a file of its own: a `TensorProto`, `SparseTensorProto`,
  /// `SequenceProto` or `OptionalProto`, as test data has them.
  init(file path: String, type: ValueType) throws {
    try self.init(decoding: ModelBytes(path: path), type: type)
  }

  /// Reads a value of a known type from the bytes of such a file.
  init(decoding file: ModelBytes, type: ValueType) throws {
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
    case .sequence(.map(let keys, let values)): try maps(parts(message, field: 6), keys, values)
    case .map(let keys, let values): try maps([message], keys, values)
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
    case 6: throw ModelFileError(.unsupported, "maps are read from sequences of them only")
    default:
      try reader.skip(field)
      return nil
    }
  }

  private func parts(_ message: WireReader, field number: Int) throws -> [WireReader] {
    var reader = message
    var messages: [WireReader] = []
    while let field = try reader.next() {
      if field.number == number { messages.append(try reader.message(field)) } else { try reader.skip(field) }
    }
    return messages
  }

  /// Maps that all have the same keys in the same order, as ZipMap gives them.
  private func maps(_ messages: [WireReader], _ keyType: ElementType, _ type: ValueType) throws -> Value {
    var shared: Value.MapKeys?
    var values: [Tensor] = []
    for message in messages {
      var reader = message
      var words: [String] = []
      var numbers: [Int64] = []
      var count = 0
      while let field = try reader.next() {
        switch field.number {
        case 3: try reader.varints(field, into: &numbers) { Int64(bitPattern: $0) }
        case 4: words.append(try reader.string(field))
        case 5:
          for element in try parts(reader.message(field), field: 3) {
            values.append(try tensor(element))
            count += 1
          }
        default: try reader.skip(field)
        }
      }
      let keys: Value.MapKeys = keyType == .string ? .strings(words) : .integers(numbers)
      guard keys == shared ?? keys, keys.count == count else {
        throw ModelFileError(.unsupported, "maps with different keys are not read")
      }
      shared = keys
    }
    let keys = shared ?? (keyType == .string ? .strings([]) : .integers([]))
    return .maps(keys: keys, scores: try table(values, type.elementType, [messages.count, keys.count]))
  }

  private func table(_ values: [Tensor], _ type: ElementType, _ shape: Shape) throws -> Tensor {
    switch type {
    case .float: try Tensor(shape: shape, floats: try values.flatMap { try $0.floats() })
    case .double: try Tensor(shape: shape, doubles: try values.flatMap { try $0.doubles() })
    case .int64: try Tensor(shape: shape, integers: try values.flatMap { try $0.integers() })
    case .string: try Tensor(shape: shape, strings: try values.flatMap { try $0.strings() })
    default: throw ModelFileError(.unsupported, "maps to \(type) are not read")
    }
  }
}
