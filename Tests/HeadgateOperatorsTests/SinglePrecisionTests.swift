import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values: numpy in single or double precision, rounded once by ml_dtypes.
@Suite struct `Operators on numbers of 16 bits` {
  private func brain(_ shape: Shape, _ values: [Float]) throws -> Tensor {
    try Tensor(shape: shape, values.map { BFloat16($0) })
  }

  private func half(_ shape: Shape, _ values: [Float]) throws -> Tensor {
    try Tensor(shape: shape, values.map { Float16($0) })
  }

  @Test func `round their results once`() throws {
    let y = try run("Sigmoid", [brain([5], [-2, -0.5, 0, 1.5, 3])])[0]
    #expect(y.elementType == .bfloat16)
    #expect(try y.convertedToFloats() == [0.119140625, 0.376953125, 0.5, 0.81640625, 0.953125])
  }

  @Test func `do not lose the small terms of a long sum`() throws {
    let ones = [Float](repeating: 1, count: 4096)
    for make in [brain, half] {
      let product = try run("MatMul", [make([1, 4096], ones), make([4096, 1], ones)])[0]
      #expect(try product.convertedToFloats() == [4096])
      #expect(try run("CumSum", [make([4096], ones), integers([], [0])])[0].convertedToFloats().last == 4096)
    }
  }

  @Test func `give what is no such number as it is`() throws {
    let x = try brain([3], [1, 3, 2])
    #expect(try run("Less", [x, brain([], [2])])[0].bools() == [true, false, false])
    #expect(try run("ArgMax", [x])[0].integers() == [1])
    let best = try run("TopK", [x, integers([1], [2])], outputs: 2)
    #expect(best.map(\.elementType) == [.bfloat16, .int64])
    #expect(try best[0].convertedToFloats() == [3, 2])
  }

  @Test func `take the type of the input that the operator says`() throws {
    let x = try brain([2], [2, 3])
    #expect(try run("Pow", [x, floats([], [2])])[0].elementType == .bfloat16)
    #expect(try run("Pow", [floats([2], [2, 3]), x])[0].elementType == .float)
    #expect(try run("RMSNormalization", opset: 23, [x, floats([2], [1, 1])])[0].elementType == .float)
    #expect(try run("RMSNormalization", opset: 23, [floats([2], [1, 2]), x])[0].elementType == .bfloat16)
  }

  @Test func `keep the statistics of a normalisation in the type of their stash`() throws {
    let x = try brain([2, 4], [1, 2, 3, 4, 10, 20, 30, -40])
    let ones = try brain([4], [1, 1, 1, 1])
    let y = try run("LayerNormalization", [x, ones], outputs: 3)
    #expect(y.map(\.elementType) == [.bfloat16, .float, .float])
    #expect(
      try y[0].convertedToFloats() == [
        -1.34375, -0.447265625, 0.447265625, 1.34375, 0.185546875, 0.55859375, 0.9296875, -1.671875,
      ])
    #expect(try y[1].floats() == [2.5, 5])
    let stashed = try run("LayerNormalization", [x, ones], [("stash_type", .int(16))], outputs: 3)
    #expect(stashed.map(\.elementType) == [.bfloat16, .bfloat16, .bfloat16])
  }

  @Test func `see constants as floats when they are prepared`() throws {
    let definition = OperatorDefinition.prepared("Scale", since: 1) { (node) throws(TensorError) in
      guard let weights = node.constantTensor(1), weights.elementType == .float else {
        throw TensorError(.elementType, "not widened")
      }
      return { (call) throws(TensorError) in [.tensor(try call.tensor(1))] }
    }.computingInSingle()
    let (x, w) = (try brain([1], [1]), try brain([2], [3, 4]))
    let node = OperatorNode(
      name: "", operatorName: "Scale", domain: "", opset: 1, attributes: Attributes([]),
      constants: [nil, .tensor(w)], usedOutputs: [true])
    let call = OperatorCall(node: node, inputs: [.tensor(x), .tensor(w)], budget: .unlimited)
    let result = try #require(try definition.prepare(node)(call)[0].tensor)
    #expect(result.elementType == .bfloat16)
    #expect(try result.convertedToFloats() == [3, 4])
  }

  @Test func `count a long range without standing still`() throws {
    let range = try run("Range", opset: 27, [half([], [0]), half([], [3000]), half([], [1])])[0]
    #expect(range.count == 3000 && range.elementType == .float16)
    #expect(try range.convertedToFloats().suffix(2) == [2998, 3000])
  }

  @Test func `test the floats of 8 bits for what is no number`() throws {
    let x = try Tensor(shape: [3], [Float.nan, .infinity, 1].map { Float8E5M2($0, saturates: false) })
    #expect(try run("IsNaN", opset: 20, [x])[0].bools() == [true, false, false])
    #expect(try run("IsInf", opset: 20, [x])[0].bools() == [false, true, false])
  }
}
