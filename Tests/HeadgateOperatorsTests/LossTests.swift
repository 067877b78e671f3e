import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are those of ONNX's reference implementation, which ONNX Runtime 1.31 shares.
@Suite struct `Losses of classifiers` {
  @Test(
    arguments: [
      ("none", [3.9287376, 2.032942]), ("sum", [5.9616795]), ("mean", [2.3846717]),
    ] as [(String, [Float])])
  func `weigh classes and reduce`(reduction: String, expected: [Float]) throws {
    let scores = try floats([2, 3], [1, 2, 0.5, -1, 0, 3])
    let labels = try Tensor(shape: [2], [Int32(2), 0])
    let weights = try floats([3], [0.5, 1, 2])
    let results = try run(
      "SoftmaxCrossEntropyLoss", opset: 12, [scores, labels, weights], [("reduction", .string(reduction))], outputs: 2)
    #expect(results[0].shape == (reduction == "none" ? [2] : []))
    expectClose(try results[0].floats(), expected)
    expectClose(
      try results[1].floats(), [-1.4643688, -0.4643688, -1.9643688, -4.065884, -3.0658839, -0.06588391])
  }

  @Test func `leave an ignored label out of the mean, even one outside of the classes`() throws {
    let input = try floats([2, 3], [1, 2, 0.5, -1, 0, 3])
    let loss = try run(
      "NegativeLogLikelihoodLoss", opset: 13, [input, integers([2], [2, 7])], [("ignore_index", .int(7))])[0]
    #expect(try loss.floats() == [-0.5])
  }

  @Test func `refuse labels of no class and shapes that do not fit`() throws {
    let input = try floats([2, 3], [1, 2, 0.5, -1, 0, 3])
    for labels in [try integers([2], [0, 3]), try integers([2], [.min, 0]), try integers([3], [0, 0, 0])] {
      #expect(throws: TensorError.self) { try run("NegativeLogLikelihoodLoss", opset: 13, [input, labels]) }
    }
    #expect(throws: TensorError.self) {
      try run("NegativeLogLikelihoodLoss", opset: 13, [floats([3], [1, 2, 3]), integers([3], [0, 0, 0])])
    }
    #expect(throws: TensorError.self) {
      try run("SoftmaxCrossEntropyLoss", opset: 13, [input, integers([2], [0, 0]), floats([2], [1, 2])])
    }
  }
}
