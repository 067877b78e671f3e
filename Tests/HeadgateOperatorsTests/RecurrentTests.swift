import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are ONNX Runtime's 1.31.
@Suite struct `Recurrent layers` {
  private static let x = [3, 2, 2]

  private static func lstmInputs() throws -> [Tensor?] {
    [
      try pattern(x, 7, 11), try pattern([2, 8, 2], 5, 13), try pattern([2, 8, 2], 3, 7), try pattern([2, 16], 9, 17),
      try Tensor(shape: [2], [3, 1] as [Int32]), try pattern([2, 2, 2], 4, 5), try pattern([2, 2, 2], 11, 19),
      try pattern([2, 6], 5, 7),
    ]
  }
  private static let lstmAttributes: [(name: String, value: AttributeValue)] = [
    ("hidden_size", .int(2)), ("direction", .string("bidirectional")), ("clip", .float(1.5)),
  ]
  private static let lstmOutputs: [[Float]] = [
    [
      -0.1174916, 0.4298222, -0.1168502, 0.569769, 0.4712745, -0.02428438, 0.2346957, -0.07707983, -0.03921838,
      0.4908582, 0, 0, 0.4464118, -0.009726224, 0, 0, -0.06503254, 0.6032644, 0, 0, 0.1135458, 0.08019963, 0, 0,
    ], [-0.06503254, 0.6032644, -0.1168502, 0.569769, 0.4712745, -0.02428438, 0.2346957, -0.07707983],
    [-0.2803893, 1.474582, -0.3908286, 1.013875, 0.9046196, -0.09735547, 0.4226371, -0.256247],
  ]

  @Test func `end each sequence at its length, in both directions`() throws {
    let outputs = try run("LSTM", opset: 14, Self.lstmInputs(), Self.lstmAttributes, outputs: 3)
    #expect(outputs.map(\.shape) == [[3, 2, 2, 2], [2, 2, 2], [2, 2, 2]])
    for (output, expected) in zip(outputs, Self.lstmOutputs) { expectClose(try output.floats(), expected) }
  }

  @Test func `give the same with the batch first`() throws {
    var inputs = try Self.lstmInputs()
    for index in [0, 5, 6] {
      inputs[index] = try run("Transpose", [inputs[index]], [("perm", .ints([1, 0, 2]))])[0]
    }
    let outputs = try run("LSTM", opset: 14, inputs, Self.lstmAttributes + [("layout", .int(1))], outputs: 3)
    #expect(outputs.map(\.shape) == [[2, 3, 2, 2], [2, 2, 2], [2, 2, 2]])
    expectClose(try run("Transpose", [outputs[0]], [("perm", .ints([1, 2, 0, 3]))])[0].floats(), Self.lstmOutputs[0])
    for index in 1...2 {
      let moved = try run("Transpose", [outputs[index]], [("perm", .ints([1, 0, 2]))])[0]
      expectClose(try moved.floats(), Self.lstmOutputs[index])
    }
  }

  @Test(arguments: [ElementType.double, .float16])
  func `compute in other precisions`(type: ElementType) throws {
    let inputs = try Self.lstmInputs().map { (tensor) in
      try tensor.map { $0.elementType == .int32 ? $0 : try run("Cast", [$0], [("to", .int(Int64(type.rawValue)))])[0] }
    }
    let outputs = try run("LSTM", opset: 22, inputs, Self.lstmAttributes, outputs: 3)
    #expect(outputs.allSatisfy { $0.elementType == type })
    for (output, expected) in zip(outputs, Self.lstmOutputs) {
      for (a, e) in zip(try run("Cast", [output], [("to", .int(1))])[0].floats(), expected) {
        #expect(abs(a - e) < (type == .double ? 1e-6 : 1e-3))
      }
    }
  }

  /// In single precision the products of constant weights are those of any others, to the last bit.
  @Test(arguments: ["RNN", "GRU", "LSTM"], [1, 3])
  func `take constant weights in another order, to the same bits`(_ name: String, _ batch: Int) throws {
    for lengths in [nil, [4, 0, 7]] as [[Int32]?] {
      for isReset in name == "GRU" ? [false, true] : [false] {
        try expectSameBits(name, batch, lengths, isReset: isReset)
      }
    }
  }

