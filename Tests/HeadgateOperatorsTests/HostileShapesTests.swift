import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Operators of sequences and matrices on tensors of shapes that almost fit: nothing is expected but an end.
@Suite struct `Shapes that nobody would send` {
  private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func isOne(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
  }

  /// An operator with the types and shapes of its inputs: the same letter stands for the same extent, a
  /// digit for itself, a capital for a multiple of `h`.
  struct Template: Sendable, CustomTestStringConvertible {
    let name: String
    var domain = ""
    let inputs: [String]
    var attributes: [String: [Int64]] = [:]
    var texts: [String: [String]] = [:]

    var testDescription: String { name }
  }

  private static let numbers: [Int64] = [0, 1, 2, -1, .max, .min, 1 << 40]
  private static let directions = ["direction": ["forward", "reverse", "bidirectional"]]
  private static let recurrentNumbers: [String: [Int64]] = ["layout": [0, 1], "hidden_size": numbers]
  private static let templates = [
    Template(
      name: "Attention", inputs: ["f:bhld", "f:bgsd", "f:bgse", "f:ls", "", "", "i:b"],
      attributes: ["is_causal": [0, 1], "qk_matmul_output_mode": [0, 1, 2, 3, .min]]),
    Template(
      name: "Attention", inputs: ["f:bld", "f:bsd", "f:bse", "", "f:b1pd", "f:b1pe"],
      attributes: ["q_num_heads": [1, 1, 2] + numbers, "kv_num_heads": [1, 1, 2] + numbers, "is_causal": [0, 1]]),
    Template(name: "FlexAttention", domain: "ai.onnx.preview", inputs: ["f:bhld", "f:bgsd", "f:bgse"]),
    Template(
      name: "LinearAttention", inputs: ["f:bld", "f:bld", "f:ble", "f:b1de", "f:bl1", "f:bl1"],
      attributes: ["q_num_heads": [1, 1, 2] + numbers, "kv_num_heads": [1, 1, 2] + numbers],
      texts: ["update_rule": ["gated_delta", "gated_delta", "linear"]]),
    Template(
      name: "RotaryEmbedding", inputs: ["f:bhl4", "f:s2", "f:s2", "i:bl"],
      attributes: ["num_heads": numbers, "rotary_embedding_dim": [4, 4] + numbers, "interleaved": [0, 1]]),
    Template(
      name: "TensorScatter", inputs: ["f:bhsd", "f:bhld", "i:b"], attributes: ["axis": [2, -2] + numbers],
      texts: ["mode": ["linear", "circular"]]),
    Template(
      name: "RNN", inputs: ["f:lbd", "f:1hd", "f:1hh", "f:1B", "s:b", "f:1bh"], attributes: recurrentNumbers,
      texts: directions),
    Template(
      name: "GRU", inputs: ["f:lbd", "f:1Cd", "f:1Ch", "f:1F", "s:b", "f:1bh"],
      attributes: recurrentNumbers.merging(["linear_before_reset": [0, 1]]) { $1 }, texts: directions),
    Template(
      name: "LSTM", inputs: ["f:lbd", "f:1Dd", "f:1Dh", "f:1H", "s:b", "f:1bh", "f:1bh", "f:1C"],
      attributes: recurrentNumbers, texts: directions),
    Template(name: "MatMul", inputs: ["f:bhls", "f:hsd"]), Template(name: "MatMul", inputs: ["f:bhls", "f:sd"]),
    Template(name: "Gemm", inputs: ["f:ls", "f:sd", "f:ld"], attributes: ["transA": [0, 1], "transB": [0, 1]]),
    Template(
      name: "Einsum", inputs: ["f:bls", "f:bsd"],
      texts: ["equation": ["bls,bsd->bld", "...ls,...sd->...ld", "bls,bsd->", "aab,acd->b", "bls,bsd->sb", "abc,def"]]),
    Template(name: "Det", inputs: ["f:bll"]), Template(name: "CumProd", inputs: ["f:bls", "i:1"]),
    Template(name: "MatMulInteger", inputs: ["u:bls", "u:sd", "u:bl1", "u:d"]),
    Template(name: "QLinearMatMul", inputs: ["u:ls", "f:l", "u:l", "u:bsd", "f:1", "u:1", "f:1", "u:1"]),
  ]

  @Test(arguments: templates)
  func `end in an answer or an error`(template: Template) throws {
    var random = Random(state: 7)
    var answers = 0
    for _ in 0..<1500 {
      var extents: [Character: Int] = [:]
      for letter in "bhgldsep" { extents[letter] = [0, 1, 1, 2, 2, 3, 1 << 40].randomElement(using: &random) }
      var attributes: [(name: String, value: AttributeValue)] = []
      for (name, values) in template.attributes.sorted(by: { $0.key < $1.key }) where random.isOne(in: 2) {
        attributes.append((name, .int(values.randomElement(using: &random) ?? 0)))
      }
      for (name, values) in template.texts.sorted(by: { $0.key < $1.key }) {
        attributes.append((name, .string(values.randomElement(using: &random) ?? "")))
      }
      var inputs: [Value?] = []
      for (index, input) in template.inputs.enumerated() {
        let isAbsent = input.isEmpty || (index > 1 && random.isOne(in: 6))
        inputs.append(isAbsent ? nil : try tensor(input, extents, &random).map { .tensor($0) })
      }
      let definition = try #require(
        OperatorRegistry.standard.definition(domain: template.domain, name: template.name, opset: 27))
      let node = OperatorNode(
        name: "", operatorName: template.name, domain: template.domain, opset: 27, attributes: Attributes(attributes),
        constants: inputs.map { _ in nil }, usedOutputs: [Bool](repeating: true, count: 4))
      let call = OperatorCall(node: node, inputs: inputs, budget: MemoryBudget(limit: 1 << 20))
      if (try? definition.prepare(node)(call)) != nil { answers += 1 }
    }
    // Else the errors would all be of one kind, and nothing tested.
    #expect(answers > 3)
  }

  private func tensor(_ text: String, _ extents: [Character: Int], _ random: inout Random) throws -> Tensor? {
    var shape = text.dropFirst(2).map { letter -> Int in
      if let digit = letter.wholeNumberValue { return digit }
      if let multiple = letter.isUppercase ? letter.asciiValue.map({ Int($0) - 64 }) : nil {
        return (extents["h"] ?? 1) &* multiple
      }
      return extents[letter] ?? 1
    }
    if let axis = shape.indices.randomElement(using: &random), random.isOne(in: 20) {
      shape[axis] = [0, 1, 2, 5, 1 << 48].randomElement(using: &random) ?? 0
    }
    // Great extents only where another is zero, so that the tensor itself is small.
    guard let count = try? shape.elementCount(), count < 4096 else { return nil }
    let numbers: [Int64] = [0, 0, 0, 1, 1, 2, -1, .max, .min, 1 << 40]
    switch text.first {
    case "i":
      return try Tensor(shape: shape, (0..<count).map { _ in numbers.randomElement(using: &random) ?? 0 })
    case "s": return try Tensor(shape: shape, (0..<count).map { _ in Int32.random(in: -1...3, using: &random) })
    case "u": return try Tensor(shape: shape, [UInt8](repeating: 200, count: count))
    default: return try Tensor(shape: shape, [Float](repeating: 0.5, count: count))
    }
  }
}
