import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Shapes without elements take no memory, and neither must what is done with them take time or memory.
@Suite struct `Great extents without elements` {
  private static let huge = 1 << 48

  private func empty(_ shape: Shape) throws -> Tensor { try floats(shape, []) }

  @Test func `draw no outcomes and make no room for them`() throws {
    #expect(try run("Multinomial", [empty([0, Self.huge])])[0].shape == [0, 1])
  }

  @Test func `have no distances between them`() throws {
    let distances = try run("CDist", domain: "com.microsoft", opset: 1, [empty([Self.huge, 0]), empty([0, 0])])
    #expect(distances[0].shape == [Self.huge, 0])
  }

  @Test func `have no measure`() throws {
    let rows = try run(
      "Normalizer", domain: "ai.onnx.ml", opset: 1, [empty([Self.huge, 0])], [("norm", .string("L2"))])
    #expect(rows[0].shape == [Self.huge, 0])
    let vectors = try run(
      "FeatureVectorizer", domain: "ai.onnx.ml", opset: 1, [empty([Self.huge, 0])], [("inputdimensions", .ints([0]))])
    #expect(vectors[0].shape == [Self.huge, 0])
  }

  @Test func `are sampled nowhere`() throws {
    let sampled = try run("GridSample", opset: 20, [empty([Self.huge, 3, 0, 4]), empty([Self.huge, 0, 5, 2])])
    #expect(sampled[0].shape == [Self.huge, 3, 0, 5])
  }

  @Test func `are sliced without a sum that overflows`() throws {
    let input = try empty([0, (1 << 48) - 1, 1 << 15])
    let steps = try run(
      "Slice", [input, integers([1], [0]), integers([1], [.max]), integers([1], [1]), integers([1], [.max])])
    #expect(steps[0].shape == [0, 1, 1 << 15])
    let ends = try run(
      "Slice", [input, integers([2], [.max, .max]), integers([2], [.max, .max]), integers([2], [1, 2])])
    #expect(ends[0].shape == [0, 0, 0])
  }

  @Test func `are convolved with one scale for all channels`() throws {
    let image = try Tensor(shape: [1, 0, 2, 2], [UInt8]())
    let weights = try Tensor(shape: [1 << 40, 0, 1, 1], [UInt8]())
    let (scale, zero) = (try floats([1], [1]), try Tensor(shape: [1], [UInt8(0)]))
    #expect(throws: TensorError.self) {
      try run(
        "QLinearConv", [image, scale, zero, weights, scale, zero, scale, zero], budget: MemoryBudget(limit: 1 << 20))
    }
  }
}

@Suite struct `Attributes that nobody would write` {
  @Test(arguments: [Int64.min, -1 << 40, 2, .max]) func `name no axis to broadcast from`(axis: Int64) throws {
    #expect(throws: TensorError.self) {
      try run(
        "Add", opset: 6, [floats([2, 2], [1, 2, 3, 4]), floats([2], [1, 2])],
        [("broadcast", .int(1)), ("axis", .int(axis))])
    }
  }

  @Test func `ask for more samples than a region has place for`() throws {
    #expect(throws: TensorError.self) {
      try run(
        "RoiAlign", opset: 16,
        [floats([1, 1, 2, 2], [1, 2, 3, 4]), floats([1, 4], [0, 0, 2, 2]), integers([1], [0])],
        [("output_height", .int(1_000_000)), ("output_width", .int(1)), ("sampling_ratio", .int(512))])
    }
  }
}

@Suite struct `Texts` {
  /// Canonically equivalent, and other bytes; the order is that of the bytes.
  @Test func `are the same only when their bytes are`() throws {
    let words = try Tensor(shape: [3], strings: ["\u{e9}", "e\u{301}", "\u{e9}"])
    let other = try Tensor(shape: [3], strings: ["e\u{301}", "e\u{301}", "\u{e9}"])
    #expect(try run("Equal", opset: 19, [words, other])[0].bools() == [false, true, true])
    let unique = try run("Unique", [words], outputs: 4)
    #expect(try unique[0].strings().map { Array($0.utf8) } == [Array("e\u{301}".utf8), Array("\u{e9}".utf8)])
    #expect(try unique[2].integers() == [1, 0, 1])
  }
}

@Suite struct `A constant matrix` {
  private func product(_ weights: Tensor, _ shared: PreparedWeights) throws -> [Float] {
    let node = OperatorNode(
      name: "", operatorName: "MatMul", domain: "", opset: 13, attributes: Attributes([]),
      constants: [nil, .tensor(weights)], usedOutputs: [true], weights: shared)
    let kernel = try #require(OperatorRegistry.standard.definition(domain: "", name: "MatMul", opset: 13)).prepare(node)
    let inputs: [Value?] = [.tensor(try floats([1, 2], [1, 2])), .tensor(weights)]
    return try #require(try kernel(OperatorCall(node: node, inputs: inputs, budget: .unlimited))[0].tensor).floats()
  }

  @Test func `is packed once for all nodes, and used as it is where there is no room`() throws {
    let weights = try floats([2, 2], [1, 2, 3, 4])
    let shared = PreparedWeights()
    #expect(try product(weights, shared) == [7, 10])
    shared.admit(4)
    // Room for one packed copy of 16 bytes: other weights have none.
    for _ in 0..<3 { #expect(try product(weights, shared) == [7, 10]) }
    #expect(try product(floats([2, 2], [5, 6, 7, 8]), shared) == [19, 22])
    #expect(shared.room == 24 - 16)
  }

  @Test func `of half precision takes room as floats, and is refused without`() throws {
    let half = try Casting.convert(
      floats([2, 2], [1, 2, 3, 4]), to: .float16, OperatorCall(node: node, inputs: [], budget: .unlimited))
    #expect(throws: TensorError.self) { try product(half, PreparedWeights()) }
  }

  private var node: OperatorNode {
    OperatorNode(
      name: "", operatorName: "", domain: "", opset: 13, attributes: Attributes([]), constants: [], usedOutputs: [])
  }
}
