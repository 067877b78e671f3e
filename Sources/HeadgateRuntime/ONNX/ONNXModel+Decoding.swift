import HeadgateTensors

extension ONNXModel {
  init(decoding bytes: ModelBytes) throws(ModelFileError) {
    self = try bytes.withUnsafeBytes { (buffer) throws(ModelFileError) in
      try ONNXModel(WireReader(buffer))
    }
  }

  private init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: irVersion = try reader.int64(field)
      case 2: producerName = try reader.string(field)
      case 3: producerVersion = try reader.string(field)
      case 4: domain = try reader.string(field)
      case 5: modelVersion = try reader.int64(field)
      case 7: graph = try ONNXGraph(reader.message(field))
      case 8: try opsets.readOperatorSet(reader.message(field))
      case 14: try metadata.readEntry(reader.message(field))
      case 25: functions.append(try ONNXFunction(reader.message(field)))
      default: try reader.skip(field)
      }
      guard functions.count <= ONNXGraph.maxItems else { throw ONNXGraph.tooLarge(at: field.offset) }
    }
    // Any short file can pass for an empty message. A model has a graph, and since version 3 of the format
    // it says which operator sets it means; a file that was cut short often does not.
    guard graph != nil, !opsets.isEmpty || (1...2).contains(irVersion) else {
      throw reader.malformed("it has no graph or imports no operator set", at: 0)
    }
  }
}

extension ONNXFunction {
  fileprivate init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 4: inputs.append(try reader.string(field))
      case 5: outputs.append(try reader.string(field))
      case 7: nodes.append(try ONNXNode(reader.message(field), at: field.offset))
      case 9: try opsets.readOperatorSet(reader.message(field))
      case 10: domain = try reader.domain(field)
      case 11: defaults.append(try ONNXAttribute(reader.message(field)))
      case 13: overload = try reader.string(field)
      default: try reader.skip(field)
      }
      guard max(nodes.count, defaults.count) <= ONNXGraph.maxItems else { throw ONNXGraph.tooLarge(at: field.offset) }
    }
  }
}

extension ONNXGraph {
  /// The most nodes, initialisers, inputs or outputs of one graph, attributes of one node, tensors of one attribute and
  /// functions of one model. An empty one takes two bytes in a file and a hundred times that in memory.
  fileprivate static let maxItems = 1_000_000

  fileprivate static func tooLarge(at offset: Int) -> ModelFileError {
    ModelFileError(
      .tooLarge, "more than \(maxItems) nodes, weights, inputs, outputs, attributes or functions stand together",
      byteOffset: offset)
  }

  fileprivate init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: nodes.append(try ONNXNode(reader.message(field), at: field.offset))
      case 2: name = try reader.string(field)
      case 5: initializers.append(try ONNXTensor(reader.message(field)))
      case 11: inputs.append(try ONNXValueInfo(reader.message(field)))
      case 12: outputs.append(try ONNXValueInfo(reader.message(field)))
      case 15: sparseInitializers.append(try ONNXSparseTensor(reader.message(field)))
      default: try reader.skip(field)
      }
      let most = max(nodes.count, initializers.count, sparseInitializers.count, inputs.count, outputs.count)
      guard most <= ONNXGraph.maxItems else { throw ONNXGraph.tooLarge(at: field.offset) }
    }
  }
}

extension ONNXNode {
  fileprivate init(_ message: WireReader, at offset: Int) throws(ModelFileError) {
    var reader = message
    byteOffset = offset
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.string(field))
      case 2: outputs.append(try reader.string(field))
      case 3: name = try reader.string(field)
      case 4: operatorName = try reader.string(field)
      case 5: attributes.append(try ONNXAttribute(reader.message(field)))
      case 7: domain = try reader.domain(field)
      case 8: overload = try reader.string(field)
      default: try reader.skip(field)
      }
      guard attributes.count <= ONNXGraph.maxItems else { throw ONNXGraph.tooLarge(at: field.offset) }
    }
  }
}

extension ONNXAttribute {
  fileprivate init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    var type: Int32 = 0
    var int: Int64?
    var float: Float?
    var string: String?
    var tensor: ONNXTensor?
    var graph: ONNXGraph?
    var ints: [Int64] = []
    var floats: [Float] = []
    var strings: [String] = []
    var tensors: [ONNXTensor] = []
    var sparseTensors: [ONNXSparseTensor] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: float = try reader.float(field)
      case 3: int = try reader.int64(field)
      case 4: string = try reader.string(field)
      case 5: tensor = try ONNXTensor(reader.message(field))
      case 6: graph = try ONNXGraph(reader.message(field))
      case 7: try reader.fixed(field, into: &floats) { (bits: UInt32) in Float(bitPattern: bits) }
      case 8: try reader.varints(field, into: &ints) { Int64(bitPattern: $0) }
      case 9: strings.append(try reader.string(field))
      case 10: tensors.append(try ONNXTensor(reader.message(field)))
      case 22, 23: sparseTensors.append(try ONNXSparseTensor(reader.message(field)))
      case 20: type = try reader.int32(field)
      case 21: reference = try reader.string(field)
      default: try reader.skip(field)
      }
      guard max(tensors.count, sparseTensors.count) <= ONNXGraph.maxItems else {
        throw ONNXGraph.tooLarge(at: field.offset)
      }
    }
    switch type {
    case 1: value = .float(float ?? 0)
    case 2: value = .int(int ?? 0)
    case 3: value = .string(string ?? "")
    case 4: value = .tensor(tensor ?? ONNXTensor())
    case 5: value = .graph(graph ?? ONNXGraph())
    case 6: value = .floats(floats)
    case 7: value = .ints(ints)
    case 8: value = .strings(strings)
    case 9: value = .tensors(tensors)
    case 10: value = .other("list of graphs")
    case 11: value = .sparseTensor(sparseTensors.first ?? ONNXSparseTensor())
    case 12: value = .sparseTensors(sparseTensors)
    case 13, 14: value = .type
    case 0:
      // Writers of the first format versions gave no type: the field that is present tells it.
      if let int {
        value = .int(int)
      } else if let float {
        value = .float(float)
      } else if let string {
        value = .string(string)
      } else if let tensor {
        value = .tensor(tensor)
      } else if let graph {
        value = .graph(graph)
      } else if !floats.isEmpty {
        value = .floats(floats)
      } else if !strings.isEmpty {
        value = .strings(strings)
      } else if !tensors.isEmpty {
        value = .tensors(tensors)
      } else {
        value = .ints(ints)
      }
    default: value = .other("\(type)")
    }
  }
}

