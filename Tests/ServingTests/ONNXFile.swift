/// Writes small ONNX files (protobuf by hand), so that tests need no binary fixtures.
enum ONNXFile {
  /// One node.
  struct Node {
    var operation: String
    var domain = ""
    var inputs: [String]
    var outputs: [String]
    /// Attributes of lists of strings.
    var strings: [String: [String]] = [:]
  }

  /// One input or output; a type number of ONNX, and dimensions with nil for those that are open.
  struct Port {
    var name: String
    var type: UInt64
    var shape: [Int?]
    /// A sequence of maps from strings to floats, as ZipMap declares it.
    var isMaps = false
  }

  static func model(
    nodes: [Node], inputs: [Port], outputs: [Port], weights: [(name: String, shape: [Int], floats: [Float])] = []
  ) -> [UInt8] {
    var graph = Message()
    for node in nodes { graph.add(1, bytes(of: node)) }
    graph.add(2, text: "graph")
    for (name, shape, floats) in weights {
      var tensor = Message()
      for extent in shape { tensor.add(1, UInt64(extent)) }
      tensor.add(2, 1)
      tensor.add(8, text: name)
      tensor.add(9, floats.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
      graph.add(5, tensor.bytes)
    }
    for port in inputs { graph.add(11, bytes(of: port)) }
    for port in outputs { graph.add(12, bytes(of: port)) }
    var model = Message()
    model.add(1, 8)
    model.add(2, text: "headgate-tests")
    model.add(7, graph.bytes)
    for (domain, version) in [("", UInt64(17)), ("ai.onnx.ml", 3)] {
      var opset = Message()
      opset.add(1, text: domain)
      opset.add(2, version)
      model.add(8, opset.bytes)
    }
    return model.bytes
  }

  /// `y = x`, for any element type.
  static func identity(type: UInt64 = 1, shape: [Int?] = [nil, 3]) -> [UInt8] {
    model(
      nodes: [Node(operation: "Identity", inputs: ["x"], outputs: ["y"])],
      inputs: [Port(name: "x", type: type, shape: shape)], outputs: [Port(name: "y", type: type, shape: shape)])
  }

  /// `y = x W` with W a diagonal of `factor`: tells versions apart by their answers.
  static func scaling(by factor: Float, width: Int = 2, input: String = "x", output: String = "y") -> [UInt8] {
    var weights = [Float](repeating: 0, count: width * width)
    for index in 0..<width { weights[index * width + index] = factor }
    return model(
      nodes: [Node(operation: "MatMul", inputs: [input, "w"], outputs: [output])],
      inputs: [Port(name: input, type: 1, shape: [nil, width])],
      outputs: [Port(name: output, type: 1, shape: [nil, width])],
      weights: [("w", [width, width], weights)])
  }

  /// The same, slowed down by honest work: a chain of products with the identity.
  static func slow(by factor: Float, width: Int = 64, depth: Int = 4) -> [UInt8] {
    var weights = [Float](repeating: 0, count: width * width)
    var unit = weights
    for index in 0..<width {
      weights[index * width + index] = factor
      unit[index * width + index] = 1
    }
    var nodes = [Node(operation: "MatMul", inputs: ["x", "w"], outputs: ["t0"])]
    for index in 0..<depth {
      nodes.append(Node(operation: "MatMul", inputs: ["t\(index)", "u"], outputs: ["t\(index + 1)"]))
    }
    nodes.append(Node(operation: "Identity", inputs: ["t\(depth)"], outputs: ["y"]))
    return model(
      nodes: nodes, inputs: [Port(name: "x", type: 1, shape: [nil, width])],
      outputs: [Port(name: "y", type: 1, shape: [nil, width])],
      weights: [("w", [width, width], weights), ("u", [width, width], unit)])
  }

  /// Scores passed through ZipMap with two labels.
  static func zipMap() -> [UInt8] {
    model(
      nodes: [
        Node(
          operation: "ZipMap", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["p"],
          strings: ["classlabels_strings": ["no", "yes"]])
      ],
      inputs: [Port(name: "x", type: 1, shape: [nil, 2])],
      outputs: [Port(name: "p", type: 1, shape: [], isMaps: true)])
  }

  private static func bytes(of node: Node) -> [UInt8] {
    var message = Message()
    for input in node.inputs { message.add(1, text: input) }
    for output in node.outputs { message.add(2, text: output) }
    message.add(4, text: node.operation)
    for (name, values) in node.strings {
      var attribute = Message()
      attribute.add(1, text: name)
      for value in values { attribute.add(9, text: value) }
      attribute.add(20, 8)
      message.add(5, attribute.bytes)
    }
    if !node.domain.isEmpty { message.add(7, text: node.domain) }
    return message.bytes
  }

  private static func bytes(of port: Port) -> [UInt8] {
    var shape = Message()
    for (index, extent) in port.shape.enumerated() {
      var dimension = Message()
      if let extent { dimension.add(1, UInt64(extent)) } else { dimension.add(2, text: "d\(index)") }
      shape.add(1, dimension.bytes)
    }
    var tensor = Message()
    tensor.add(1, port.type)
    if !port.isMaps { tensor.add(2, shape.bytes) }
    var type = Message()
    type.add(1, tensor.bytes)
    if port.isMaps {
      var map = Message()
      map.add(1, 8)
      map.add(2, type.bytes)
      var mapType = Message()
      mapType.add(5, map.bytes)
      var sequence = Message()
      sequence.add(1, mapType.bytes)
      type = Message()
      type.add(4, sequence.bytes)
    }
    var info = Message()
    info.add(1, text: port.name)
    info.add(2, type.bytes)
    return info.bytes
  }

  /// A protobuf message under construction.
  private struct Message {
    var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, _ value: UInt64) {
      append(field << 3)
      append(value)
    }

    mutating func add(_ field: UInt64, _ content: [UInt8]) {
      append(field << 3 | 2)
      append(UInt64(content.count))
      bytes += content
    }

    mutating func add(_ field: UInt64, text: String) {
      add(field, Array(text.utf8))
    }

    private mutating func append(_ varint: UInt64) {
      var rest = varint
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }
}
