import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's, or plain arithmetic.
@Suite struct `Einsum` {
  private func einsum(_ equation: String, _ inputs: [Tensor]) throws -> Tensor {
    try run("Einsum", inputs, [("equation", .string(equation))])[0]
  }

  @Test func `joins any number of operands`() throws {
    let (a, b) = (try pattern([2, 3], 7, 11), try pattern([3, 2], 5, 13))
    let product = try run("MatMul", [a, b])[0]
    #expect(try einsum("ij,jk->ik", [a, b]).floats() == product.floats())
    #expect(try einsum(" ij , jk ", [a, b]).floats() == product.floats())
    let chain = try einsum("ij,jk,kl->il", [a, b, a])
    expectClose(try chain.floats(), try run("MatMul", [product, a])[0].floats())
    #expect(try einsum("a,b,c->cab", [floats([1], [2]), floats([2], [3, 4]), floats([1], [5])]).shape == [1, 1, 2])
  }

  @Test func `takes diagonals, sums and the alphabet's order`() throws {
    let square = try floats([2, 2], [1, 2, 3, 4])
    #expect(try einsum("ii->i", [square]).floats() == [1, 4])
    #expect(try einsum("ii", [square]).floats() == [5])
    #expect(try einsum("ba", [square]).floats() == [1, 3, 2, 4])
    #expect(try einsum("aB->", [square]).floats() == [10])
    #expect(try einsum("...i->i...", [square]).floats() == [1, 3, 2, 4])
  }

  @Test func `broadcasts the axes of an ellipsis`() throws {
    let a = try floats([2, 1, 1], [2, 3])
    let b = try floats([2, 1], [5, 7])
    let output = try einsum("...i,...i->...", [a, b])
    #expect(output.shape == [2, 2])
    #expect(try output.floats() == [10, 14, 15, 21])
    #expect(try einsum("i,i->", [floats([1], [2]), floats([3], [1, 2, 3])]).floats() == [12])
  }

  @Test func `gives zeros for empty sums and nothing for empty outputs`() throws {
    #expect(try einsum("ij,jk->ik", [floats([1, 0], []), floats([0, 2], [])]).floats() == [0, 0])
    #expect(try einsum("ij,jk->ik", [floats([0, 3], []), floats([3, 2], [1, 2, 3, 4, 5, 6])]).shape == [0, 2])
  }

  @Test(
    arguments: [
      "ij->k", "ij->ii", "ij,jk->ik", "ijk", "ii", "ij-ji", "i>j", "ij->ji->ij", "i1->i", "......", "..", "i...j...",
      "ij->i,j", "",
    ])
  func `refuses an equation that does not fit`(equation: String) throws {
    #expect(throws: TensorError.self) { try einsum(equation, [floats([2, 3], [1, 2, 3, 4, 5, 6])]) }
  }

  @Test func `refuses extents that differ, and ranks beyond all reason`() throws {
    #expect(throws: TensorError.self) { try einsum("i,i->", [floats([2], [1, 2]), floats([3], [1, 2, 3])]) }
    let deep = try floats([Int](repeating: 1, count: 65), [1])
    #expect(throws: TensorError.self) { try einsum("...->...", [deep]) }
  }
}

@Suite struct `Products in other types` {
  @Test func `sum halves in single precision`() throws {
    // In half precision a sum of ones stops growing at 2048.
    let ones = try Tensor(shape: [1, 4096], [Float16](repeating: 1, count: 4096))
    let product = try run("MatMul", [ones, try ones.reshaped(to: [4096, 1])])[0]
    #expect(try product.array(of: Float16.self) == [4096])
  }

  @Test func `wrap integers around`() throws {
    let a = try Tensor(shape: [1, 2], [UInt64.max, 2])
    let b = try Tensor(shape: [2, 1], [2, UInt64.max] as [UInt64])
    #expect(try run("MatMul", [a, b])[0].array(of: UInt64.self) == [.max - 3])
  }

