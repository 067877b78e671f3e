import Glibc
import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Eighths from -m/16 to m/16 in a fixed order: exact, and easy to make elsewhere.
func pattern(_ shape: Shape, _ a: Int, _ m: Int) throws -> Tensor {
  try floats(shape, (0..<shape.reduce(1, *)).map { Float($0 * a % m - m / 2) / 8 })
}

/// Expected values are ONNX Runtime's 1.31 or the ONNX reference evaluator's 1.22, as said.
@Suite struct `Attention` {
  private let query = [1, 1, 2, 2]
  private let keys = [1, 1, 3, 2]

  /// Both judges agree.
  @Test func `continues with past keys, whose heads several heads of queries share`() throws {
    let outputs = try run(
      "Attention", opset: 23,
      [
        pattern([1, 2, 8], 7, 11), pattern([1, 2, 4], 5, 13), pattern([1, 2, 6], 3, 7), nil,
        pattern([1, 2, 1, 2], 9, 17), pattern([1, 2, 1, 3], 4, 5),
      ], [("is_causal", .int(1)), ("q_num_heads", .int(4)), ("kv_num_heads", .int(2))], outputs: 3)
    #expect(outputs.map(\.shape) == [[1, 2, 12], [1, 2, 3, 2], [1, 2, 3, 3], [1, 2, 12]])
    expectClose(
      try outputs[0].floats(),
      [
        -0.3076759, 0.1346482, 0.2403518, -0.3076759, 0.1346482, 0.2403518, -0.07242795, 0.09228386, -0.25, -0.07739947,
        0.1071984, -0.25, -0.1781924, -0.01787012, 0.1684236, -0.206458, -0.002722271, 0.1923734, 0.06416005,
        0.02886778, -0.09606759, 0.07034878, 0.03406365, -0.08550668,
      ])
    #expect(try outputs[1].floats() == [-1, 0.125, -0.75, -0.125, 0.125, 0.75, -0.875, 0.25, 0.5, -0.5, -0.25, 0.375])
  }

  /// ONNX Runtime's.
  @Test(
    arguments: [
      [0.3093592, -0.3093592, 0.07733981, 0.07733981, -0.3093592, 0.3093592],
      [0.2751175, -0.2751175, 0.07672884, 0.07672884, -0.2751175, 0.2751175],
      [0.7751175, -1.275118, 0.07672884, 0.07672884, -0.02511755, -0.2248825],
      [0.6149718, 0.07914973, 0.3058784, 0.3783875, 0.3417476, 0.279865],
    ].enumerated().map { ($0, $1) } as [(Int, [Float])])
  func `gives its scores after the step that is asked for`(mode: Int, expected: [Float]) throws {
    let outputs = try run(
      "Attention", opset: 24,
      [
        pattern(query, 7, 11), pattern(keys, 5, 13), pattern(keys, 3, 7), floats([2, 3], [0.5, -1, 0, 0, 0.25, -0.5]),
      ], [("softcap", .float(0.5)), ("qk_matmul_output_mode", .int(Int64(mode)))], outputs: 4)
    expectClose(try outputs[0].floats(), [-0.1244637, -0.08636332, 0.05622628, -0.1126847])
    expectClose(try outputs[3].floats(), expected)
  }

