import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// What ONNX Runtime has no kernel for on this machine, and what none should answer. Expected values are numpy's;
/// the cases that ONNX Runtime can judge are those of `Tests/peers/contributed.py`.
@Suite struct `Operators of ONNX Runtime's domain` {
  private let domain = ContributedOperators.domain

  @Test func `add biases before activation functions`() throws {
    let (x, bias) = (try pattern([1, 2, 4], 7, 11), try pattern([4], 5, 7))
    expectClose(
      try run("BiasAdd", domain: domain, [x, bias, pattern([1, 2, 4], 3, 13)])[0].floats(),
      [-1.75, 0.125, -0.25, 0.75, 0.5, -0.625, 0.375, 0])
    let split = try run("BiasSplitGelu", domain: domain, [x, bias])[0]
    #expect(split.shape == [1, 2, 2])
    expectClose(try split.floats(), [0.1003234, 0.1211568, -0.08643281, 0.01254043])
  }

  @Test(arguments: [([2, 1, 3], 1), ([2, 3], 0)])
  func `stretch the bias of a softmax along inner or outer axes`(shape: [Int], inner: Int) throws {
    let result = try run(
      "BiasSoftmax", domain: domain, [pattern([2, 2, 3], 7, 11), pattern(shape, 5, 7)],
      [("axis", .int(2)), ("is_inner_broadcast", .int(Int64(inner)))])
    expectClose(
      try result[0].floats(),
      [
        0.1316016, 0.5897977, 0.2786007, 0.374755, 0.4246531, 0.2005919, 0.374755, 0.4246531, 0.2005919, 0.374755,
        0.4246531, 0.2005919,
      ])
  }

  @Test func `take the mean of quantised numbers`() throws {
    let x = try Tensor(shape: [2, 3], [10, 200, 30, 77, 5, 250] as [UInt8])
    let result = try run(
      "QLinearReduceMean", domain: domain,
      [
        x, floats([], [0.5]), Tensor(shape: [], [100] as [UInt8]), floats([], [0.25]),
        Tensor(shape: [], [120] as [UInt8]),
      ],
      [("axes", .ints([1])), ("keepdims", .int(0))])[0]
    #expect(result.shape == [2])
    #expect(try result.array(of: UInt8.self) == [80, 141])
  }

  @Test func `attend to queries, keys and values that lie together`() throws {
    let all = try run(
      "MultiHeadAttention", domain: domain, [pattern([1, 2, 2, 3, 2], 7, 17)], [("num_heads", .int(2))])
    #expect(all[0].shape == [1, 2, 4])
    expectClose(
      try all[0].floats(),
      [0.3093952, -0.9406048, -0.8100843, 0.06491566, 0.3145708, -0.9354292, -0.8107741, 0.0642259])
    let two = try run(
      "MultiHeadAttention", domain: domain, [pattern([1, 2, 4], 5, 13), pattern([1, 3, 2, 2, 2], 7, 17)],
      [("num_heads", .int(2))])
    expectClose(
      try two[0].floats(),
      [0.07644173, 0.001118953, 0.08585675, 0.1011428, -0.1391987, 0.0663628, -0.2069801, 0.05824394])
  }

  /// A square mask holds all positions; the queries are the last ones of them.
  @Test func `cut the mask of all positions out of a square`() throws {
    let (x, w) = (try pattern([1, 3, 2], 7, 11), try pattern([2, 6], 5, 13))
    let square = try Tensor(shape: [1, 1, 5, 5], (0..<25).map { $0 % 5 <= $0 / 5 ? 1 : 0 } as [Int32])
    let masked = try run("Attention", domain: domain, [x, w, nil, square], [("num_heads", .int(1))])
    let causal = try run(
      "Attention", domain: domain, [x, w], [("num_heads", .int(1)), ("unidirectional", .int(1))])
    expectClose(try masked[0].floats(), try causal[0].floats())
  }

  @Test func `normalise each head of grouped queries before they are rotated`() throws {
    let ones = try floats([2], [1, 1])
    let given: [Tensor?] = [
      try floats([1, 1, 4], [3, 4, 0, 2]), try floats([1, 1, 2], [5, 5]), try floats([1, 1, 2], [1, 2]), nil, nil,
      try Tensor(shape: [1], [0] as [Int32]), try Tensor(shape: [], [1] as [Int32]),
    ]
    let inputs = given + [Tensor?](repeating: nil, count: 7) + [ones, ones]
    let outputs = try run(
      "GroupQueryAttention", domain: domain, inputs, [("num_heads", .int(2)), ("kv_num_heads", .int(1))], outputs: 3)
    #expect(try outputs[0].floats() == [1, 2, 1, 2])
    // 5 / sqrt((25 + 25) / 2)
    expectClose(try outputs[1].floats(), [1, 1])
  }

  /// Attributes and inputs that no tool writes.
  @Test func `refuse what makes no sense`() throws {
    let codes = try Tensor(shape: [2, 1, 8], [UInt8](repeating: 0x98, count: 16))
    let (a, scales) = (try pattern([3, 16], 7, 11), try floats([2], [1, 1]))
    func product(_ attributes: [(name: String, value: AttributeValue)], _ more: [Tensor?] = []) throws {
      _ = try run("MatMulNBits", domain: domain, [a, codes, scales] + more, attributes)
    }
    try product([("K", .int(16)), ("N", .int(2)), ("block_size", .int(16))])
    for (name, value) in [
      ("K", 17), ("N", 3), ("N", -2), ("K", .max), ("N", .max), ("block_size", 0), ("block_size", 24),
      ("block_size", .max), ("bits", 3), ("bits", 64), ("weight_prepacked", 1),
    ] as [(String, Int64)] {
      var attributes: [(name: String, value: AttributeValue)] = [
        ("K", .int(16)), ("N", .int(2)), ("block_size", .int(16)),
      ]
      attributes.removeAll { $0.name == name }
      #expect(throws: TensorError.self, "\(name) \(value)") { try product(attributes + [(name, .int(value))]) }
    }
    #expect(throws: TensorError.self) {
      try product(
        [("K", .int(16)), ("N", .int(2)), ("block_size", .int(16))],
        [nil, Tensor(shape: [16], [Int32](repeating: 1, count: 16))])
    }
    #expect(throws: TensorError.self) { try run("Inverse", domain: domain, [floats([2, 2], [1, 2, 2, 4])]) }
    #expect(throws: TensorError.self) {
      try run("CDist", domain: domain, [a, a], [("metric", .string("cosine"))])
    }
    #expect(throws: TensorError.self) {
      try run("FusedGemm", domain: domain, [a, pattern([16, 2], 3, 7)], [("activation", .string("Softmax"))])
    }
    #expect(throws: TensorError.self) {
      try run(
        "NGramRepeatBlock", domain: domain, [integers([1, 3], [9, 9, 9]), floats([1, 2], [0, 0])],
        [("ngram_size", .int(2))])
    }
    #expect(throws: TensorError.self) {
      try run("QLinearConcat", domain: domain, [floats([], [1]), Tensor(shape: [], [1] as [UInt8])])
    }
  }

  /// The rounded state of a cell is the one that is multiplied; the one that is given out is not rounded.
  @Test func `round to levels as DynamicQuantizeLinear does`() throws {
    var numbers: [Float] = [-0.37, 0.11, 0.92, 0.004]
    numbers.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { DynamicQuantization.round(start, count: 4) }
    }
    expectClose(numbers, [-0.3692941, 0.1112941, 0.9207058, 0.005058823])
  }
}
