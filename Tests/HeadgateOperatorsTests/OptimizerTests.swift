import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are those of ONNX's reference implementation.
@Suite struct `Steps of optimisers` {
  private func step(
    _ name: String, updates: Int64, memories: [[Float]], _ attributes: [(name: String, value: AttributeValue)]
  ) throws -> [[Float]] {
    let inputs =
      [try floats([], [0.1]), try integers([], [updates]), try floats([2], [1.5, -2]), try floats([2], [0.5, -0.25])]
      + (try memories.map { try floats([2], $0) })
    return try run(name, domain: "ai.onnx.preview.training", opset: 1, inputs, attributes, outputs: memories.count + 1)
      .map { try $0.floats() }
  }

  @Test(
    arguments: [
      (0, [[1.4315, -1.960738], [0.565225, 0.4729]]), (3, [[1.4473077, -1.9697984], [0.565225, 0.4729]]),
    ] as [(Int64, [[Float]])])
  func `follow Adagrad`(updates: Int64, expected: [[Float]]) throws {
    let results = try step(
      "Adagrad", updates: updates, memories: [[0.3, 0.4]],
      [("norm_coefficient", .float(0.01)), ("decay_factor", .float(0.1)), ("epsilon", .float(1e-5))])
    for (a, e) in zip(results, expected) { expectClose(a, e) }
  }

  @Test(
    arguments: [(0, [1.444681, -1.9837174]), (3, [1.464885359, -1.964791143])] as [(Int64, [Float])])
  func `follow Adam`(updates: Int64, expected: [Float]) throws {
    let results = try step(
      "Adam", updates: updates, memories: [[0.1, 0.2], [0.3, 0.4]],
      [("norm_coefficient", .float(0.01)), ("norm_coefficient_post", .float(0.02))])
    expectClose(results[0], expected)
    expectClose(results[1], [0.1415, 0.153])
    expectClose(results[2], [0.29996523, 0.3996729])
  }

  @Test(
    arguments: [
      ("standard", 0, [1.4395, -1.991], [0.605, -0.09]), ("nesterov", 0, [1.39405, -1.9649], [0.605, -0.09]),
      ("standard", 3, [1.46525, -2.0045], [0.3475, 0.045]), ("nesterov", 3, [1.417225, -1.97705], [0.3475, 0.045]),
    ] as [(String, Int64, [Float], [Float])])
  func `follow momentum`(mode: String, updates: Int64, values: [Float], memory: [Float]) throws {
    let results = try step(
      "Momentum", updates: updates, memories: [[0.1, 0.2]],
      [
        ("norm_coefficient", .float(0.01)), ("alpha", .float(0.9)), ("beta", .float(0.5)), ("mode", .string(mode)),
      ])
    expectClose(results[0], values)
    expectClose(results[1], memory)
  }

  @Test func `refuse groups that do not fit`() throws {
    let one = try floats([1], [1])
    for inputs in [
      [one, try integers([], [0]), one, one], [one, try integers([], [0]), one, one, try floats([2], [1, 2])], [],
      [one, try integers([2], [0, 1]), one, one, one],
    ] {
      #expect(throws: TensorError.self) { try run("Adagrad", domain: "ai.onnx.preview.training", opset: 1, inputs) }
    }
  }
}