  /// Enough queries that keys and values are packed, and blocks of them that are not whole. Expected is the formula in
  /// double precision.
  @Test(arguments: [(16, 5, 3, 4), (49, 33, 8, 8), (130, 70, 5, 17), (200, 129, 32, 1)], [false, true])
  func `computes many queries in blocks`(_ extents: (Int, Int, Int, Int), hasMask: Bool) throws {
    let (length, total, size, width) = extents
    let (batch, heads, keyHeads) = (2, 4, 2)
    let (q, k) = (
      try pattern([batch, length, heads * size], 7, 11), try pattern([batch, total, keyHeads * size], 5, 13)
    )
    let v = try pattern([batch, total, keyHeads * width], 3, 7)
    var mask: Tensor?
    if hasMask {
      let numbers = (0..<length * total).map { $0 % 5 == 0 || $0 / total == 3 ? -Float.infinity : Float($0 % 3) / 4 }
      mask = try floats([length, total], numbers)
    }
    let attributes: [(name: String, value: AttributeValue)] = [
      ("q_num_heads", .int(Int64(heads))), ("kv_num_heads", .int(Int64(keyHeads))),
    ]
    let answer = try run("Attention", opset: 23, [q, k, v, mask], attributes)[0]
    let (queries, keys, values) = (try q.floats(), try k.floats(), try v.floats())
    let numbers = try mask?.floats()
    var expected: [Float] = []
    for row in 0..<batch * length {
      let (item, query) = (row / length, row % length)
      for head in 0..<heads {
        let scores = (0..<total).map { key in
          let product = (0..<size).reduce(0.0) { sum, index in
            sum + Double(queries[(row * heads + head) * size + index])
              * Double(keys[((item * total + key) * keyHeads + head / 2) * size + index])
          }
          return product / Double(size).squareRoot() + Double(numbers?[query * total + key] ?? 0)
        }
        let greatest = scores.max() ?? 0
        let powers = scores.map { greatest == -.infinity ? 0 : exp($0 - greatest) }
        let sum = max(powers.reduce(0, +), .leastNonzeroMagnitude)
        for index in 0..<width {
          let start = (item * total * keyHeads + head / 2) * width + index
          expected.append(
            Float(powers.indices.reduce(0.0) { $0 + powers[$1] * Double(values[start + $1 * keyHeads * width]) } / sum))
        }
      }
    }
    expectClose(try answer.floats(), expected)
    // The same with the heads along an axis of their own.
    func split(_ tensor: Tensor, _ heads: Int) throws -> Tensor {
      let shape = [batch, tensor.shape[1], heads, tensor.shape[2] / heads]
      return try run("Transpose", [tensor.reshaped(to: shape)], [("perm", .ints([0, 2, 1, 3]))])[0]
    }
    let inputs = [try split(q, heads), try split(k, keyHeads), try split(v, keyHeads), mask]
    let other = try run("Attention", opset: 23, inputs)[0]
    #expect(try other.floats() == split(answer, heads).floats())
  }

  /// ONNX Runtime's; the definition leaves NaN.
  @Test func `gives zeros where no key may be attended to`() throws {
    let mask = try Tensor(shape: [2, 3], bools: [false, false, false, true, false, true])
    let inputs = [try pattern(query, 7, 11), try pattern(keys, 5, 13), try pattern(keys, 3, 7), mask]
    expectClose(try run("Attention", opset: 23, inputs)[0].floats(), [0, 0, -0.02640873, -0.1394365])
  }

  /// The reference evaluator's.
  @Test func `masks keys beyond a short mask from opset 24 on`() throws {
    let inputs = [
      try pattern(query, 7, 11), try pattern(keys, 5, 13), try pattern(keys, 3, 7),
      try floats([2, 2], [0.5, -1, 0, 0.25]),
    ]
    expectClose(
      try run("Attention", opset: 24, inputs)[0].floats(), [-0.2945319, -0.01341134, -0.02559123, -0.0582348])
    #expect(throws: TensorError.self) { try run("Attention", opset: 23, inputs) }
  }

  /// ONNX Runtime's.
  @Test func `lets the queries be the last tokens of a cache that is kept outside`() throws {
    let output = try run(
      "Attention", opset: 24,
      [
        pattern([2, 1, 2, 2], 7, 11), pattern([2, 1, 4, 2], 5, 13), pattern([2, 1, 4, 2], 3, 7), nil, nil, nil,
        integers([2], [3, 4]),
      ], [("is_causal", .int(1))])[0]
    expectClose(
      try output.floats(),
      [-0.1124453, -0.04375912, 0.06632406, -0.1361014, -0.1361963, 0.2388037, -0.1922309, 0.1827691])
  }

  /// The reference evaluator's, in double.
  @Test func `takes halves and doubles`() throws {
    let inputs = [try pattern(query, 7, 11), try pattern(keys, 5, 13), try pattern(keys, 3, 7)]
    let expected = [0.010817, -0.1138986, 0.06632405, -0.1361014]
    let doubles = try inputs.map { try Tensor(shape: $0.shape, doubles: try $0.floats().map(Double.init)) }
    for (actual, wanted) in zip(try run("Attention", opset: 23, doubles)[0].doubles(), expected) {
      #expect(abs(actual - wanted) < 1e-7)
    }
    let halves = try inputs.map { try Tensor(shape: $0.shape, try $0.floats().map { Float16($0) }) }
    let output = try run("Attention", opset: 23, halves, [("softmax_precision", .int(11))])[0]
    #expect(try output.array(of: Float16.self) == expected.map { Float16($0) })
  }