  @Test func `do not look at a summand that is multiplied by zero`() throws {
    let one = try floats([1, 1], [3])
    let output = try run("Gemm", [one, one, floats([1], [.nan])], [("beta", .float(0))])[0]
    #expect(try output.floats() == [9])
  }

  @Test func `scale integers by fractions once the sum is complete`() throws {
    let a = try Tensor(shape: [1, 2], [3, 4] as [Int32])
    let b = try Tensor(shape: [2, 1], [1, 1] as [Int32])
    let c = try Tensor(shape: [1], [5] as [Int32])
    let output = try run("Gemm", [a, b, c], [("alpha", .float(0.5)), ("beta", .float(0.5))])[0]
    #expect(try output.array(of: Int32.self) == [6])
  }

  @Test func `refuse what does not fit`() throws {
    let (a, b) = (try pattern([2, 3], 1, 5), try pattern([2, 3], 1, 7))
    #expect(throws: TensorError.self) { try run("MatMul", [a, b]) }
    #expect(throws: TensorError.self) { try run("MatMul", [floats([], [1]), b]) }
    #expect(throws: TensorError.self) { try run("MatMul", [a, integers([3, 1], [1, 2, 3])]) }
    #expect(throws: TensorError.self) { try run("Gemm", [a, b]) }
    #expect(throws: TensorError.self) { try run("Gemm", [a, b, floats([3], [1, 2, 3])], [("transB", .int(1))]) }
    #expect(throws: TensorError.self) { try run("MatMul", [floats([1 << 40, 0], []), floats([0, 1 << 40], [])]) }
  }
}

@Suite struct `Quantised products` {
  private let a = [1, 2, 250, 3] as [UInt8]
  private let b = [-128, 5, 127, -1] as [Int8]

  @Test func `take a zero point for each row and column`() throws {
    let inputs = [
      try Tensor(shape: [2, 2], a), try Tensor(shape: [2, 2], b), try Tensor(shape: [2], [2, 200] as [UInt8]),
      try Tensor(shape: [2], [-1, 3] as [Int8]),
    ]
    #expect(try run("MatMulInteger", inputs)[0].array(of: Int32.self) == [127, -2, -31566, 888])
    let batched = [
      try inputs[0].reshaped(to: [1, 2, 2]), inputs[1], try inputs[2].reshaped(to: [1, 2, 1]),
      try inputs[3].reshaped(to: [1, 2]),
    ]
    #expect(try run("MatMulInteger", batched)[0].shape == [1, 2, 2])
  }

  /// Every size about the tile's edges, against the plain sum of products.
  @Test(arguments: [1, 3, 4, 5, 64, 65], [1, 2, 127, 128, 129, 513])
  func `equal the definition`(m: Int, n: Int) throws {
    for k in [0, 1, 7] where m * n * k < 50000 {
      let x = (0..<m * k).map { UInt8(truncatingIfNeeded: $0 * 97) }
      let y = (0..<k * n).map { Int8(truncatingIfNeeded: $0 * 61) }
      var expected = [Int32](repeating: 0, count: m * n)
      for i in 0..<m {
        for p in 0..<k {
          for j in 0..<n { expected[i * n + j] += (Int32(x[i * k + p]) - 9) * (Int32(y[p * n + j]) + 5) }
        }
      }
      let product = try run(
        "MatMulInteger",
        [
          Tensor(shape: [m, k], x), Tensor(shape: [k, n], y), Tensor(shape: [], [9] as [UInt8]),
          Tensor(shape: [1], [-5] as [Int8]),
        ])[0]
      #expect(try product.array(of: Int32.self) == expected)
    }
  }

