import Foundation

/// A classifier of two numbers as an ONNX file, written here so that no binary lies in the repository: the class is
/// whether `a + b` is positive, the score its softmax.
enum TinyModel {
  /// A good model; every sharpness gives other bytes.
  static func fast(sharpness: Float) -> Data {
    file(width: 2, layers: 0, sharpness: sharpness)
  }

  /// The same answers after honest work: dense layers that each hand on what they got.
  static func slow(sharpness: Float, width: Int = 512, layers: Int = 96) -> Data {
    file(width: width, layers: layers, sharpness: sharpness)
  }

  /// A model that always says the opposite.
  static func wrong(sharpness: Float) -> Data {
    file(width: 2, layers: 0, sharpness: -sharpness)
  }

  private static func file(width: Int, layers: Int, sharpness: Float) -> Data {
    var spread = [Float](repeating: 0, count: 2 * width)
    var unit = [Float](repeating: 0, count: width * width)
    var gather = [Float](repeating: 0, count: width * 2)
    for index in 0..<2 {
      spread[index * width + index] = 1
      gather[index * 2] = -sharpness
      gather[index * 2 + 1] = sharpness
    }
    for index in 0..<width { unit[index * width + index] = 1 }
    var graph = Message()
    graph.add(1, node("MatMul", ["x", "spread"], ["h0"]))
    for layer in 0..<layers { graph.add(1, node("MatMul", ["h\(layer)", "unit"], ["h\(layer + 1)"])) }
    graph.add(1, node("MatMul", ["h\(layers)", "gather"], ["logits"]))
    graph.add(1, node("Softmax", ["logits"], ["scores"], integers: ["axis": 1]))
    graph.add(1, node("ArgMax", ["scores"], ["label"], integers: ["axis": 1, "keepdims": 0]))
    graph.add(2, text: "tiny")
    graph.add(5, tensor("spread", [2, width], spread))
    if layers > 0 { graph.add(5, tensor("unit", [width, width], unit)) }
    graph.add(5, tensor("gather", [width, 2], gather))
    graph.add(11, port("x", type: 1, [nil, 2]))
    graph.add(12, port("label", type: 7, [nil]))
    graph.add(12, port("scores", type: 1, [nil, 2]))
    var opset = Message()
    opset.add(1, text: "")
    opset.add(2, 17)
    var model = Message()
    model.add(1, 8)
    model.add(7, graph.bytes)
    model.add(8, opset.bytes)
    return Data(model.bytes)
  }

  private static func node(
    _ operation: String, _ inputs: [String], _ outputs: [String], integers: KeyValuePairs<String, UInt64> = [:]
  ) -> [UInt8] {
    var message = Message()
    for input in inputs { message.add(1, text: input) }
    for output in outputs { message.add(2, text: output) }
    message.add(4, text: operation)
    for (name, value) in integers {
      var attribute = Message()
      attribute.add(1, text: name)
      attribute.add(3, value)
      attribute.add(20, 2)
      message.add(5, attribute.bytes)
    }
    return message.bytes
  }

  private static func tensor(_ name: String, _ shape: [Int], _ values: [Float]) -> [UInt8] {
    var message = Message()
    for extent in shape { message.add(1, UInt64(extent)) }
    message.add(2, 1)
    message.add(8, text: name)
    message.add(9, values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    return message.bytes
  }

  private static func port(_ name: String, type: UInt64, _ shape: [Int?]) -> [UInt8] {
    var dimensions = Message()
    for extent in shape {
      var dimension = Message()
      if let extent { dimension.add(1, UInt64(extent)) } else { dimension.add(2, text: "rows") }
      dimensions.add(1, dimension.bytes)
    }
    var tensor = Message()
    tensor.add(1, type)
    tensor.add(2, dimensions.bytes)
    var kind = Message()
    kind.add(1, tensor.bytes)
    var port = Message()
    port.add(1, text: name)
    port.add(2, kind.bytes)
    return port.bytes
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
