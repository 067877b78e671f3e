/// Writes small ONNX files (protobuf by hand), so that tests need no binary fixtures.
///
/// ```swift
/// let same = ONNXFile.bytes(
///   nodes: [.init("Identity", ["x"], ["y"])], inputs: [.init("x", shape: [nil, 3])], outputs: [.init("y", shape: [nil, 3])])
/// ```
package enum ONNXFile {
  /// One node.
  package struct Node {
    let operation: String
    let domain: String
    let inputs: [String]
    let outputs: [String]
    let integers: KeyValuePairs<String, UInt64>
    let strings: KeyValuePairs<String, [String]>

    /// - Parameters:
    ///   - integers: attributes of one whole number, none negative.
    ///   - strings: attributes of lists of texts.
    package init(
      _ operation: String, _ inputs: [String], _ outputs: [String], domain: String = "",
      integers: KeyValuePairs<String, UInt64> = [:], strings: KeyValuePairs<String, [String]> = [:]
    ) {
      self.operation = operation
      self.domain = domain
      self.inputs = inputs
      self.outputs = outputs
      self.integers = integers
      self.strings = strings
    }
  }

  /// One input or output.
  package struct Port {
    let name: String
    let type: UInt64
    let shape: [Int?]
    let isMaps: Bool

    /// - Parameters:
    ///   - type: ONNX's number of the element type: 1 is float, 7 int64, 8 string, 10 float16.
    ///   - shape: the extents, nil for those that are open.
    ///   - isMaps: a sequence of maps from strings to the element type, as ZipMap declares it, without a shape.
    package init(_ name: String, type: UInt64 = 1, shape: [Int?] = [], isMaps: Bool = false) {
      self.name = name
      self.type = type
      self.shape = shape
      self.isMaps = isMaps
    }
  }

  /// A constant tensor of floats.
  package struct Weights {
    let name: String
    let shape: [Int]
    let floats: [Float]

    package init(_ name: String, _ shape: [Int], _ floats: [Float]) {
      self.name = name
      self.shape = shape
      self.floats = floats
    }
  }

  /// The bytes of a model; the same for the same arguments.
  package static func bytes(nodes: [Node], inputs: [Port], outputs: [Port], weights: [Weights] = []) -> [UInt8] {
    var graph = Message()
    for node in nodes { graph.add(1, message(of: node)) }
    graph.add(2, text: "graph")
    for weight in weights { graph.add(5, message(of: weight)) }
    for port in inputs { graph.add(11, message(of: port)) }
    for port in outputs { graph.add(12, message(of: port)) }
    var model = Message()
    model.add(1, 8)
    model.add(2, text: "headgate-tests")
    model.add(7, graph)
    for (domain, version) in [("", UInt64(17)), ("ai.onnx.ml", 3)] {
      var opset = Message()
      opset.add(1, text: domain)
      opset.add(2, version)
      model.add(8, opset)
    }
    return model.bytes
  }

  private static func message(of node: Node) -> Message {
    var message = Message()
    for input in node.inputs { message.add(1, text: input) }
    for output in node.outputs { message.add(2, text: output) }
    message.add(4, text: node.operation)
    for (name, value) in node.integers {
      var attribute = Message()
      attribute.add(1, text: name)
      attribute.add(3, value)
      attribute.add(20, 2)
      message.add(5, attribute)
    }
    for (name, values) in node.strings {
      var attribute = Message()
      attribute.add(1, text: name)
      for value in values { attribute.add(9, text: value) }
      attribute.add(20, 8)
      message.add(5, attribute)
    }
    if !node.domain.isEmpty { message.add(7, text: node.domain) }
    return message
  }

  private static func message(of weights: Weights) -> Message {
    var tensor = Message()
    for extent in weights.shape { tensor.add(1, UInt64(extent)) }
    tensor.add(2, 1)
    tensor.add(8, text: weights.name)
    tensor.add(
      9, weights.floats.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    return tensor
  }

  private static func message(of port: Port) -> Message {
    var tensor = Message()
    tensor.add(1, port.type)
    if !port.isMaps {
      var shape = Message()
      for (index, extent) in port.shape.enumerated() {
        var dimension = Message()
        if let extent { dimension.add(1, UInt64(extent)) } else { dimension.add(2, text: "d\(index)") }
        shape.add(1, dimension)
      }
      tensor.add(2, shape)
    }
    var type = Message()
    type.add(1, tensor)
    if port.isMaps {
      var map = Message()
      map.add(1, 8)
      map.add(2, type)
      var element = Message()
      element.add(5, map)
      var sequence = Message()
      sequence.add(1, element)
      type = Message()
      type.add(4, sequence)
    }
    var info = Message()
    info.add(1, text: port.name)
    info.add(2, type)
    return info
  }

  /// A protobuf message under construction.
  private struct Message {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: UInt64, _ value: UInt64) {
      append(field << 3)
      append(value)
    }

    mutating func add(_ field: UInt64, _ content: [UInt8]) {
      append(field << 3 | 2)
      append(UInt64(content.count))
      bytes += content
    }

    mutating func add(_ field: UInt64, _ message: Message) {
      add(field, message.bytes)
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
