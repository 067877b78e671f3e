import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `Loops over graphs` {
  /// Sums up the slices of `xs` into `s0`, and gives each sum.
  private func sums(_ opset: Int64, _ attributes: [ModelWriter.Attribute], hasLengths: Bool) throws -> Model {
    var body = ModelWriter()
    body.input("s", [2])
    body.input("x", [2])
    body.node("Add", ["s", "x"], ["t"])
    body.node("Identity", ["t"], ["o"])
    body.output("t", [2])
    body.output("o", [2])
    var writer = ModelWriter()
    writer.opset = opset
    if hasLengths { writer.input("lengths", type: 7, [nil]) }
    writer.input("s0", [nil, 2])
    writer.input("xs", [nil, nil, 2])
    writer.node(
      "Scan", [hasLengths ? "lengths" : "", "s0", "xs"], ["y", "z"],
      [.graph("body", body), .int("num_scan_inputs", 1)] + attributes)
    writer.output("y", [nil, 2])
    writer.output("z", [nil, nil, 2])
    return try Model(bytes: ModelBytes(writer.bytes))
  }

  /// Expected values: onnxruntime 1.31.1.
  @Test(
    arguments: [
      (nil, 0, [9, 112, 28, 32], [1, 102, 4, 106, 9, 112, 8, 10, 17, 20, 28, 32]),
      ([1, 3], 0, [1, 102, 28, 32], [1, 102, 0, 0, 0, 0, 8, 10, 17, 20, 28, 32]),
      (nil, 1, [9, 112, 28, 32], [5, 106, 8, 110, 9, 112, 12, 14, 21, 24, 28, 32]),
      ([2, 3], 1, [4, 106, 28, 32], [3, 104, 4, 106, 0, 0, 12, 14, 21, 24, 28, 32]),
    ] as [([Int64]?, Int64, [Float], [Float])])
  func `walk each item of a batch in opset 8`(
    lengths: [Int64]?, direction: Int64, states: [Float], sums: [Float]
  ) throws {
    let model = try self.sums(8, direction == 0 ? [] : [.ints("directions", [1])], hasLengths: lengths != nil)
    var inputs = [
      "s0": try Tensor(shape: [2, 2], floats: [0, 100, 1, 2]),
      "xs": try Tensor(shape: [2, 3, 2], floats: (1...12).map { Float($0) }),
    ]
    if let lengths { inputs["lengths"] = try Tensor(shape: [2], integers: lengths) }
    let outputs = try model.run(inputs)
    #expect(try outputs["y"]?.tensor?.floats() == states)
    #expect(outputs["z"]?.tensor?.shape == [2, 3, 2])
    #expect(try outputs["z"]?.tensor?.floats() == sums)
  }

  @Test(arguments: [[1], [1, 4], [-1, 1], [.max, 1]] as [[Int64]])
  func `refuse lengths that the batch does not have`(lengths: [Int64]) throws {
    let model = try sums(8, [], hasLengths: true)
    #expect(throws: RunError.self) {
      try model.run([
        "lengths": try Tensor(shape: [lengths.count], integers: lengths),
        "s0": try Tensor(shape: [2, 2], floats: [0, 0, 0, 0]),
        "xs": try Tensor(shape: [2, 3, 2], floats: [Float](repeating: 0, count: 12)),
      ])
    }
  }

  @Test func `give an empty batch back`() throws {
    let outputs = try sums(8, [], hasLengths: false).run([
      "s0": try Tensor(shape: [0, 2], floats: []), "xs": try Tensor(shape: [0, 3, 2], floats: []),
    ])
    #expect(outputs["y"]?.tensor?.shape == [0, 2])
    #expect(outputs["z"]?.tensor?.shape == [0, 3, 2])
  }

  @Test func `may carry nothing`() throws {
    var body = ModelWriter()
    body.input("i", type: 7, [])
    body.input("c", type: 9, [])
    body.node("Mul", ["i", "i"], ["o"])
    body.node("Identity", ["c"], ["d"])
    body.output("d", type: 9, [])
    body.output("o", type: 7, [])
    var writer = ModelWriter()
    writer.input("n", type: 7, [])
    writer.node("Loop", ["n"], ["z"], [.graph("body", body)])
    writer.output("z", type: 7, [nil])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    let outputs = try model.run(["n": try Tensor(shape: [], integers: [4])])
    #expect(try outputs["z"]?.tensor?.integers() == [0, 1, 4, 9])
  }

  private func counting(_ condition: ModelWriter.Attribute) throws -> Model {
    var body = ModelWriter()
    body.input("i", type: 7, [])
    body.input("c", type: 9, [])
    body.input("s", [2])
    body.node("Constant", [], ["limit"], [condition])
    body.node("Less", ["i", "limit"], ["d"])
    body.node("Add", ["s", "s"], ["t"])
    body.node("Cast", ["t"], ["o"], [.int("to", 7)])
    body.output("d", type: 9, [])
    body.output("t", [2])
    body.output("o", type: 7, [2])
    var writer = ModelWriter()
    writer.input("n", type: 7, [])
    writer.input("s0", [2])
    writer.node("Loop", ["n", "", "s0"], ["y", "z"], [.graph("body", body)])
    writer.output("y", [2])
    writer.output("z", type: 7, [nil, 2])
    return try Model(bytes: ModelBytes(writer.bytes))
  }

  /// Expected values: onnxruntime 1.31.1 for the counts; of no steps the declared type and shape remain.
  @Test func `stack as many slices as there were steps, even none`() throws {
    let model = try counting(.int("value_int", 100))
    let start = try Tensor(shape: [2], floats: [1, 2])
    for (count, expected) in [(0, []), (1, [2, 4]), (2, [2, 4, 4, 8])] as [(Int64, [Int64])] {
      let outputs = try model.run(["n": try Tensor(shape: [], integers: [count]), "s0": start])
      #expect(outputs["z"]?.tensor?.shape == [Int(count), 2])
      #expect(try outputs["z"]?.tensor?.integers() == expected)
    }
  }

  /// Expected: onnxruntime 1.31.1, whose loop ends by the body's condition although the node has none.
  @Test func `end by the condition of the body`() throws {
    let outputs = try counting(.int("value_int", 0)).run([
      "n": try Tensor(shape: [], integers: [3]), "s0": try Tensor(shape: [2], floats: [1, 2]),
    ])
    #expect(try outputs["y"]?.tensor?.floats() == [2, 4])
  }

  /// A loop over a loop, each of so many steps that the product would take for ever.
  @Test func `count their steps together, at load and in a run`() throws {
    func body(_ depth: Int, _ build: (inout ModelWriter) -> Void) -> ModelWriter {
      var body = ModelWriter()
      body.input("i\(depth)", type: 7, [])
      body.input("c\(depth)", type: 9, [])
      body.input("s\(depth)", type: 7, [])
      body.node("Identity", ["c\(depth)"], ["d\(depth)"])
      build(&body)
      body.output("d\(depth)", type: 9, [])
      body.output("t\(depth)", type: 7, [])
      return body
    }
    func loop(_ depth: Int, over body: ModelWriter, in writer: inout ModelWriter) {
      writer.node("Constant", [], ["n\(depth)"], [.int("value_int", 60_000)])
      writer.node("Loop", ["n\(depth)", "", "s\(depth)"], ["t\(depth)"], [.graph("body", body)])
    }
    let inner = body(2) { $0.node("Add", ["s2", "s2"], ["t2"]) }
    let outer = body(1) { loop(1, over: inner, in: &$0) }
    var writer = ModelWriter()
    writer.node("Constant", [], ["s0"], [.int("value_int", 1)])
    loop(0, over: outer, in: &writer)
    writer.output("t0", type: 7, [])
    let model = try Model(bytes: ModelBytes(writer.bytes), options: ModelOptions(maxRunBytes: 32 << 20))
    let error = #expect(throws: RunError.self) { try model.run([:]) }
    #expect(error?.message.contains("steps") == true, "\(String(describing: error))")
  }
}
