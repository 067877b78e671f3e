import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Classical operators` {
  /// Expected values are those of ONNX's reference implementation; the last set is empty, and nothing is in it.
  @Test func `walk trees with membership tests in half precision`() throws {
    let half = { (values: [Float16]) in AttributeValue.tensor(try Tensor(shape: [values.count], values)) }
    let attributes: [(name: String, value: AttributeValue)] = [
      ("nodes_splits", try half([0.5, 0, 1])), ("nodes_featureids", .ints([0, 1, 1])),
      ("nodes_modes", .tensor(try Tensor(shape: [3], [UInt8(0), 6, 3]))), ("nodes_truenodeids", .ints([1, 0, 2])),
      ("nodes_falsenodeids", .ints([2, 1, 3])), ("nodes_trueleafs", .ints([0, 1, 1])),
      ("nodes_falseleafs", .ints([0, 1, 1])), ("leaf_weights", try half([1, 2, 4, 8])),
      ("leaf_targetids", .ints([0, 1, 0, 1])), ("tree_roots", .ints([0])), ("n_targets", .int(2)),
    ]
    let x = try Tensor(shape: [5, 2], [Float16(0), 3, 0, -1, 0, 2, 1, 2, 1, 0])
    func scores(_ members: [Float16]) throws -> [Float16] {
      let all = attributes + [("membership_values", try half(members))]
      return try run("TreeEnsemble", domain: "ai.onnx.ml", opset: 5, [x], all)[0].array()
    }
    #expect(try scores([3, -1, .nan]) == [1, 0, 1, 0, 0, 2, 4, 0, 0, 8])
    #expect(try scores([.nan]) == [0, 2, 0, 2, 0, 2, 4, 0, 0, 8])
    #expect(throws: TensorError.self) { try scores([]) }
  }

  @Test func `encode labels by tensors of small integers`() throws {
    let encoded = try run(
      "LabelEncoder", domain: "ai.onnx.ml", opset: 4, [Tensor(shape: [3], [Int16(7), 2, 9])],
      [
        ("keys_tensor", .tensor(try Tensor(shape: [2], [Int16(2), 9]))),
        ("values_tensor", .tensor(try Tensor(shape: [2], [Int32(20), 90]))),
        ("default_tensor", .tensor(try Tensor(shape: [1], [Int32(-5)]))),
      ])[0]
    #expect(try encoded.array(of: Int32.self) == [-5, 20, 90])
  }

  /// Expected values are those of ONNX Runtime 1.31.
  @Test func `write the numbers of maps as text`() throws {
    let definition = try #require(
      OperatorRegistry.standard.definition(domain: "ai.onnx.ml", name: "CastMap", opset: 1))
    func cast(_ scores: Tensor, _ attributes: [(name: String, value: AttributeValue)]) throws -> Tensor {
      let node = OperatorNode(
        name: "", operatorName: "CastMap", domain: "ai.onnx.ml", opset: 1, attributes: Attributes(attributes),
        constants: [nil], usedOutputs: [true])
      let maps = Value.maps(keys: .integers([0, 3, 1]), scores: scores)
      return try #require(
        try definition.prepare(node)(OperatorCall(node: node, inputs: [maps], budget: .unlimited))[0].tensor)
    }
    let numbers = try floats([1, 3], [1.5, -2.25, 1e10])
    #expect(
      try cast(numbers, [("cast_to", .string("TO_STRING"))]).strings() == [
        "1.500000", "10000000000.000000", "-2.250000",
      ])
    #expect(
      try cast(
        numbers, [("cast_to", .string("TO_STRING")), ("map_form", .string("SPARSE")), ("max_map", .int(5))]
      ).strings() == ["1.500000", "10000000000.000000", "0.f", "-2.250000", "0.f"])
    #expect(try cast(numbers, [("cast_to", .string("TO_INT64"))]).integers() == [1, 10_000_000_000, -2])
    let words = try Tensor(shape: [1, 3], strings: ["1.5", "-2", "7"])
    #expect(try cast(words, []).floats() == [1.5, 7, -2])
    #expect(throws: TensorError.self) { try cast(Tensor(shape: [1, 3], strings: ["a", "b", "c"]), []) }
  }

  /// Expected values are those of ONNX Runtime 1.31, which leaves the second score undefined.
  @Test func `give the quantile of a single linear score`() throws {
    let scores = try run(
      "LinearClassifier", domain: "ai.onnx.ml", opset: 1, [floats([3, 1], [0.1, 0.7, 0.95])],
      [
        ("coefficients", .floats([1])), ("intercepts", .floats([0])), ("classlabels_ints", .ints([3, 7])),
        ("post_transform", .string("PROBIT")),
      ], outputs: 2)[1]
    expectClose(try scores.floats(), [-1.2817129, 0, 0.5244459, 0, 1.6446697, 0])
  }
}
