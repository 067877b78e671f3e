@testable import HeadgateRuntime
import Testing

/// Types and shapes that are followed when a model is loaded.
@Suite struct `The check of types and shapes` {
  /// A model of one node over inputs of the given types and shapes.
  private static func model(
    _ operation: String, _ inputs: [(type: Int64, shape: [Int64?])], domain: String = "", opset: Int64 = 17,
    _ attributes: [ModelWriter.Attribute] = []
  ) -> ModelWriter {
    var writer = ModelWriter()
    writer.opset = opset
    let names = inputs.indices.map { "in\($0)" }
    for (name, input) in zip(names, inputs) { writer.input(name, type: input.type, input.shape) }
    writer.node(operation, names, ["out"], name: "the node", domain: domain, attributes)
    writer.output("out", [nil])
    return writer
  }

  static let refusals: [(what: String, writer: ModelWriter, words: [String])] = [
    ("columns that meet other rows", model("MatMul", [(1, [nil, 3]), (1, [4, 2])]), ["float[?, 3]", "float[4, 2]"]),
    ("batches that do not fit", model("MatMul", [(1, [2, 5, 3]), (1, [4, 3, 2])]), ["float[2, 5, 3]", "'in1'"]),
    ("a vector in Gemm", model("Gemm", [(1, [3]), (1, [3, 2])]), ["'in0' (float[3])", "no matrix"]),
    (
      "Gemm with a transposed side", model("Gemm", [(1, [5, 3]), (1, [3, 2])], [.int("transB", 1)]),
      ["3 columns meet 2 rows"]
    ),
    ("a summand that is too wide", model("Gemm", [(1, [5, 3]), (1, [3, 2]), (1, [7])]), ["'in2' (float[7])"]),
    ("types that differ", model("Add", [(1, [2]), (7, [2])]), ["'in0' (float[2])", "'in1' (int64[2])", "cast"]),
    ("texts that are added", model("Add", [(8, [2]), (8, [2])]), ["string[2]", "numbers"]),
    (
      "extents that do not broadcast", model("Mul", [(1, [nil, 3]), (1, [2])]),
      ["float[?, 3]", "float[2]", "broadcast"]
    ),
    ("integers of which a root is wanted", model("Sqrt", [(7, [2])]), ["int64[2]", "floating-point"]),
    (
      "parts that differ beyond the joined axis", model("Concat", [(1, [2, 3]), (1, [2, 4])], [.int("axis", 0)]),
      ["float[2, 3]", "float[2, 4]"]
    ),
    ("an axis that is not there", model("Softmax", [(7, [2])]), ["int64[2]"]),
    (
      "an order of other axes", model("Transpose", [(1, [2, 3])], [.ints("perm", [0, 2])]), ["[0, 2]", "float[2, 3]"]
    ),
    (
      "filters of other channels", model("Conv", [(1, [1, 3, 8, 8]), (1, [4, 2, 3, 3])]),
      ["[1, 3, 8, 8]", "2 channels"]
    ),
    ("filters of other axes", model("Conv", [(1, [1, 3, 8]), (1, [4, 3, 3, 3])]), ["[1, 3, 8]", "[4, 3, 3, 3]"]),
    (
      "a reduced axis beyond the last", model("ReduceMax", [(1, [2, 3])], [.ints("axes", [2])]),
      ["axis 2", "float[2, 3]"]
    ),
    ("indices of floats", model("Gather", [(1, [2]), (1, [1])]), ["'in1' (float[1])"]),
    (
      "texts in a tree", model("TreeEnsembleRegressor", [(8, [nil, 2])], domain: "ai.onnx.ml"), []
    ),
  ]

