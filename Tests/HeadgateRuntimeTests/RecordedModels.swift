import HeadgateRuntime
import HeadgateTensors

/// Small models of all kinds of layers, for tests of runs that repeat each other.
struct RecordedModel: Sendable, CustomStringConvertible {
  let description: String
  let writer: ModelWriter
  let shapes: [Shape]
  /// The input that names rows of a table.
  var indices: Set<Int> = []

  /// Inputs that are others for each seed.
  func inputs(_ seed: Int) throws -> [Tensor] {
    try shapes.enumerated().map { index, shape in
      let count = shape.reduce(1, *)
      guard !indices.contains(index) else {
        return try Tensor(shape: shape, integers: (0..<count).map { Int64(($0 * 7 + seed * 3) % 11) })
      }
      return try Tensor(shape: shape, floats: Self.numbers(count, seed: seed))
    }
  }

  static func numbers(_ count: Int, seed: Int = 0) -> [Float] {
    (0..<count).map { Float(($0 &* 37 &+ seed &* 101) % 97) * 0.01 - 0.45 }
  }

  /// Models with steps that take no part in recordings, or in part.
  static let others = [stretchedSummand, halves]

  static let all = [perceptron, images, depthwise, sequence, gru, attention, arithmetic]

  static var perceptron: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 12])
    model.weight("w", [12, 40], numbers(480))
    model.weight("b", [40], numbers(40))
    model.node("Gemm", ["x", "w", "b"], ["h"])
    model.node("Relu", ["h"], ["r"])
    model.weight("v", [40, 5], numbers(200))
    model.node("MatMul", ["r", "v"], ["s"])
    model.node("Softmax", ["s"], ["y"], [.int("axis", -1)])
    model.output("y", [nil, 5])
    return RecordedModel(description: "perceptron", writer: model, shapes: [[3, 12]])
  }

  static var images: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 3, 12, 12])
    model.weight("w", [16, 3, 3, 3], numbers(432))
    model.weight("b", [16], numbers(16))
    model.node("Conv", ["x", "w", "b"], ["c"], [.ints("pads", [1, 1, 1, 1])])
    model.node("Relu", ["c"], ["r"])
    model.node("MaxPool", ["r"], ["p"], [.ints("kernel_shape", [2, 2]), .ints("strides", [2, 2])])
    model.weight("v", [16, 16, 3, 3], numbers(2304))
    model.node("Conv", ["p", "v"], ["d"], [.ints("pads", [1, 1, 1, 1])])
    model.node("Add", ["d", "p"], ["e"])
    model.node("AveragePool", ["e"], ["a"], [.ints("kernel_shape", [3, 3])])
    model.node("GlobalAveragePool", ["a"], ["g"])
    model.node("Flatten", ["g"], ["y"])
    model.output("y", [nil, 16])
    return RecordedModel(description: "images", writer: model, shapes: [[2, 3, 12, 12]])
  }

  static var depthwise: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 3, 16, 16])
    model.weight("first", [16, 3, 3, 3], numbers(432))
    model.node("Conv", ["x", "first"], ["a"], [.ints("pads", [1, 1, 1, 1]), .ints("strides", [2, 2])])
    model.node("Relu", ["a"], ["b"])
    model.weight("w", [16, 1, 3, 3], numbers(144))
    model.node("Conv", ["b", "w"], ["c"], [.int("group", 16), .ints("pads", [1, 1, 1, 1])])
    model.node("Relu", ["c"], ["d"])
    model.weight("v", [24, 16, 1, 1], numbers(384))
    model.node("Conv", ["d", "v"], ["e"])
    model.node("GlobalAveragePool", ["e"], ["y"])
    model.output("y", [nil, 24, 1, 1])
    return RecordedModel(description: "depthwise", writer: model, shapes: [[1, 3, 16, 16]])
  }

  /// What is added to the convolution is stretched to its shape.
  static var stretchedSummand: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 16, 8, 8])
    model.weight("w", [16, 16, 3, 3], numbers(2304))
    model.node("Conv", ["x", "w"], ["c"], [.ints("pads", [1, 1, 1, 1])])
    model.node("GlobalAveragePool", ["x"], ["g"])
    model.node("Add", ["c", "g"], ["s"])
    model.node("Relu", ["s"], ["r"])
    model.node("Mul", ["r", "x"], ["y"])
    model.output("y", [nil, 16, 8, 8])
    return RecordedModel(description: "stretched summand", writer: model, shapes: [[2, 16, 8, 8]])
  }

  /// Numbers of 16 bits are computed in 32.
  static var halves: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 6])
    model.node("Cast", ["x"], ["h"], [.int("to", 10)])
    model.node("Mul", ["h", "h"], ["m"])
    model.node("Transpose", ["m"], ["t"])
    model.node("MatMul", ["h", "t"], ["p"])
    model.node("Softmax", ["p"], ["s"])
    model.node("Cast", ["s"], ["y"], [.int("to", 1)])
    model.output("y", [nil, nil])
    return RecordedModel(description: "halves", writer: model, shapes: [[5, 6]])
  }

  static var sequence: RecordedModel { recurrent("LSTM", gates: 4) }
  static var gru: RecordedModel { recurrent("GRU", gates: 3) }

  private static func recurrent(_ name: String, gates: Int64) -> RecordedModel {
    let hidden: Int64 = 8
    var model = ModelWriter()
    model.input("x", [nil, nil, 6])
    model.node("Transpose", ["x"], ["t"], [.ints("perm", [1, 0, 2])])
    model.weight("w", [1, gates * hidden, 6], numbers(Int(gates * hidden * 6)))
    model.weight("r", [1, gates * hidden, hidden], numbers(Int(gates * hidden * hidden)))
    model.weight("b", [1, 2 * gates * hidden], numbers(Int(2 * gates * hidden)))
    model.node(name, ["t", "w", "r", "b"], ["all", "last"], [.int("hidden_size", hidden)])
    model.output("all", [nil, 1, nil, hidden])
    model.output("last", [1, nil, hidden])
    return RecordedModel(description: name, writer: model, shapes: [[2, 5, 6]])
  }

  static var attention: RecordedModel {
    var model = ModelWriter()
    model.input("ids", type: 7, [nil, nil])
    model.weight("table", [11, 16], numbers(176))
    model.node("Gather", ["table", "ids"], ["x"])
    model.weight("scale", [16], numbers(16))
    model.weight("offset", [16], numbers(16))
    model.node("LayerNormalization", ["x", "scale", "offset"], ["n"], [.int("axis", -1)])
    model.weight("four", type: 7, [4]) { $0.bytes(9, [Int64(0), 0, 2, 8].flatMap(Self.bytes)) }
    model.weight("three", type: 7, [3]) { $0.bytes(9, [Int64(0), 0, 16].flatMap(Self.bytes)) }
    for name in ["q", "k", "v"] {
      model.weight("w\(name)", [16, 16], numbers(256))
      model.node("MatMul", ["n", "w\(name)"], [name])
      model.node("Reshape", [name, "four"], ["r\(name)"])
      model.node("Transpose", ["r\(name)"], ["t\(name)"], [.ints("perm", name == "k" ? [0, 2, 3, 1] : [0, 2, 1, 3])])
    }
    model.node("MatMul", ["tq", "tk"], ["s"])
    model.node("Softmax", ["s"], ["p"], [.int("axis", -1)])
    model.node("MatMul", ["p", "tv"], ["o"])
    model.node("Transpose", ["o"], ["back"], [.ints("perm", [0, 2, 1, 3])])
    model.node("Reshape", ["back", "three"], ["rows"])
    model.node("Add", ["rows", "x"], ["sum"])
    model.node("Erf", ["sum"], ["y"])
    model.output("y", [nil, nil, 16])
    return RecordedModel(description: "attention", writer: model, shapes: [[2, 6]], indices: [0])
  }

  static var arithmetic: RecordedModel {
    var model = ModelWriter()
    model.input("x", [nil, 4, 5])
    model.input("z", [4, 1])
    model.node("Mul", ["x", "z"], ["a"])
    model.node("Greater", ["a", "x"], ["c"])
    model.node("Where", ["c", "a", "x"], ["d"])
    model.node("ReduceSum", ["d"], ["e"], [.int("keepdims", 1)])
    model.node("Concat", ["d", "a"], ["f"], [.int("axis", 1)])
    model.node("Div", ["f", "e"], ["g"])
    model.node("Cast", ["g"], ["h"], [.int("to", 11)])
    model.node("Exp", ["h"], ["y"])
    model.output("y", type: 11, [nil, 8, 5])
    return RecordedModel(description: "arithmetic", writer: model, shapes: [[3, 4, 5], [4, 1]])
  }

  private static func bytes(_ number: Int64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
}
