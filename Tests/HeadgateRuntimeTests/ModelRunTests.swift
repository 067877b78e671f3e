import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `A loaded model` {
  private let model: Model

  init() throws {
    model = try Model(bytes: ModelBytes(ModelWriter.classifier.bytes))
  }

  @Test func `tells its signature`() {
    #expect(model.inputs == [ValueInfo(name: "x", kind: .tensor, elementType: .float, shape: [nil, 4])])
    #expect(model.outputs.map(\.name) == ["probabilities", "class"])
    #expect(model.outputs.map(\.elementType) == [.float, .int64])
    #expect(model.metadata.producerName == "tests")
    #expect(model.metadata.opsets[""] == 17)
  }

  /// Expected values: the same network in numpy.
  @Test func `computes what numpy computes`() throws {
    let input = try Tensor(shape: [2, 4], floats: [1, 2, 3, 4, -1, 0.5, 0, 2])
    let outputs = try model.run(["x": input])
    let probabilities = try #require(outputs["probabilities"]?.tensor)
    #expect(probabilities.shape == [2, 3])
    let expected: [Float] = [0.1637607, 0.1721569, 0.6640824, 0.2823129, 0.285864, 0.4318231]
    for (actual, expected) in zip(try probabilities.floats(), expected) { #expect(abs(actual - expected) < 1e-5) }
    #expect(try outputs["class"]?.tensor?.integers() == [2, 2])
  }

  @Test func `gives no rows for no rows`() throws {
    let outputs = try model.run(["x": try Tensor(shape: [0, 4], floats: [])])
    #expect(outputs["probabilities"]?.tensor?.shape == [0, 3])
    #expect(outputs["class"]?.tensor?.shape == [0])
  }

  @Test func `gives only the outputs that are asked for`() throws {
    let outputs = try model.run(["x": try Tensor(shape: [1, 4], floats: [1, 2, 3, 4])], outputs: ["class"])
    #expect(Array(outputs.keys) == ["class"])
  }

  @Test func `answers many threads alike`() async throws {
    let input = try Tensor(shape: [3, 4], floats: (0..<12).map { Float($0) * 0.3 })
    let alone = try model.run(["x": input])["probabilities"]?.tensor?.floats()
    let answers = try await withThrowingTaskGroup(of: [Float]?.self) { group in
      for _ in 0..<64 {
        group.addTask { [model] in try model.run(["x": input])["probabilities"]?.tensor?.floats() }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count == 64)
    #expect(answers.allSatisfy { $0 == alone })
  }

  @Test(arguments: [
    ([String: [Int]](), "input 'x' (float[?, 4]) is missing"),
    (["x": [1, 5]], "input 'x' must be float[?, 4], got float[1, 5]"),
    (["x": [4]], "input 'x' must be float[?, 4], got float[4]"),
    (["x": [1, 4], "z": [1]], "the model has no input 'z'; it has 'x' (float[?, 4])"),
  ])
  func `names the input that does not fit`(shapes: [String: [Int]], message: String) throws {
    let inputs = try shapes.mapValues { try Tensor(shape: $0, floats: [Float](repeating: 1, count: $0.reduce(1, *))) }
    let error = #expect(throws: RunError.self) { try model.run(inputs) }
    #expect(error?.code == .invalidInput)
    #expect(error?.message == message)
  }

  @Test func `refuses elements of another type`() throws {
    let error = #expect(throws: RunError.self) {
      try model.run(["x": try Tensor(shape: [1, 4], doubles: [1, 2, 3, 4])])
    }
    #expect(error?.message == "input 'x' must be float[?, 4], got double[1, 4]")
  }

  @Test func `refuses an output it does not have`() throws {
    let error = #expect(throws: RunError.self) {
      try model.run(["x": try Tensor(shape: [1, 4], floats: [1, 2, 3, 4])], outputs: ["score"])
    }
    #expect(error?.code == .unknownOutput)
  }

  @Test func `stops a run at its memory limit`() throws {
    let small = try Model(
      bytes: ModelBytes(ModelWriter.classifier.bytes), options: ModelOptions(maxRunBytes: 1000))
    #expect(throws: Never.self) { try small.run(["x": try Tensor(shape: [1, 4], floats: [1, 2, 3, 4])]) }
    let error = #expect(throws: RunError.self) {
      try small.run(["x": try Tensor(shape: [100, 4], floats: [Float](repeating: 0, count: 400))])
    }
    #expect(error?.code == .memoryLimit)
    #expect(error?.node == "Dense 'hidden'")
  }

  @Test func `folds what depends on constants only`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil, 2])
    writer.weight("a", [2], [1, 2])
    writer.weight("b", [2], [3, 4])
    writer.node("Add", ["a", "b"], ["c"])
    writer.node("Mul", ["x", "c"], ["y"])
    writer.output("y", [nil, 2])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    let outputs = try model.run(["x": try Tensor(shape: [1, 2], floats: [10, 100])])
    #expect(try outputs["y"]?.tensor?.floats() == [40, 600])
  }
}