extension ONNXValueInfo {
  fileprivate init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.string(field)
      case 2: type = try ONNXType.decode(reader.message(field))
      default: try reader.skip(field)
      }
    }
  }
}

extension ONNXType {
  fileprivate static func decode(_ message: WireReader) throws(ModelFileError) -> ONNXType? {
    var reader = message
    var type: ONNXType?
    while let field = try reader.next() {
      switch field.number {
      case 1: type = try decodeTensor(reader.message(field))
      case 4: type = .sequence(try decodeElement(reader.message(field)))
      case 5: type = try decodeMap(reader.message(field))
      case 7, 8:
        try reader.skip(field)
        type = .other(field.number == 7 ? "an opaque value" : "a sparse tensor")
      case 9: type = .optional(try decodeElement(reader.message(field)))
      default: try reader.skip(field)
      }
    }
    return type
  }

  private static func decodeElement(_ message: WireReader) throws(ModelFileError) -> ONNXType? {
    var reader = message
    var element: ONNXType?
    while let field = try reader.next() {
      if field.number == 1 { element = try decode(reader.message(field)) } else { try reader.skip(field) }
    }
    return element
  }

  private static func decodeMap(_ message: WireReader) throws(ModelFileError) -> ONNXType {
    var reader = message
    var keys: Int32 = 0
    var value: ONNXType?
    while let field = try reader.next() {
      switch field.number {
      case 1: keys = try reader.int32(field)
      case 2: value = try decode(reader.message(field))
      default: try reader.skip(field)
      }
    }
    return .map(keys: keys, value: value)
  }

  private static func decodeTensor(_ message: WireReader) throws(ModelFileError) -> ONNXType {
    var reader = message
    var elementType: Int32 = 0
    var shape: [Int?]?
    while let field = try reader.next() {
      switch field.number {
      case 1: elementType = try reader.int32(field)
      case 2: shape = try decodeShape(reader.message(field))
      default: try reader.skip(field)
      }
    }
    return .tensor(elementType: elementType, shape: shape)
  }

  private static func decodeShape(_ message: WireReader) throws(ModelFileError) -> [Int?] {
    var reader = message
    var shape: [Int?] = []
    while let field = try reader.next() {
      guard field.number == 1 else {
        try reader.skip(field)
        continue
      }
      var dimension = try reader.message(field)
      var extent: Int?
      while let part = try dimension.next() {
        if part.number == 1 {
          let value = try dimension.int64(part)
          // Some exporters write -1 or 0 where they mean "unknown"; 0 is kept, for empty tensors exist.
          extent = value < 0 ? nil : Int(value)
        } else {
          try dimension.skip(part)
        }
      }
      shape.append(extent)
    }
    return shape
  }
}

extension ONNXTensor {
  /// Decodes a file that holds one tensor, as test data does.
  init(decoding bytes: ModelBytes) throws(ModelFileError) {
    self = try bytes.withUnsafeBytes { (buffer) throws(ModelFileError) in try ONNXTensor(WireReader(buffer)) }
  }

  init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    self.message = reader.position..<reader.end
    while let field = try reader.next() {
      switch field.number {
      case 1: try reader.varints(field, into: &dimensions) { Int(truncatingIfNeeded: $0) }
      case 2: dataType = try reader.int32(field)
      case 8: name = try reader.string(field)
      case 9: rawData = try reader.range(field)
      case 13: try externalData.readEntry(reader.message(field))
      case 14: isExternal = try reader.int32(field) == 1
      default: try reader.skip(field)
      }
    }
  }
}

extension ONNXSparseTensor {
  init(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: values = try ONNXTensor(reader.message(field))
      case 2: indices = try ONNXTensor(reader.message(field))
      case 3: try reader.varints(field, into: &dimensions) { Int(truncatingIfNeeded: $0) }
      default: try reader.skip(field)
      }
    }
  }
}

extension WireReader {
  /// The name of an operator domain; the standard one may be written both ways.
  fileprivate mutating func domain(_ field: Field) throws(ModelFileError) -> String {
    let name = try string(field)
    return name == "ai.onnx" ? "" : name
  }
}

extension [String: Int] {
  fileprivate mutating func readOperatorSet(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    var domain = ""
    var version: Int64 = 0
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try reader.string(field)
      case 2: version = try reader.int64(field)
      default: try reader.skip(field)
      }
    }
    self[domain == "ai.onnx" ? "" : domain] = Int(version)
  }
}

extension [String: String] {
  fileprivate mutating func readEntry(_ message: WireReader) throws(ModelFileError) {
    var reader = message
    var key = ""
    var value = ""
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try reader.string(field)
      case 2: value = try reader.string(field)
      default: try reader.skip(field)
      }
    }
    self[key] = value
  }
}
