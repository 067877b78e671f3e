import HeadgateTensors

extension InferenceRequest {
  /// How many inputs, outputs and dimensions a request may name.
  private static let maxInputs = 1024
  private static let maxRank = 16

  /// Reads the JSON form of a request. The `data` of each input is scanned straight into the tensor's storage; the shape is
  /// checked first, so that no more memory is taken than the text can fill.
  init(json bytes: UnsafeBufferPointer<UInt8>) throws(RequestError) {
    var scanner = JSONScanner(bytes)
    var id: String?
    var inputs: [String: Tensor]?
    var outputs: [String]?
    // Errors that are not about JSON leave the scanner's closures by this variable.
    var failure: RequestError?
    do throws(JSONError) {
      var seen: Set<String> = []
      try scanner.object { (scanner, name) throws(JSONError) in
        guard ["id", "inputs", "outputs", "parameters"].contains(name) else { return try scanner.skipValue() }
        guard seen.insert(name).inserted else { throw JSONError("a second '\(name)'", at: scanner.position) }
        switch name {
        case "id": id = try scanner.string()
        case "inputs":
          var tensors: [String: Tensor] = [:]
          try scanner.array { (scanner) throws(JSONError) in
            let start = scanner.position
            let input = try InputReader.read(&scanner, failure: &failure)
            guard tensors.count < Self.maxInputs else {
              throw JSONError("more than \(Self.maxInputs) inputs", at: start)
            }
            guard tensors.updateValue(input.tensor, forKey: input.name) == nil else {
              throw JSONError("a second input \(shown(input.name))", at: start)
            }
          }
          inputs = tensors
        case "outputs": outputs = try Self.outputNames(&scanner)
        default: try scanner.skipValue()
        }
      }
      try scanner.expectEnd()
    } catch {
      throw failure ?? RequestError(error)
    }
    guard let inputs else { throw .invalid("the request has no 'inputs'") }
    self.init(id: id, inputs: inputs, outputs: outputs?.isEmpty == true ? nil : outputs)
  }

  private static func outputNames(_ scanner: inout JSONScanner) throws(JSONError) -> [String] {
    var names: [String] = []
    try scanner.array { (scanner) throws(JSONError) in
      var name: String?
      let start = scanner.position
      try scanner.object { (scanner, member) throws(JSONError) in
        if member == "name" { name = try scanner.string() } else { try scanner.skipValue() }
      }
      guard let name else { throw JSONError("an output without a name", at: start) }
      guard !names.contains(name), names.count < maxInputs else {
        throw JSONError("output \(shown(name)) is named twice", at: start)
      }
      names.append(name)
    }
    return names
  }

  /// Reads one element of `inputs`, whose members may come in any order.
  private struct InputReader {
    var name: String?
    var datatype: Datatype?
    var shape: [Int]?
    var tensor: Tensor?
    var dataPlace: Int?

    static func read(
      _ scanner: inout JSONScanner, failure: inout RequestError?
    ) throws(JSONError) -> (name: String, tensor: Tensor) {
      var reader = InputReader()
      let start = scanner.position
      do throws(JSONError) {
        try scanner.object { (scanner, member) throws(JSONError) in
          try reader.readMember(member, &scanner)
        }
        guard let name = reader.name else { throw JSONError("an input without a name", at: start) }
        guard let place = reader.dataPlace else { throw JSONError("no 'data'", at: start) }
        if reader.tensor == nil {
          // The data came before what says how to read it.
          let end = scanner.position
          scanner.rewind(to: place)
          try reader.readData(&scanner)
          scanner.rewind(to: end)
        }
        guard let tensor = reader.tensor else {
          throw JSONError(reader.datatype == nil ? "no 'datatype'" : "no 'shape'", at: start)
        }
        return (name, tensor)
      } catch {
        if let name = reader.name {
          failure = .invalid("input \(shown(name)), at byte \(error.offset): \(error.message)")
        }
        throw error
      }
    }

    private mutating func readMember(_ member: String, _ scanner: inout JSONScanner) throws(JSONError) {
      let start = scanner.position
      switch member {
      case "name": name = try scanner.string()
      case "datatype":
        let text = try scanner.string()
        guard let known = Datatype(rawValue: text) else {
          throw JSONError("there is no datatype \(shown(text))", at: start)
        }
        guard known.hasJSONForm else {
          throw JSONError("\(text) has no JSON form, and binary tensors are not read by this version", at: start)
        }
        datatype = known
      case "shape": shape = try Self.readShape(&scanner)
      case "parameters":
        try scanner.object { (scanner, parameter) throws(JSONError) in
          guard parameter != "binary_data_size" else {
            throw JSONError("binary tensors are not read by this version; send 'data'", at: start)
          }
          try scanner.skipValue()
        }
      case "data":
        guard dataPlace == nil else { throw JSONError("a second 'data'", at: start) }
        dataPlace = start
        if datatype != nil, shape != nil { try readData(&scanner) } else { try scanner.skipValue() }
      default: try scanner.skipValue()
      }
    }

