import CAllocationCount
import HeadgateRuntime
import HeadgateTensors
import Testing

/// In processes of their own, in which nobody else asks for memory.
@Suite struct `A run in the steady state` {
  /// The calls for memory by so many runs that come after those that are not yet repeated.
  private static func allocations(_ model: Model, _ inputs: [[Tensor]], runs: Int = 100) throws -> Int {
    var outputs: [Value] = []
    for index in 0..<10 { try model.run(inputs[index % inputs.count], into: &outputs) }
    let before = hg_allocation_count()
    for index in 0..<runs { try model.run(inputs[index % inputs.count], into: &outputs) }
    let after = hg_allocation_count()
    #expect(outputs.first?.tensor != nil)
    return after - before
  }

  private static func allocations(_ model: RecordedModel, threads: Int?) throws -> Int {
    let loaded = try Model(bytes: ModelBytes(model.writer.bytes), options: ModelOptions(maxThreads: threads))
    return try allocations(loaded, (0..<3).map { try model.inputs($0) })
  }

  /// What counts does count.
  @Test func `is watched by what sees each call for memory`() async {
    await #expect(processExitsWith: .success) {
      let before = hg_allocation_count()
      let tensors = try (0..<50).map { try Tensor(shape: [1000], floats: [Float](repeating: Float($0), count: 1000)) }
      #expect(hg_allocation_count() - before >= 100)
      #expect(tensors.count == 50)
    }
  }

  @Test func `allocates nothing on one thread`() async {
    await #expect(processExitsWith: .success) {
      for model in RecordedModel.all {
        let count = try Self.allocations(model, threads: 1)
        #expect(count == 0, "\(model)")
      }
    }
  }

  @Test func `allocates nothing on all threads`() async {
    await #expect(processExitsWith: .success) {
      for model in RecordedModel.all {
        let count = try Self.allocations(model, threads: nil)
        #expect(count == 0, "\(model)")
      }
      // Long enough to be shared.
      var large = ModelWriter()
      large.input("x", [nil, 256])
      large.weight("w", [256, 512], RecordedModel.numbers(256 * 512))
      large.node("MatMul", ["x", "w"], ["h"])
      large.node("Tanh", ["h"], ["y"])
      large.output("y", [nil, 512])
      let shared = RecordedModel(description: "large", writer: large, shapes: [[256, 256]])
      let count = try Self.allocations(shared, threads: nil)
      // Swift has a closure that other threads call on the heap: one for each of the two steps.
      #expect(count <= 2 * 100)
    }
  }

  @Test func `allocates nothing for trees`() async {
    await #expect(processExitsWith: .success) {
      for bytes in [TreeFiles.json, TreeFiles.ubjson, TreeFiles.text] {
        let model = try Model(bytes: ModelBytes(bytes))
        let width = try #require(model.inputs[0].shape?.last ?? nil)
        for rows in [1, 100, 3000] {
          let numbers = RecordedModel.numbers(rows * width)
          let input =
            model.inputs[0].elementType == .double
            ? try Tensor(shape: [rows, width], doubles: numbers.map { Double($0) })
            : try Tensor(shape: [rows, width], floats: numbers)
          let count = try Self.allocations(model, [[input]])
          #expect(count == 0, "\(rows) rows")
        }
      }
    }
  }
}
