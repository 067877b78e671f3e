import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's.
@Suite struct `Operators that reduce` {
  @Test(
    arguments: [
      ("ReduceSum", [6, 15]), ("ReduceMean", [2, 5]), ("ReduceMax", [3, 6]), ("ReduceMin", [1, 4]),
      ("ReduceProd", [6, 120]), ("ReduceL1", [6, 15]), ("ReduceL2", [3.7416575, 8.774964]),
      ("ReduceSumSquare", [14, 77]), ("ReduceLogSum", [1.7917595, 2.7080503]),
      ("ReduceLogSumExp", [3.407606, 6.407606]),
    ] as [(String, [Float])])
  func `take axes from an attribute or an input`(name: String, expected: [Float]) throws {
    let x = try floats([2, 3], [1, 2, 3, 4, 5, 6])
    let old = try run(name, opset: 11, [x], [("axes", .ints([1])), ("keepdims", .int(0))])[0]
    let new = try run(name, opset: 18, [x, integers([1], [-1])], [("keepdims", .int(1))])[0]
    #expect(old.shape == [2])
    #expect(new.shape == [2, 1])
    expectClose(try old.floats(), expected)
    expectClose(try new.floats(), expected)
  }

  @Test func `find the first of equal extremes, or the last`() throws {
    let x = try floats([1, 4], [1, 3, 3, 0])
    #expect(try run("ArgMax", [x], [("axis", .int(1))])[0].integers() == [1])
    #expect(try run("ArgMax", [x], [("axis", .int(1)), ("select_last_index", .int(1))])[0].integers() == [2])
  }

  @Test func `order the best with ties by index`() throws {
    let best = try run("TopK", [floats([5], [2, 9, 9, 1, 5]), integers([1], [3])], outputs: 2)
    #expect(try best[0].floats() == [9, 9, 5])
    #expect(try best[1].integers() == [1, 2, 4])
  }

  @Test func `find distinct values`() throws {
    let x = try Tensor(shape: [5], strings: ["b", "a", "b", "c", "a"])
    let sorted = try run("Unique", [x], outputs: 4)
    #expect(try sorted[0].strings() == ["a", "b", "c"])
    #expect(try sorted[1].integers() == [1, 0, 3])
    #expect(try sorted[2].integers() == [1, 0, 1, 2, 0])
    #expect(try sorted[3].integers() == [2, 2, 1])
    #expect(try run("Unique", [x], [("sorted", .int(0))], outputs: 4)[0].strings() == ["b", "a", "c"])
  }

  @Test func `see Softmax as a matrix before opset 13`() throws {
    let x = try floats([1, 2, 2], [0, 0, 0, 0])
    #expect(try run("Softmax", opset: 11, [x], [("axis", .int(1))])[0].floats() == [0.25, 0.25, 0.25, 0.25])
    #expect(try run("Softmax", opset: 13, [x], [("axis", .int(1))])[0].floats() == [0.5, 0.5, 0.5, 0.5])
  }
}

@Suite struct `Matrix products` {
  /// Every size about the tile's edges, against the plain sum of products.
  @Test(arguments: [0, 1, 2, 3, 4, 5, 8, 9, 17], [0, 1, 3, 7, 8, 9, 16, 33])
  func `equal the definition`(m: Int, n: Int) throws {
    for k in [0, 1, 5, 255, 257] {
      let a = (0..<m * k).map { Float(($0 * 7) % 11) - 5 }
      let b = (0..<k * n).map { Float(($0 * 5) % 13) - 6 }
      var expected = [Float](repeating: 0, count: m * n)
      for i in 0..<m { for j in 0..<n { for p in 0..<k { expected[i * n + j] += a[i * k + p] * b[p * n + j] } } }
      // Small integers: every order of summation is exact.
      #expect(try run("MatMul", [floats([m, k], a), floats([k, n], b)])[0].floats() == expected)
      let transposed = try run("Transpose", [floats([k, n], b)])[0]
      #expect(try run("Gemm", [floats([m, k], a), transposed], [("transB", .int(1))])[0].floats() == expected)
    }
  }

  @Test func `add a scaled summand of any shape that broadcasts`() throws {
    let (a, b) = (try floats([2, 1], [1, 2]), try floats([1, 2], [3, 4]))
    for (summand, expected) in [
      (try floats([], [1]), [6.5, 8.5, 12.5, 16.5]), (try floats([2], [1, 2]), [6.5, 9, 12.5, 17]),
      (try floats([2, 1], [1, 2]), [6.5, 8.5, 13, 17]),
    ] as [(Tensor, [Float])] {
      let result = try run("Gemm", [a, b, summand], [("alpha", .float(2)), ("beta", .float(0.5))])[0]
      #expect(try result.floats() == expected)
    }
  }

  @Test func `broadcast batches`() throws {
    let a = try floats([2, 1, 1, 2], [1, 2, 3, 4])
    let b = try floats([2, 2, 1], [1, 10, 100, 1000])
    let product = try run("MatMul", [a, b])[0]
    #expect(product.shape == [2, 2, 1, 1])
    #expect(try product.floats() == [21, 2100, 43, 4300])
  }
}