    private static func readShape(_ scanner: inout JSONScanner) throws(JSONError) -> [Int] {
      var shape: [Int] = []
      try scanner.array { (scanner) throws(JSONError) in
        let start = scanner.position
        guard let extent: Int = try scanner.number().integer(), extent >= 0 else {
          throw JSONError("a dimension is an integer from 0", at: start)
        }
        guard shape.count < maxRank else { throw JSONError("more than \(maxRank) dimensions", at: start) }
        shape.append(extent)
      }
      return shape
    }

    private mutating func readData(_ scanner: inout JSONScanner) throws(JSONError) {
      guard let datatype, let shape else { return }
      let start = scanner.position
      // Each element takes a byte and a comma at least: what cannot be there is refused before memory is taken for it.
      var count = 1
      for extent in shape where !shape.contains(0) {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow, product <= scanner.remaining else {
          throw JSONError("shape \(shape) has more elements than the request has data", at: start)
        }
        count = product
      }
      switch datatype {
      case .bool: tensor = try fill(Bool.self, shape, &scanner)
      case .uint8: tensor = try fill(UInt8.self, shape, &scanner)
      case .uint16: tensor = try fill(UInt16.self, shape, &scanner)
      case .uint32: tensor = try fill(UInt32.self, shape, &scanner)
      case .uint64: tensor = try fill(UInt64.self, shape, &scanner)
      case .int8: tensor = try fill(Int8.self, shape, &scanner)
      case .int16: tensor = try fill(Int16.self, shape, &scanner)
      case .int32: tensor = try fill(Int32.self, shape, &scanner)
      case .int64: tensor = try fill(Int64.self, shape, &scanner)
      case .fp32: tensor = try fill(Float.self, shape, &scanner)
      case .fp64: tensor = try fill(Double.self, shape, &scanner)
      case .bytes: tensor = try fill(String.self, shape, &scanner)
      case .fp16, .bf16: throw JSONError("\(datatype.rawValue) has no JSON form", at: start)
      }
    }

    private func fill<Element: JSONElement>(
      _: Element.Type, _ shape: [Int], _ scanner: inout JSONScanner
    ) throws(JSONError) -> Tensor {
      var problem: JSONError?
      let start = scanner.position
      do throws(TensorError) {
        return try Tensor(shape: shape, of: Element.self, budget: .unlimited) { (buffer) throws(TensorError) in
          do throws(JSONError) {
            try scanner.elements(into: buffer, shape: shape)
          } catch {
            problem = error
            throw TensorError(.invalidValue, error.message)
          }
        }
      } catch {
        throw problem ?? JSONError(error.message, at: start)
      }
    }
  }
}

extension JSONScanner {
  /// Reads an array of elements in row-major order, flat or nested as the shape says, until the buffer is full.
  mutating func elements<Element: JSONElement>(
    into buffer: UnsafeMutableBufferPointer<Element>, shape: [Int]
  ) throws(JSONError) {
    let start = position
    try expect(UInt8(ascii: "["))
    let isNested = peek() == UInt8(ascii: "[") && shape.count > 1
    rewind(to: start)
    var next = 0
    if isNested {
      try level(into: buffer, shape: shape[...], next: &next)
    } else {
      try row(into: buffer, count: buffer.count, next: &next)
    }
  }

  private mutating func level<Element: JSONElement>(
    into buffer: UnsafeMutableBufferPointer<Element>, shape: ArraySlice<Int>, next: inout Int
  ) throws(JSONError) {
    let extent = shape.first ?? 0
    guard shape.count > 1 else { return try row(into: buffer, count: extent, next: &next) }
    try expect(UInt8(ascii: "["))
    for index in 0..<extent {
      if index > 0 { try separate(extent) }
      try level(into: buffer, shape: shape.dropFirst(), next: &next)
    }
    try end(extent)
  }

  private mutating func row<Element: JSONElement>(
    into buffer: UnsafeMutableBufferPointer<Element>, count: Int, next: inout Int
  ) throws(JSONError) {
    try expect(UInt8(ascii: "["))
    guard count <= buffer.count - next else { throw JSONError("more data than the shape says", at: position) }
    for index in 0..<count {
      if index > 0 { try separate(count) }
      buffer[next] = try Element.scan(&self)
      next += 1
    }
    try end(count)
  }

  @inline(__always)
  private mutating func separate(_ count: Int) throws(JSONError) {
    guard take(UInt8(ascii: ",")) else {
      guard peek() == UInt8(ascii: "]") else { throw unexpected("',' or ']'") }
      throw JSONError("fewer than the \(count) elements that the shape says", at: position)
    }
  }

  private mutating func end(_ count: Int) throws(JSONError) {
    guard take(UInt8(ascii: "]")) else {
      guard peek() == UInt8(ascii: ",") || count == 0 else { throw unexpected("']'") }
      throw JSONError("more than the \(count) elements that the shape says", at: position)
    }
  }
}
