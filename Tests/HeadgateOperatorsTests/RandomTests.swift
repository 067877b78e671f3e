import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are those of numpy's `RandomState`, which ONNX's reference implementation draws from.
@Suite struct `Random numbers` {
  @Test func `are those of the Mersenne twister for a seed`() throws {
    var source = RandomSource(seed: 123)
    let numbers = (0..<2000).map { _ in source.uniform() }
    for (index, expected) in [(0, 0.696469186), (311, 0.660951795), (312, 0.298245393), (1999, 0.097862903)] {
      #expect(abs(numbers[index] - expected) < 1e-9)
    }
  }

  @Test func `fill the interval or the bell that attributes say`() throws {
    let uniform = try run(
      "RandomUniform", opset: 1, [],
      [("shape", .ints([4])), ("seed", .float(3)), ("low", .float(-1)), ("high", .float(2)), ("dtype", .int(1))])[0]
    expectClose(try uniform.floats(), [0.6523936, 1.1244435, -0.12728584, 0.53248286])
    let normal = try run(
      "RandomNormalLike", opset: 22, [floats([5], [0, 0, 0, 0, 0])],
      [("seed", .float(3)), ("mean", .float(1)), ("scale", .float(2)), ("dtype", .int(11))])[0]
    for (a, e) in zip(try normal.doubles(), [4.577256947, 1.873019701, 1.192994936, -2.726985407, 0.445223595]) {
      #expect(abs(a - e) < 1e-8)
    }
  }

  @Test func `decide events by their probabilities`() throws {
    let events = try run(
      "Bernoulli", opset: 15, [Tensor(shape: [7], doubles: [0.1, 0.5, 0.9, 0.3, 0.7, 0, 1])],
      [("seed", .float(5)), ("dtype", .int(6))])[0]
    #expect(try events.array(of: Int32.self) == [0, 1, 1, 1, 1, 0, 1])
  }

  @Test func `choose outcomes in proportion to their weights`() throws {
    let logits = try floats([2, 3], [0, -.infinity, 1.0986123, -.infinity, 2, -.infinity])
    let outcomes = try run(
      "Multinomial", opset: 7, [logits], [("sample_size", .int(4000)), ("seed", .float(1)), ("dtype", .int(7))])[0]
    #expect(outcomes.shape == [2, 4000])
    let values = try outcomes.integers()
    #expect(values[4000...].allSatisfy { $0 == 1 })
    #expect(!values[..<4000].contains(1))
    // Three times as likely as the other: 3000 of 4000, with a deviation of 27.
    #expect(abs(values[..<4000].filter { $0 == 2 }.count - 3000) < 140)
  }

  @Test func `without a seed differ from draw to draw, but not from run to run`() throws {
    let node = OperatorNode(
      name: "", operatorName: "RandomUniform", domain: "", opset: 1, attributes: Attributes([("shape", .ints([3]))]),
      constants: [], usedOutputs: [true])
    let kernel = try #require(
      OperatorRegistry.standard.definition(domain: "", name: "RandomUniform", opset: 1)
    ).prepare(node)
    func drawTwice() throws -> [[Float]] {
      let budget = MemoryBudget(limit: 1 << 20)
      return try (0..<2).map { _ in
        try #require(try kernel(OperatorCall(node: node, inputs: [], budget: budget))[0].tensor).floats()
      }
    }
    let first = try drawTwice()
    #expect(first[0] != first[1])
    #expect(try drawTwice() == first)
    // A model that is loaded draws nothing, so that no draw becomes a constant.
    #expect(throws: TensorError.self) {
      try kernel(OperatorCall(node: node, inputs: [], budget: MemoryBudget(limit: 1 << 20, foldingUntil: .now)))
    }
  }

  @Test func `refuse senseless shapes and types`() throws {
    for attributes in [
      [("shape", .ints([-1]))], [("shape", .ints([1 << 40, 1 << 40]))], [("shape", .ints([2])), ("dtype", .int(7))], [],
      [("shape", .ints([2])), ("dtype", .int(.max))],
    ] as [[(name: String, value: AttributeValue)]] {
      #expect(throws: TensorError.self) { try run("RandomNormal", opset: 1, [], attributes) }
    }
    #expect(throws: TensorError.self) { try run("Multinomial", opset: 7, [floats([1, 0], [])]) }
    #expect(throws: TensorError.self) {
      try run("Multinomial", opset: 7, [floats([1, 1], [0])], [("sample_size", .int(-1))])
    }
  }
}