  private func expectSameBits(_ name: String, _ batch: Int, _ lengths: [Int32]?, isReset: Bool) throws {
    let (gates, steps, size, hidden) = (["RNN": 1, "GRU": 3, "LSTM": 4][name] ?? 0, 7, 21, 19)
    let weights = [
      try pattern([2, gates * hidden, size], 5, 13), try pattern([2, gates * hidden, hidden], 3, 7),
      try pattern([2, 2 * gates * hidden], 9, 17),
    ]
    let attributes: [(name: String, value: AttributeValue)] =
      [("hidden_size", .int(Int64(hidden))), ("direction", .string("bidirectional"))]
      + (isReset ? [("linear_before_reset", .int(1))] : [])
    let inputs: [Tensor?] =
      [try pattern([steps, batch, size], 7, 11)] + weights
      + (try lengths.map { [try Tensor(shape: [batch], Array($0.suffix(batch)))] } ?? [])
    let values = inputs.map { $0.map { Value.tensor($0) } }
    let outputs = name == "LSTM" ? 3 : 2
    let definition = try #require(OperatorRegistry.standard.definition(domain: "", name: name, opset: 22))
    let node = OperatorNode(
      name: "", operatorName: name, domain: "", opset: 22, attributes: Attributes(attributes),
      constants: values.enumerated().map { 1...3 ~= $0 ? $1 : nil },
      usedOutputs: [Bool](repeating: true, count: outputs))
    let packed = try definition.prepare(node)(OperatorCall(node: node, inputs: values, budget: .threaded))
    let plain = try run(name, opset: 22, inputs, attributes, outputs: outputs)
    for (a, b) in zip(packed, plain) { #expect(try a.tensor?.floats() == b.floats()) }
  }

  @Test func `prepare constant weights once, to the same effect`() throws {
    let inputs = try Self.lstmInputs().map { (tensor) in
      try tensor.map { $0.elementType == .int32 ? $0 : try run("Cast", [$0], [("to", .int(10))])[0] }
    }
    let definition = try #require(OperatorRegistry.standard.definition(domain: "", name: "LSTM", opset: 22))
    let values = inputs.map { $0.map { Value.tensor($0) } }
    let node = OperatorNode(
      name: "", operatorName: "LSTM", domain: "", opset: 22, attributes: Attributes(Self.lstmAttributes),
      constants: values.enumerated().map { 1...3 ~= $0 ? $1 : nil }, usedOutputs: [true, true, true])
    let prepared = try definition.prepare(node)(OperatorCall(node: node, inputs: values, budget: .unlimited))
    let plain = try run("LSTM", opset: 22, inputs, Self.lstmAttributes, outputs: 3)
    for (a, b) in zip(prepared, plain) {
      #expect(try a.tensor?.array(of: Float16.self) == b.array(of: Float16.self))
    }
  }

  @Test(
    arguments: [
      (
        0,
        [
          -0.4063525, 0.3927524, -0.4686483, 0.4094274, -0.5362726, 0.3610846, -0.5826294, 0.352343, -0.4433729,
          0.2185163, -0.5114504, 0.1895548,
        ]
      ),
      (
        1,
        [
          -0.2822326, 0.321532, -0.378686, 0.3526732, -0.4529915, 0.3057613, -0.5151515, 0.3131734, -0.3104241,
          0.1759825, -0.4018691, 0.1672537,
        ]
      ),
    ] as [(Int64, [Float])])
  func `reset the state of a GRU before or after its product`(resetsProduct: Int64, expected: [Float]) throws {
    let outputs = try run(
      "GRU", opset: 14,
      [pattern(Self.x, 7, 11), pattern([1, 6, 2], 5, 13), pattern([1, 6, 2], 3, 7), pattern([1, 12], 9, 17)],
      [
        ("hidden_size", .int(2)), ("direction", .string("reverse")), ("linear_before_reset", .int(resetsProduct)),
        ("activations", .strings(["HardSigmoid", "Softsign"])), ("activation_alpha", .floats([0.3])),
        ("activation_beta", .floats([0.4])),
      ], outputs: 2)
    expectClose(try outputs[0].floats(), expected)
    expectClose(try outputs[1].floats(), Array(expected[..<4]))
  }

  @Test func `leave zeros for a sequence without steps`() throws {
    let outputs = try run(
      "RNN", opset: 7,
      [
        pattern(Self.x, 7, 11), pattern([2, 2, 2], 5, 13), pattern([2, 2, 2], 3, 7), nil,
        Tensor(shape: [2], [0, 2] as [Int32]), pattern([2, 2, 2], 4, 5),
      ],
      [
        ("hidden_size", .int(2)), ("direction", .string("bidirectional")),
        ("activations", .strings(["LeakyRelu", "Affine"])), ("activation_alpha", .floats([0.25, 0.5])),
        ("activation_beta", .floats([0.125])),
      ], outputs: 2)
    expectClose(
      try outputs[0].floats(),
      [
        0, 0, 0.0625, -0.09765625, 0, 0, 0.3583984, 0.2739258, 0, 0, -0.09960938, 0.2856445, 0, 0, 0.171875, 0.0546875,
        0, 0, 0, 0, 0, 0, 0, 0,
      ])
    expectClose(try outputs[1].floats(), [0, 0, -0.09960938, 0.2856445, 0, 0, 0.3583984, 0.2739258])
  }

  @Test func `couple the gates of an LSTM`() throws {
    let inputs = [try pattern(Self.x, 7, 11), try pattern([1, 8, 2], 5, 13), try pattern([1, 8, 2], 3, 7)]
    let outputs = try run("LSTM", opset: 7, inputs, [("hidden_size", .int(2)), ("input_forget", .int(1))], outputs: 3)
    expectClose(try outputs[1].floats(), [-0.1105281, 0.03426115, 0.07302937, -0.05708544])
    expectClose(try outputs[2].floats(), [-0.2008609, 0.06027568, 0.1959466, -0.1287483])
  }

  @Test(
    arguments: [
      ("relu", [], [], [0, 0, 0.375, 0]), ("Tanh", [], [], [-0.3583574, 0, 0.3583574, -0.124353]),
      ("Sigmoid", [], [], [0.4073334, 0.5, 0.5926666, 0.4687907]),
      ("LeakyRelu", [], [], [-0.00375, 0, 0.375, -0.00125]), ("ThresholdedRelu", [0.3], [], [0, 0, 0.375, 0]),
      ("ScaledTanh", [0.5], [2], [-0.3175745, 0, 0.3175744, -0.1224593]),
      ("HardSigmoid", [], [], [0.425, 0.5, 0.575, 0.475]), ("Elu", [], [], [-0.3127107, 0, 0.375, -0.1175031]),
      ("Softsign", [], [], [-0.2727273, 0, 0.2727273, -0.1111111]),
      ("Softplus", [], [], [0.5231233, 0.6931472, 0.8981232, 0.632599]),
      ("Affine", [0.5], [0.25], [0.0625, 0.25, 0.4375, 0.1875]),
    ] as [(String, [Float], [Float], [Float])])
  func `know all activation functions`(name: String, alpha: [Float], beta: [Float], expected: [Float]) throws {
    let identity = try floats([1, 4, 4], (0..<16).map { $0 % 5 == 0 ? 1 : 0 })
    let outputs = try run(
      "RNN", [pattern([1, 1, 4], 3, 7), identity, floats([1, 4, 4], [Float](repeating: 0, count: 16))],
      [
        ("activations", .strings([name])), ("activation_alpha", .floats(alpha)), ("activation_beta", .floats(beta)),
      ], outputs: 2)
    expectClose(try outputs[1].floats(), expected)
  }

  @Test func `refuse what does not fit`() throws {
    func attempt(_ index: Int, _ tensor: Tensor?, _ attributes: [(name: String, value: AttributeValue)] = []) throws {
      var inputs = try Self.lstmInputs()
      if let tensor { inputs[index] = tensor }
      _ = try run("LSTM", opset: 14, inputs, attributes + Self.lstmAttributes, outputs: 3)
    }
    for lengths in [[4, 1], [-1, 1], [.max, .min], [1], [1, 1, 1]] as [[Int32]] {
      #expect(throws: TensorError.self) { try attempt(4, try Tensor(shape: [lengths.count], lengths)) }
    }
    for (index, shape) in [
      (0, [3, 2]), (0, [3, 2, 3]), (1, [1, 8, 2]), (2, [2, 8, 3]), (3, [2, 8]), (5, [2, 1, 2]), (7, [2, 2]),
    ] {
      #expect(throws: TensorError.self) { try attempt(index, try pattern(shape, 1, 5)) }
    }
    #expect(throws: TensorError.self) {
      try attempt(2, try Tensor(shape: [2, 8, 2], doubles: [Double](repeating: 0, count: 32)))
    }
    for attributes in [
      [("hidden_size", .int(3))], [("direction", .string("sideways"))], [("activations", .strings(["Tanh"]))],
      [("activations", .strings(["Tanh", "Tanh", "Tanh", "Tanh", "Tanh", "Cosh"]))], [("clip", .int(1))],
    ] as [[(name: String, value: AttributeValue)]] {
      #expect(throws: TensorError.self) { try attempt(0, nil, attributes) }
    }
  }
}