  @Test(arguments: refusals)
  func `refuses`(what: String, writer: ModelWriter, words: [String]) throws {
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(writer.bytes)) }
    let message = error?.message ?? ""
    if !words.isEmpty { #expect(message.contains("the node"), "\(what): \(message)") }
    for word in words { #expect(message.contains(word), "\(what): \(message)") }
  }

  @Test func `names the nodes between the inputs and the fault`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil, 4])
    writer.weight("w", [4, 6], [Float](repeating: 1, count: 24))
    writer.weight("v", [5, 2], [Float](repeating: 1, count: 10))
    writer.node("MatMul", ["x", "w"], ["h"], name: "first")
    writer.node("Relu", ["h"], ["r"], name: "second")
    writer.node("MatMul", ["r", "v"], ["y"], name: "third")
    writer.output("y", [nil, 2])
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(writer.bytes)) }
    #expect(error?.code == .invalidGraph)
    #expect(
      error?.message
        == "node MatMul 'third': input 'r' (float[?, 6]) and input 'v' (float[5, 2]) cannot be multiplied: "
        + "6 columns meet 5 rows")
  }

  @Test func `follows shapes that are computed`() throws {
    // The rows of x are kept and the rest is laid flat, by way of Shape, Gather, Unsqueeze and Concat.
    var writer = ModelWriter()
    writer.opset = 13
    writer.input("x", [2, 3, 4])
    writer.weight("zero", type: 7, []) { $0.bytes(9, [UInt8](repeating: 0, count: 8)) }
    writer.weight("axes", type: 7, [1]) { $0.bytes(9, [UInt8](repeating: 0, count: 8)) }
    writer.weight("rest", type: 7, [1]) { $0.bytes(9, [UInt8](repeating: 0xFF, count: 8)) }
    writer.weight("w", [11, 1], [Float](repeating: 1, count: 11))
    writer.node("Shape", ["x"], ["shape"])
    writer.node("Gather", ["shape", "zero"], ["count"])
    writer.node("Unsqueeze", ["count", "axes"], ["counts"])
    writer.node("Concat", ["counts", "rest"], ["wanted"], [.int("axis", 0)])
    writer.node("Reshape", ["x", "wanted"], ["flat"])
    writer.node("MatMul", ["flat", "w"], ["y"])
    writer.output("y", [nil, 1])
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(writer.bytes)) }
    #expect(error?.message.contains("(float[2, 12])") == true, "\(error?.message ?? "")")
  }

  @Test func `lets pass what a run may get past`() throws {
    // Nobody reads the product that cannot be.
    var dead = ModelWriter()
    dead.input("x", [nil, 3])
    dead.node("MatMul", ["x", "x"], ["unread"])
    dead.weight("w", [4, 2], [Float](repeating: 1, count: 8))
    dead.node("MatMul", ["x", "w"], ["never"])
    dead.node("Relu", ["x"], ["y"])
    dead.output("y", [nil, 3])
    let model = try Model(bytes: ModelBytes(dead.bytes))
    _ = try model.run(["x": Tensor(shape: [1, 3], floats: [1, 2, 3])])

    // The value that the model has for an input need not be as declared.
    var given = ModelWriter()
    given.input("w", [9, 9])
    given.input("x", [nil, 3])
    given.weight("w", [3, 2], [1, 2, 3, 4, 5, 6])
    given.node("MatMul", ["x", "w"], ["y"])
    given.output("y", [nil, 2])
    let answer = try Model(bytes: ModelBytes(given.bytes)).run(["x": Tensor(shape: [1, 3], floats: [1, 0, 0])])
    #expect(try answer["y"]?.tensor?.floats() == [1, 2])
  }

  @Test func `estimates the memory of one row`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil, 4])
    writer.weight("w", [4, 6], [Float](repeating: 1, count: 24))
    writer.weight("v", [6, 2], [Float](repeating: 1, count: 12))
    writer.node("MatMul", ["x", "w"], ["h"])
    writer.node("Relu", ["h"], ["r"])
    writer.node("MatMul", ["r", "v"], ["y"])
    writer.output("y", [nil, 2])
    let estimate = try MemoryEstimate(ModelBytes(writer.bytes))
    #expect(estimate.weightByteCount == max(writer.bytes.count, 36 * 4))
    // x (4 floats) stays; beside it r, which is made in one step, and y are the most.
    #expect(estimate.runByteCount == (4 + 6 + 2) * 4)
    #expect(estimate.valueCount == 3)
    #expect(estimate.unknownCount == 0)
  }

  @Test func `is the largest number where sizes pass it, not a trap`() throws {
    var writer = ModelWriter()
    let shape: [Int64] = [1 << 30, 1 << 30]
    writer.node("Constant", [], ["shape"], [.ints("value_ints", shape)])
    for index in 0..<4 { writer.node("ConstantOfShape", ["shape"], ["x\(index)"]) }
    writer.node("Sum", (0..<4).map { "x\($0)" }, ["y"])
    writer.output("y", shape)
    #expect(try MemoryEstimate(ModelBytes(writer.bytes)).runByteCount == .max)
  }

  @Test func `tells what a file holds without loading it`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil, 2])
    writer.weight("w", [2, 2], [1, 2, 3, 4])
    writer.node("MatMul", ["x", "w"], ["h"], name: "first")
    writer.node("Nothing", ["h"], ["g"], name: "strange")
    writer.node("MatMul", ["g", "w"], ["y"], name: "last")
    writer.output("y", [nil, 2])
    let inspection = try ModelInspection.inspect(ModelBytes(writer.bytes))
    #expect(inspection.inputs.map(\.summary) == ["float[?, 2]"])
    #expect(inspection.outputs.map(\.name) == ["y"])
    #expect(inspection.metadata.producerName == "tests")
    #expect(inspection.weights == ModelInspection.Weights(count: 1, elementCount: 4, byteCount: 16))
    #expect(inspection.fileByteCount == writer.bytes.count)
    #expect(inspection.operators.map(\.name) == ["MatMul", "Nothing"])
    #expect(inspection.operators.map(\.nodes) == [["first", "last"], ["strange"]])
    #expect(inspection.operators.map(\.version) == [1, nil])
  }
}