  @Test func `refuses what does not fit`() throws {
    let (q, k, v) = (try pattern(query, 7, 11), try pattern(keys, 5, 13), try pattern(keys, 3, 7))
    let flat = try pattern([1, 2, 6], 7, 11)
    let cases: [([Tensor?], [(name: String, value: AttributeValue)])] = [
      ([flat, flat, flat], []), ([flat, flat, flat], [("q_num_heads", .int(4)), ("kv_num_heads", .int(2))]),
      ([flat, flat, flat], [("q_num_heads", .int(3)), ("kv_num_heads", .int(2))]),
      ([flat, flat, flat], [("q_num_heads", .int(0)), ("kv_num_heads", .int(-1))]), ([q, k, flat], []),
      ([q, try pattern([1, 1, 3, 3], 1, 5), v], []), ([q, k, try pattern([1, 1, 4, 2], 1, 5)], []),
      ([q, try pattern([2, 1, 3, 2], 1, 5), v], []), ([q, k, v, nil, k], []),
      ([q, k, v, nil, try pattern([1, 2, 1, 2], 1, 5), v], []), ([q, k, v, try pattern([2, 4], 1, 5)], []),
      ([q, k, v, try pattern([3, 3], 1, 5)], []), ([q, k, v, nil, nil, nil, try integers([1], [4])], []),
      ([q, k, v, nil, nil, nil, try integers([1], [-1])], []), ([q, k, v, nil, k, v, try integers([1], [2])], []),
      ([q, k, v], [("qk_matmul_output_mode", .int(4))]), ([q, k, v], [("softmax_precision", .int(7))]),
      ([try integers([1, 1, 1, 1], [1]), try integers([1, 1, 1, 1], [1]), v], []),
    ]
    for (inputs, attributes) in cases {
      #expect(throws: TensorError.self) { try run("Attention", opset: 24, inputs, attributes) }
    }
  }
}

@Suite struct `FlexAttention` {
  /// What a model's graph would do, without one.
  private struct Change: Subgraph {
    let inputCount = 1
    let outputCount = 1
    let change: @Sendable (Tensor) throws(TensorError) -> Tensor

    func declaredOutput(_ index: Int) -> (elementType: ElementType, shape: [Int?]?)? { nil }

    func run(_ inputs: [Value?], outer: OperatorCall) throws(TensorError) -> [Value] {
      guard case .tensor(let tensor)?? = inputs.first else { return [] }
      return [.tensor(try change(tensor))]
    }
  }

  private func attend(_ name: String, _ change: @escaping @Sendable (Tensor) throws(TensorError) -> Tensor) throws
    -> Tensor
  {
    let inputs = [
      try pattern([1, 1, 2, 2], 7, 11), try pattern([1, 1, 3, 2], 5, 13), try pattern([1, 1, 3, 2], 3, 7),
    ]
    return try HeadgateOperatorsTests.run(
      "FlexAttention", domain: "ai.onnx.preview", opset: 1, inputs, [(name, .graph(Change(change: change)))])[0]
  }

  @Test func `lets graphs change scores and weights`() throws {
    // Weights of one third, whatever the scores are: the mean of the values.
    let even = try attend("score_mod") { (scores) throws(TensorError) in
      try Tensor(shape: scores.shape, floats: [Float](repeating: 1, count: scores.count))
    }
    expectClose(try even.floats(), [2.0 / 24, -0.125, 2.0 / 24, -0.125])
    let none = try attend("prob_mod") { (weights) throws(TensorError) in
      try Tensor(shape: weights.shape, floats: [Float](repeating: 0, count: weights.count))
    }
    #expect(try none.floats() == [0, 0, 0, 0])
  }

  @Test func `refuses a graph that changes shape or type`() throws {
    #expect(throws: TensorError.self) {
      try attend("score_mod") { (scores) throws(TensorError) in try scores.reshaped(to: [scores.count]) }
    }
    #expect(throws: TensorError.self) {
      try attend("prob_mod") { (weights) throws(TensorError) in
        try Tensor(shape: weights.shape, doubles: [Double](repeating: 0, count: weights.count))
      }
    }
  }
}

@Suite struct `What models put around attention` {
  private let row = [1, 1, 4]