  /// The greatest products there are, in sums that a float could not hold.
  @Test(arguments: [1, 3, 4, 70])
  func `stay exact in long sums`(m: Int) throws {
    for k in [255, 256, 257, 600, 1025] {
      let x = try Tensor(shape: [m, k], [UInt8](repeating: 255, count: m * k))
      let y = try Tensor(shape: [k, 3], [UInt8](repeating: 255, count: k * 3))
      let zeros = [try Tensor(shape: [], [0] as [UInt8]), try Tensor(shape: [3], [0, 255, 1] as [UInt8])]
      let row = [Int32(k) * 65025, 0, Int32(k) * 64770]
      let expected = [[Int32]](repeating: row, count: m).flatMap { $0 }
      #expect(try run("MatMulInteger", [x, y] + zeros)[0].array(of: Int32.self) == expected)
    }
  }

  /// ONNX Runtime's: 0.5 is rounded to the even 0 before the zero point is added.
  @Test func `round ties to even and saturate`() throws {
    func product(_ left: UInt8, _ zero: UInt8, scale: Float = 0.5) throws -> [UInt8] {
      let one = try Tensor(shape: [1, 1], [1] as [UInt8])
      let none = try Tensor(shape: [], [0] as [UInt8])
      return try run(
        "QLinearMatMul", opset: 21,
        [
          Tensor(shape: [1, 1], [left]), floats([], [scale]), none, one, floats([1], [1]), none, floats([], [1]),
          Tensor(shape: [], [zero]),
        ])[0].array()
    }
    #expect(try product(1, 1) == [1])
    #expect(try product(3, 0) == [2])
    #expect(try product(200, 200) == [255])
    #expect(try product(200, 3, scale: -1) == [0])
    #expect(try product(1, 7, scale: .infinity) == [255])
    #expect(try product(0, 7, scale: .nan).count == 1)
  }

  @Test func `refuse what does not fit`() throws {
    let (x, y) = (try Tensor(shape: [2, 2], a), try Tensor(shape: [2, 2], b))
    let cases: [[Tensor?]] = [
      [x, y, try Tensor(shape: [3], [1, 2, 3] as [UInt8])], [x, y, try Tensor(shape: [], [1] as [Int8])],
      [x, y, nil, try Tensor(shape: [2, 1], [1, 2] as [Int8])], [x, floats2()], [x, try Tensor(shape: [4], b)],
    ]
    for inputs in cases { #expect(throws: TensorError.self) { try run("MatMulInteger", inputs) } }
  }

  private func floats2() -> Tensor? { try? floats([2, 2], [1, 2, 3, 4]) }
}

@Suite struct `Determinants and running totals` {
  @Test func `exchange rows where a pivot is zero`() throws {
    #expect(try run("Det", [floats([3, 3], [0, 2, 0, 3, 0, 0, 0, 0, 4])])[0].floats() == [-24])
    #expect(try run("Det", [floats([2, 0, 0], [])])[0].floats() == [1, 1])
    #expect(try run("Det", [floats([2, 2], [1, 2, 2, 4])])[0].floats() == [0])
    #expect(throws: TensorError.self) { try run("Det", [floats([2, 3], [1, 2, 3, 4, 5, 6])]) }
    #expect(throws: TensorError.self) { try run("Det", [floats([4], [1, 2, 3, 4])]) }
    #expect(throws: TensorError.self) { try run("Det", [integers([1, 1], [2])]) }
  }

  @Test func `multiply in either direction, with or without the element itself`() throws {
    let x = try integers([4], [1, 2, 3, 4])
    func products(_ exclusive: Int64, _ reverse: Int64) throws -> [Int64] {
      try run(
        "CumProd", opset: 26, [x, integers([], [-1])], [("exclusive", .int(exclusive)), ("reverse", .int(reverse))])[0]
        .integers()
    }
    #expect(try products(0, 0) == [1, 2, 6, 24])
    #expect(try products(1, 0) == [1, 1, 2, 6])
    #expect(try products(0, 1) == [24, 24, 12, 4])
    #expect(try products(1, 1) == [24, 12, 4, 1])
    #expect(throws: TensorError.self) { try run("CumProd", opset: 26, [x, integers([], [1])]) }
  }
}
