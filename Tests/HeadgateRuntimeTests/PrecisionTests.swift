import HeadgateRuntime
import HeadgateTensors
import Testing

/// Expected values are float32 models whose weights and inputs are rounded to bfloat16 by Swift's own conversion: with one
/// product in a model, both are to be the same but for the order of sums.
@Suite struct `A model in bfloat16` {
  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
    }
  }

  private func rounded(_ numbers: [Float]) -> [Float] { numbers.map { Float(BFloat16($0)) } }

  /// - Parameters:
  ///   - build: adds nodes from `x` to `y` with weights that it sends through a function.
  private func compare(
    _ shape: [Int], _ build: (inout ModelWriter, @escaping ([Float]) -> [Float]) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    func answer(_ options: ModelOptions, input: [Float], _ change: @escaping ([Float]) -> [Float]) throws -> [Float] {
      var writer = ModelWriter()
      writer.input("x", shape.map { Int64($0) })
      build(&writer, change)
      writer.output("y", [nil])
      let model = try Model(bytes: ModelBytes(writer.bytes), options: options)
      return try #require(try model.run(["x": Tensor(shape: shape, floats: input)])["y"]?.tensor).floats()
    }
    let input = numbers(shape.reduce(1, *), 7)
    let actual = try answer(ModelOptions(precision: .bfloat16), input: input) { $0 }
    let expected = try answer(ModelOptions(), input: rounded(input), rounded)
    let plain = try answer(ModelOptions(), input: input) { $0 }
    // Sums of at most some hundred products of numbers below 1 in another order: 100 * 2^-24 * 100.
    let isNear = zip(actual, expected).allSatisfy { abs($0 - $1) < 1e-3 * max(1, abs($1)) }
    #expect(actual.count == expected.count && isNear, sourceLocation: sourceLocation)
    #expect(actual != plain, sourceLocation: sourceLocation)
  }

  @Test(arguments: [1, 5, 40]) func `multiplies with rounded matrices`(_ rows: Int) throws {
    try compare([rows, 70]) { writer, change in
      writer.weight("w", [70, 33], change(numbers(70 * 33, 1)))
      writer.node("MatMul", ["x", "w"], ["y"])
    }
    try compare([2, rows, 70]) { writer, change in
      writer.weight("w", [70, 33], change(numbers(70 * 33, 1)))
      writer.weight("b", [33], numbers(33, 2))
      writer.node("MatMul", ["x", "w"], ["p"])
      writer.node("Add", ["p", "b"], ["s"])
      writer.node("Relu", ["s"], ["y"])
    }
    try compare([rows, 70]) { writer, change in
      writer.weight("w", [33, 70], change(numbers(70 * 33, 1)))
      writer.weight("c", [33], numbers(33, 2))
      writer.node("Gemm", ["x", "w", "c"], ["y"], [.int("transB", 1), .float("alpha", 0.5), .float("beta", 2)])
    }
    try compare([70, rows]) { writer, change in
      writer.weight("w", [70, 33], change(numbers(70 * 33, 1)))
      writer.node("Gemm", ["x", "w"], ["y"], [.int("transA", 1)])
    }
  }

  @Test func `convolves with rounded kernels`() throws {
    try compare([2, 16, 9, 9]) { writer, change in
      writer.weight("w", [24, 16, 3, 3], change(numbers(24 * 16 * 9, 1)))
      writer.weight("b", [24], numbers(24, 2))
      writer.node("Conv", ["x", "w", "b"], ["y"], [.ints("pads", [1, 1, 1, 1]), .ints("strides", [2, 2])])
    }
    try compare([1, 8, 5, 7]) { writer, change in
      writer.weight("w", [12, 4, 1, 1], change(numbers(48, 1)))
      writer.node("Conv", ["x", "w"], ["p"], [.int("group", 2)])
      writer.node("Relu", ["p"], ["y"])
    }
  }

  /// In one step: the state is rounded before each, and a second one would begin with another than in the model that
  /// expected values come from. The first is of numbers that rounding leaves alone.
  @Test(arguments: [("LSTM", 4), ("GRU", 3), ("RNN", 1)]) func `rounds the weights of recurrent layers`(
    _ layer: (name: String, gates: Int)
  ) throws {
    let rows = Int64(layer.gates * 24)
    try compare([1, 3, 20]) { writer, change in
      writer.weight("w", [2, rows, 20], change(numbers(2 * Int(rows) * 20, 1)))
      writer.weight("r", [2, rows, 24], change(numbers(2 * Int(rows) * 24, 2)))
      writer.weight("h", [2, 3, 24], rounded(numbers(2 * 3 * 24, 3)))
      // Resetting the product, a GRU's state is multiplied as it is.
      let reset: [ModelWriter.Attribute] = layer.name == "GRU" ? [.int("linear_before_reset", 1)] : []
      writer.node(
        layer.name, ["x", "w", "r", "", "", "h"], ["y"],
        [.int("hidden_size", 24), .string("direction", "bidirectional")] + reset)
    }
  }

  @Test func `is the same for a row alone, to the last bit`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil, 70])
    writer.weight("w", [70, 33], numbers(70 * 33, 1))
    writer.node("MatMul", ["x", "w"], ["y"])
    writer.output("y", [nil, 33])
    let model = try Model(bytes: ModelBytes(writer.bytes), options: ModelOptions(precision: .bfloat16))
    let x = try Tensor(shape: [30, 70], floats: numbers(30 * 70, 3))
    let all = try #require(try model.run(["x": x])["y"]?.tensor)
    for row in 0..<30 {
      let alone = try #require(try model.run(["x": x.rows(row..<row + 1)])["y"]?.tensor)
      #expect(try alone.floats() == all.rows(row..<row + 1).floats())
    }
  }

  /// The weights lie at all alignments in the file, so that some are copies, whose memory is given back where it can be.
  @Test(arguments: 0..<4) func `keeps weights that others read as they are`(_ padding: Int) throws {
    var writer = ModelWriter()
    writer.input("x", [2, 8])
    writer.input("i", type: 7, [1])
    writer.weight("tied" + String(repeating: "_", count: padding), [8, 8], numbers(64, 1))
    let name = "tied" + String(repeating: "_", count: padding)
    writer.node("MatMul", ["x", name], ["p"])
    writer.node("Gather", [name, "i"], ["g"])
    writer.node("Add", ["p", "g"], ["y"])
    writer.output("y", [2, 8])
    writer.output(name, [8, 8])
    let model = try Model(bytes: ModelBytes(writer.bytes), options: ModelOptions(precision: .bfloat16))
    let answer = try model.run([
      "x": Tensor(shape: [2, 8], floats: [Float](repeating: 0, count: 16)), "i": Tensor(shape: [1], integers: [3]),
    ])
    let row = Array(numbers(64, 1)[24..<32])
    #expect(try answer["y"]?.tensor?.floats() == row + row)
    #expect(try answer[name]?.tensor?.floats() == numbers(64, 1))
  }

  @Test func `is refused when nothing would be rounded`() throws {
    var writer = ModelWriter()
    writer.input("x", [1, 2])
    writer.weight("w", [2], [1, 2])
    writer.node("Add", ["x", "w"], ["y"])
    writer.output("y", [1, 2])
    for bytes in [writer.bytes, TreeFiles.json] {
      #expect {
        try Model(bytes: ModelBytes(bytes), options: ModelOptions(precision: .bfloat16))
      } throws: { error in
        let error = error as? ModelFileError
        return error?.code == .unsupported && error?.message.hasSuffix("leave the precision out") == true
      }
    }
  }
}
