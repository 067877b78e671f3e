import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `A benchmark of a model` {
  private func benchmark(_ batch: Int, width: Int = 4) throws -> ModelBenchmark {
    let rows = try Tensor(shape: [10, width], floats: (0..<10 * width).map { Float($0) * 0.1 })
    return ModelBenchmark(
      try Model(bytes: ModelBytes(ModelWriter.classifier.bytes)), try RowSlices(["x": rows], of: batch))
  }

  @Test func `times single calls`() throws {
    var benchmark = try benchmark(3)
    try benchmark.warmUp(for: .zero)
    let timing = try benchmark.measure(for: .milliseconds(20))
    #expect((1...ModelBenchmark.maxCalls).contains(timing.callCount))
    #expect(timing.wall.p50 > 0)
    for times in [timing.wall, timing.cpu] { #expect(times.p50 <= times.p90 && times.p90 <= times.p99) }
    // Half of the calls take no longer than the median, and the calls together no longer than the measurement.
    #expect(timing.rowsPerSecond > 0)
    #expect(timing.rowsPerSecond * timing.wall.p50 / 1e6 <= 2 * 3)
    #expect(try benchmark.measure(for: .zero).callCount == 1)
  }

  @Test func `has several callers at once`() throws {
    let benchmark = try benchmark(3)
    let timing = try benchmark.measure(for: .milliseconds(20), concurrency: 3)
    #expect((3...ModelBenchmark.maxCalls).contains(timing.callCount))
    #expect(timing.rowsPerSecond > 0)
    // All three have called once when there is no time for more.
    #expect(try benchmark.measure(for: .zero, concurrency: 3).callCount == 3)
    let error = #expect(throws: RunError.self) {
      _ = try self.benchmark(1, width: 5).measure(for: .zero, concurrency: 2)
    }
    #expect(error?.message == "input 'x' must be float[?, 4], got float[1, 5]")
  }

  @Test func `names an input that the model does not take`() throws {
    var benchmark = try benchmark(1, width: 5)
    let error = #expect(throws: RunError.self) { try benchmark.warmUp(for: .zero) }
    #expect(error?.message == "input 'x' must be float[?, 4], got float[1, 5]")
  }

  @Test func `says what each node did`() throws {
    var benchmark = try benchmark(2)
    let profile = try benchmark.profile(for: .zero)
    #expect(profile.runCount == 1)
    #expect(profile.entries.map(\.operatorName) == ["Dense", "MatMul", "Softmax", "ArgMax"])
    #expect(profile.entries.map(\.name) == ["hidden", "scores", "", ""])
    // Two rows of 4 by 4 x 5, then of 5 by 5 x 3, a product and a sum each.
    #expect(profile.entries.map(\.work.floatOperations) == [80, 60, 0, 0])
    // Floats of 4 bytes in and out, classes of 8.
    #expect(profile.entries.map(\.work.bytes) == [172, 124, 48, 40])
    #expect(profile.entries.allSatisfy { $0.callCount == 1 && $0.work.doubleOperations == 0 })
    #expect(profile.operators.reduce(0) { $0 + $1.nodeCount } == 4)
  }

  /// The counts follow from the operators' definitions.
  @Test(
    arguments: [
      ("MatMul", [[2, 3, 4], [4, 5]], [], 2 * 2 * 3 * 5 * 4),
      ("Gemm", [[4, 3], [5, 4]], ["transA", "transB"], 2 * 3 * 5 * 4),
      ("Conv", [[1, 4, 6, 6], [8, 4, 3, 3]], [], 2 * 8 * 4 * 4 * 4 * 9),
      ("ConvTranspose", [[1, 4, 3, 3], [4, 2, 2, 2]], [], 2 * 4 * 9 * 2 * 4),
      ("LSTM", [[5, 2, 3], [1, 16, 3], [1, 16, 4]], [], 2 * 5 * 2 * (16 * 3 + 16 * 4)), ("Mul", [[3], [3]], [], 0),
    ] as [(String, [[Int64]], [String], Int)])
  func `counts the products of`(
    operatorName: String, shapes: [[Int64]], flags: [String], operations: Int
  ) throws {
    var model = ModelWriter()
    let names = shapes.indices.map { "x\($0)" }
    for (name, shape) in zip(names, shapes) { model.input(name, shape.map { $0 }) }
    let attributes = flags.map { ModelWriter.Attribute.int($0, 1) }
    model.node(operatorName, names, ["y"], operatorName == "LSTM" ? [.int("hidden_size", 4)] : attributes)
    model.field(12) { output in
      output.string(1, "y")
      output.message(2) { $0.message(1) { $0.varint(1, 1) } }
    }
    let inputs = try Dictionary(
      uniqueKeysWithValues: zip(names, shapes).map { name, shape in
        let extents = shape.map { Int($0) }
        return (name, try Tensor(shape: extents, floats: [Float](repeating: 1, count: extents.reduce(1, *))))
      })
    var benchmark = ModelBenchmark(
      try Model(bytes: ModelBytes(model.bytes)),
      try RowSlices(inputs, of: Int(shapes[0][0]), whole: Set(names.dropFirst())))
    let work = try #require(try benchmark.profile(for: .zero).entries.first).work
    #expect(work.floatOperations == Double(operations))
  }

  @Test func `adds up the nodes of an operator and the calls of a node`() throws {
    var model = ModelWriter()
    model.input("x", [nil, 2])
    model.node("Relu", ["x"], ["a"])
    model.node("Reshape", ["a", "shape"], ["b"])
    model.node("Relu", ["b"], ["y"])
    model.weight("shape", type: 7, [1]) { $0.bytes(9, [255, 255, 255, 255, 255, 255, 255, 255]) }
    model.output("y", [nil])
    let rows = try Tensor(shape: [4, 2], floats: (0..<8).map(Float.init))
    var benchmark = ModelBenchmark(
      try Model(bytes: ModelBytes(model.bytes)), try RowSlices(["x": rows], of: 1))
    let profile = try benchmark.profile(for: .milliseconds(5))
    let relu = try #require(profile.operators.first { $0.total.operatorName == "Relu" })
    #expect(relu.nodeCount == 2)
    #expect(relu.total.callCount == 2 * profile.runCount)
    #expect(relu.total.work.bytes == Double(2 * profile.runCount) * 16)
    // Another shape for the same elements moves nothing.
    #expect(profile.entries.first { $0.operatorName == "Reshape" }?.work.bytes == 0)
  }
}
