import Testing

/// Writes ONNX files by hand, so that tests can state exactly which bytes a model has.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ field: Int, _ value: Int64) {
    raw(UInt64(field << 3))
    raw(UInt64(bitPattern: value))
  }

  mutating func fixed(_ field: Int, _ value: Float) {
    raw(UInt64(field << 3 | 5))
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
    raw(UInt64(field << 3 | 2))
    raw(UInt64(value.count))
    bytes += value
  }

  mutating func string(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

  mutating func message(_ field: Int, _ build: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    build(&inner)
    bytes(field, inner.bytes)
  }

  private mutating func raw(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// A model put together from nodes, weights, inputs and outputs.
struct ModelWriter: Sendable {
  enum Attribute {
    case int(String, Int64)
    case float(String, Float)
    case ints(String, [Int64])
    case string(String, String)
    case graph(String, ModelWriter)
    /// In a function: the attribute of the call that gives the value, and the number of its kind.
    case reference(String, of: String, kind: Int64)
    /// Any kind, as the field's number with the message, and the number of the kind.
    case message(String, field: Int, ProtobufWriter, kind: Int64)
  }

  private(set) var graph = ProtobufWriter()
  /// Each node as a message of its own.
  private(set) var nodes: [[UInt8]] = []
  /// The functions of the model, each a `FunctionProto`.
  var functions: [ProtobufWriter] = []
  var opset: Int64 = 17
  var irVersion: Int64 = 8

  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    overload: String = "", _ attributes: [Attribute] = []
  ) {
    var node = ProtobufWriter()
    for input in inputs { node.string(1, input) }
    for output in outputs { node.string(2, output) }
    node.string(3, name)
    node.string(4, type)
    for attribute in attributes { node.message(5) { Self.write(attribute, to: &$0) } }
    node.string(7, domain)
    if !overload.isEmpty { node.string(8, overload) }
    nodes.append(node.bytes)
    graph.bytes(1, node.bytes)
  }

  /// Adds a field of the graph that has no function here.
  mutating func field(_ number: Int, _ build: (inout ProtobufWriter) -> Void) { graph.message(number, build) }

  mutating func weight(_ name: String, _ shape: [Int64], _ values: [Float]) {
    graph.message(5) { tensor in
      for extent in shape { tensor.varint(1, extent) }
      tensor.varint(2, 1)
      tensor.string(8, name)
      tensor.bytes(9, values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }
  }

  /// A weight of any type, whose data `write` gives.
  mutating func weight(_ name: String, type: Int64, _ shape: [Int64], _ write: (inout ProtobufWriter) -> Void) {
    graph.message(5) { tensor in
      for extent in shape { tensor.varint(1, extent) }
      tensor.varint(2, type)
      tensor.string(8, name)
      write(&tensor)
    }
  }

  mutating func externalWeight(_ name: String, _ shape: [Int64], location: String, offset: Int, length: Int) {
    graph.message(5) { tensor in
      for extent in shape { tensor.varint(1, extent) }
      tensor.varint(2, 1)
      tensor.string(8, name)
      for (key, value) in [("location", location), ("offset", "\(offset)"), ("length", "\(length)")] {
        tensor.message(13) { entry in
          entry.string(1, key)
          entry.string(2, value)
        }
      }
      tensor.varint(14, 1)
    }
  }

  /// Extents that are nil are symbolic.
  mutating func input(_ name: String, type: Int64 = 1, _ shape: [Int64?]) { value(11, name, type, shape) }
  mutating func output(_ name: String, type: Int64 = 1, _ shape: [Int64?]) { value(12, name, type, shape) }

  var bytes: [UInt8] {
    var model = ProtobufWriter()
    model.varint(1, irVersion)
    model.string(2, "tests")
    model.bytes(7, graph.bytes)
    for function in functions { model.bytes(25, function.bytes) }
    for (domain, version) in [("", opset), ("ai.onnx.ml", 3)] {
      model.message(8) { set in
        set.string(1, domain)
        set.varint(2, version)
      }
    }
    return model.bytes
  }

  private mutating func value(_ field: Int, _ name: String, _ type: Int64, _ shape: [Int64?]) {
    graph.message(field) { info in
      info.string(1, name)
      info.message(2) { kind in
        kind.message(1) { tensor in
          tensor.varint(1, type)
          tensor.message(2) { dimensions in
            for extent in shape {
              dimensions.message(1) { dimension in
                if let extent { dimension.varint(1, extent) } else { dimension.string(2, "N") }
              }
            }
          }
        }
      }
    }
  }

  static func write(_ attribute: Attribute, to writer: inout ProtobufWriter) {
    switch attribute {
    case .int(let name, let value):
      writer.string(1, name)
      writer.varint(3, value)
      writer.varint(20, 2)
    case .float(let name, let value):
      writer.string(1, name)
      writer.fixed(2, value)
      writer.varint(20, 1)
    case .ints(let name, let values):
      writer.string(1, name)
      for value in values { writer.varint(8, value) }
      writer.varint(20, 7)
    case .string(let name, let value):
      writer.string(1, name)
      writer.string(4, value)
      writer.varint(20, 3)
    case .graph(let name, let model):
      writer.string(1, name)
      writer.bytes(6, model.graph.bytes)
      writer.varint(20, 5)
    case .reference(let name, let source, let kind):
      writer.string(1, name)
      writer.string(21, source)
      writer.varint(20, kind)
    case .message(let name, let field, let message, let kind):
      writer.string(1, name)
      writer.bytes(field, message.bytes)
      writer.varint(20, kind)
    }
  }
}

extension ModelWriter {
  /// A network of two layers with softmax over three classes: `x[N, 4]` in, `probabilities[N, 3]` and
  /// `class[N]` out.
  static var classifier: ModelWriter {
    var model = ModelWriter()
    model.input("x", [nil, 4])
    model.weight("w1", [4, 5], (0..<20).map { Float($0 % 7) * 0.25 - 0.75 })
    model.weight("b1", [5], [0.1, -0.1, 0.2, -0.2, 0])
    model.weight("w2", [5, 3], (0..<15).map { Float($0 % 4) * 0.5 - 0.75 })
    model.node("Gemm", ["x", "w1", "b1"], ["h"], name: "hidden")
    model.node("Relu", ["h"], ["r"])
    model.node("MatMul", ["r", "w2"], ["z"], name: "scores")
    model.node("Softmax", ["z"], ["probabilities"], [.int("axis", 1)])
    model.node("ArgMax", ["probabilities"], ["class"], [.int("axis", 1), .int("keepdims", 0)])
    model.output("probabilities", [nil, 3])
    model.output("class", type: 7, [nil])
    return model
  }
}

extension ModelWriter: CustomTestStringConvertible {
  var testDescription: String { "a model of \(bytes.count) bytes" }
}