  @Test func `linear attention takes what its rule needs and nothing else`() throws {
    let x = try pattern(row, 3, 7)
    let one = try floats([1, 1, 1], [0.5])
    func attend(_ rule: String, _ inputs: [Tensor?], heads: Int64 = 1) throws -> [Tensor] {
      try run(
        "LinearAttention", opset: 27, inputs,
        [
          ("update_rule", .string(rule)), ("q_num_heads", .int(heads)), ("kv_num_heads", .int(1)), ("scale", .float(1)),
        ],
        outputs: 2)
    }
    // One step from nothing: the state is k v^T, the output (q k) v.
    let outputs = try attend("linear", [x, x, x])
    let values = try x.floats()
    let square = values.reduce(0) { $0 + $1 * $1 }
    expectClose(try outputs[0].floats(), values.map { $0 * square })
    expectClose(try outputs[1].floats(), values.flatMap { k in values.map { k * $0 } })
    for (rule, inputs) in [
      ("linear", [x, x, x, nil, one]), ("gated", [x, x, x]), ("delta", [x, x, x, nil, one]),
      ("gated_delta", [x, x, x, nil, one]), ("square", [x, x, x]),
      ("linear", [x, x, x, try pattern([1, 1, 4, 3], 1, 5)]),
      ("gated", [x, x, x, nil, try pattern([1, 1, 3], 1, 5)]),
      ("delta", [x, x, x, nil, nil, try pattern([1, 2, 1], 1, 5)]),
    ] as [(String, [Tensor?])] {
      #expect(throws: TensorError.self) { try attend(rule, inputs) }
    }
    #expect(throws: TensorError.self) { try attend("linear", [x, x, x], heads: 3) }
    #expect(throws: TensorError.self) { try attend("linear", [x, x, x], heads: 0) }
  }

  @Test func `rotary embeddings turn a part of each head`() throws {
    let x = try floats([1, 1, 1, 4], [1, 2, 3, 4])
    let (cosines, sines) = (try floats([2, 1], [1, 0]), try floats([2, 1], [0, 1]))
    func rotate(_ position: Int64, _ attributes: [(name: String, value: AttributeValue)]) throws -> [Float] {
      try run("RotaryEmbedding", opset: 23, [x, cosines, sines, integers([1, 1], [position])], attributes)[0].floats()
    }
    #expect(try rotate(0, [("rotary_embedding_dim", .int(2))]) == [1, 2, 3, 4])
    #expect(try rotate(1, [("rotary_embedding_dim", .int(2))]) == [-2, 1, 3, 4])
    for position in [-1, 2, .max, .min] as [Int64] {
      #expect(throws: TensorError.self) { try rotate(position, [("rotary_embedding_dim", .int(2))]) }
    }
    for width in [3, 4, 6, -2, .max] as [Int64] {
      #expect(throws: TensorError.self) { try rotate(0, [("rotary_embedding_dim", .int(width))]) }
    }
  }

  @Test func `caches are written at an index for each sample`() throws {
    let cache = try Tensor(shape: [2, 3, 1], strings: ["a", "b", "c", "d", "e", "f"])
    let update = try Tensor(shape: [2, 2, 1], strings: ["w", "x", "y", "z"])
    func write(_ starts: [Int64], _ mode: String) throws -> [String] {
      try run(
        "TensorScatter", opset: 24, [cache, update, integers([starts.count], starts)], [("mode", .string(mode))])[0]
        .strings()
    }
    #expect(try write([0, 1], "linear") == ["w", "x", "c", "d", "y", "z"])
    #expect(try write([2, -1], "circular") == ["x", "b", "w", "z", "e", "y"])
    #expect(try write([.max, .min], "circular").count == 6)
    for starts in [[0], [0, 2], [-1, 0], [.max, 0], [.min, 0]] as [[Int64]] {
      #expect(throws: TensorError.self) { try write(starts, "linear") }
    }
    #expect(throws: TensorError.self) { try run("TensorScatter", opset: 24, [cache, update], [("axis", .int(0))]) }
    #expect(throws: TensorError.self) { try run("TensorScatter", opset: 24, [update, cache]) }
  }

  @Test func `gives keys that are all hidden no weight, and hides no NaN`() {
    func weights(_ scores: [Float]) -> [Float] {
      var row = scores
      Softmax.normalize(&row, count: row.count)
      return row
    }
    #expect(weights([-.infinity, -.infinity]) == [0, 0])
    #expect(weights([-.infinity, 3]) == [0, 1])
    for scores: [Float] in [[.nan, -.infinity], [.nan, .nan], [1, .nan, -.infinity]] {
      #expect(weights(scores).count { $0.isNaN } == scores.count)
    }
  }
}
