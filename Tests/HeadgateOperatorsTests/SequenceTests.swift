import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Runs one operator on values of any kind.
private func run(
  _ name: String, opset: Int = 17, _ inputs: [Value?], _ attributes: [(name: String, value: AttributeValue)] = [],
  budget: MemoryBudget = .unlimited
) throws -> [Value] {
  let definition = try #require(OperatorRegistry.standard.definition(domain: "", name: name, opset: opset))
  let node = OperatorNode(
    name: "test", operatorName: name, domain: "", opset: opset, attributes: Attributes(attributes),
    constants: inputs.map { _ in nil }, usedOutputs: [true])
  return try definition.prepare(node)(OperatorCall(node: node, inputs: inputs, budget: budget))
}

private func ints(_ values: [Int64]) throws -> Value { .tensor(try integers([values.count], values)) }
private func scalar(_ value: Int64) throws -> Value { .tensor(try integers([], [value])) }

private func lists(_ value: Value?) throws -> [[Int64]] {
  guard case .sequence(let elements)? = value else { return [[-1]] }
  return try elements.map { try #require($0.tensor).integers() }
}

@Suite struct `Operators on sequences` {
  private let three: Value

  init() throws { three = .sequence([try ints([1]), try ints([2, 2]), try ints([3])]) }

  @Test(
    arguments: [
      (-3, [[9], [1], [2, 2], [3]]), (-1, [[1], [2, 2], [9], [3]]), (3, [[1], [2, 2], [3], [9]]),
    ] as [(Int64, [[Int64]])])
  func `insert before a place, counted from either end`(place: Int64, expected: [[Int64]]) throws {
    #expect(try lists(run("SequenceInsert", [three, try ints([9]), try scalar(place)]).first) == expected)
  }

  @Test func `insert and erase at the end when no place is given`() throws {
    #expect(try lists(run("SequenceInsert", [three, try ints([9])]).first) == [[1], [2, 2], [3], [9]])
    #expect(try lists(run("SequenceErase", [three]).first) == [[1], [2, 2]])
    #expect(try lists(run("SequenceErase", [three, try scalar(-3)]).first) == [[2, 2], [3]])
  }

  @Test(arguments: [-4, 3, .min, .max] as [Int64])
  func `refuse places outside`(place: Int64) throws {
    #expect(throws: TensorError.self) { try run("SequenceAt", [three, try scalar(place)]) }
    #expect(throws: TensorError.self) { try run("SequenceErase", [three, try scalar(place)]) }
    #expect(throws: TensorError.self) {
      try run("SequenceInsert", [three, try ints([9]), try scalar(place == 3 ? 4 : place)])
    }
  }

  @Test func `refuse tensors of another type, and other values`() throws {
    let floats = Value.tensor(try floats([1], [1]))
    #expect(throws: TensorError.self) { try run("SequenceInsert", [three, floats]) }
    #expect(throws: TensorError.self) { try run("SequenceConstruct", [try ints([1]), floats]) }
    #expect(throws: TensorError.self) { try run("SequenceLength", [floats]) }
    #expect(throws: TensorError.self) { try run("SequenceErase", [.sequence([])]) }
  }

  /// Expected values: onnx.reference 1.22.0.
  @Test func `split by one length and by many, along any axis`() throws {
    let input = Value.tensor(try integers([2, 5], Array(0..<10)))
    let axis: [(name: String, value: AttributeValue)] = [("axis", .int(-1))]
    #expect(
      try lists(run("SplitToSequence", [input, try scalar(2)], axis).first) == [[0, 1, 5, 6], [2, 3, 7, 8], [4, 9]])
    #expect(
      try lists(run("SplitToSequence", [input, try ints([0, 4, 1])], axis).first) == [
        [], [0, 1, 2, 3, 5, 6, 7, 8], [4, 9],
      ])
    #expect(
      try lists(run("SplitToSequence", [input], [("keepdims", .int(0))]).first) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    guard case .sequence(let rows)? = try run("SplitToSequence", [input], [("keepdims", .int(0))]).first else {
      Issue.record("no sequence")
      return
    }
    #expect(rows.map { $0.tensor?.shape } == [[5], [5]])
  }

  @Test func `refuse to split into parts that do not fit, or too many`() throws {
    let input = Value.tensor(try integers([2, 5], Array(0..<10)))
    for split in [try scalar(0), try scalar(-1), try ints([1, 2]), try ints([-1, 3]), try ints([.max, .max, 4])] {
      #expect(throws: TensorError.self) { try run("SplitToSequence", [input, split]) }
    }
    let hollow = Value.tensor(try Tensor(shape: [1 << 40, 0], integers: []))
    let error = #expect(throws: TensorError.self) {
      try run("SplitToSequence", [hollow], budget: MemoryBudget(limit: 1 << 20))
    }
    #expect(error?.code == .memoryLimit)
  }

  @Test func `join along an old and a new axis`() throws {
    let pair = Value.sequence([.tensor(try integers([2], [1, 2])), .tensor(try integers([2], [3, 4]))])
    let joined = try run("ConcatFromSequence", [pair], [("axis", .int(0))])
    #expect(try joined[0].tensor?.integers() == [1, 2, 3, 4])
    let stacked = try run("ConcatFromSequence", [pair], [("axis", .int(-1)), ("new_axis", .int(1))])
    #expect(stacked[0].tensor?.shape == [2, 2])
    #expect(try stacked[0].tensor?.integers() == [1, 3, 2, 4])
    #expect(throws: TensorError.self) {
      try run("ConcatFromSequence", [pair], [("axis", .int(2)), ("new_axis", .int(1))])
    }
    #expect(throws: TensorError.self) { try run("ConcatFromSequence", [.sequence([])], [("axis", .int(0))]) }
  }

  @Test func `refuse to join extents whose sum overflows`() throws {
    let hollow = Value.tensor(try Tensor(shape: [1 << 48, 0], integers: []))
    let many = Value.sequence([Value](repeating: hollow, count: 1 << 16))
    #expect(throws: TensorError.self) { try run("ConcatFromSequence", [many], [("axis", .int(0))]) }
  }

  @Test func `split unequally from opset 18 on only`() throws {
    let input = Value.tensor(try integers([5], Array(0..<5)))
    #expect(throws: TensorError.self) { try run("Split", opset: 13, [input, nil], [("num_outputs", .int(2))]) }
    let parts = try run("Split", opset: 18, [input], [("num_outputs", .int(2))])
    #expect(try parts.map { try $0.tensor?.integers() } == [[0, 1, 2], [3, 4]])
    let old = try run("Split", opset: 1, [.tensor(try floats([3], [1, 2, 3])), .tensor(try floats([2], [1, 2]))])
    #expect(try old.map { try $0.tensor?.floats() } == [[1], [2, 3]])
  }
}
