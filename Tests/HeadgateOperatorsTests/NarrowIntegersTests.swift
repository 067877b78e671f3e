import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values: numpy's in the same types, but where a mean is taken.
@Suite struct `Operators on narrow integers` {
  private func vector<T: TensorElement>(_ values: [T]) throws -> Tensor { try Tensor(shape: [values.count], values) }

  @Test func `wrap around as their type does`() throws {
    func compute(_ name: String, _ a: [UInt8], _ b: [UInt8]) throws -> [UInt8] {
      try run(name, [vector(a), vector(b)])[0].array(of: UInt8.self)
    }
    #expect(try compute("Add", [200, 100], [100, 100]) == [44, 200])
    #expect(try compute("Sub", [3, 9], [5, 2]) == [254, 7])
    #expect(try compute("Mul", [20, 3], [20, 5]) == [144, 15])
    #expect(try compute("Div", [200, 9], [7, 10]) == [28, 0])
    let least = try vector([-128, 5] as [Int8])
    #expect(try run("Div", [least, vector([-1, -2] as [Int8])])[0].array(of: Int8.self) == [-128, -2])
    #expect(try run("Abs", [least])[0].array(of: Int8.self) == [-128, 5])
    #expect(try run("Neg", [least])[0].array(of: Int8.self) == [-128, -5])
    let sums = try run("CumSum", [vector([65535, 1, 1] as [UInt16]), integers([], [0])])[0]
    #expect(try sums.array(of: UInt16.self) == [65535, 0, 1])
  }

  @Test func `are compared by what they stand for`() throws {
    let (a, b) = (try vector([4_000_000_000, 1] as [UInt32]), try vector([1, 3_000_000_000] as [UInt32]))
    #expect(try run("Greater", [a, b])[0].bools() == [true, false])
    #expect(try run("Max", [a, b])[0].array(of: UInt32.self) == [4_000_000_000, 3_000_000_000])
    #expect(try run("ReduceMax", [vector([-5, -3] as [Int8])])[0].array(of: Int8.self) == [-3])
    let clipped = try run("Clip", [vector([-5, 3] as [Int8]), Tensor(shape: [], [-1] as [Int8])])[0]
    #expect(try clipped.array(of: Int8.self) == [-1, 3])
  }

  @Test func `give places and counts in int64`() throws {
    #expect(try run("ArgMax", [vector([-7, 9, 3] as [Int16])])[0].integers() == [1])
    let best = try run("TopK", [vector([3, 250, 7] as [UInt8]), integers([1], [2])], outputs: 2)
    #expect(try best[0].array(of: UInt8.self) == [250, 7])
    #expect(try best[1].integers() == [1, 2])
    let distinct = try run("Unique", [vector([5, -3, 5] as [Int16])], outputs: 4)
    #expect(try distinct[0].array(of: Int16.self) == [-3, 5])
    #expect(try distinct.dropFirst().map { try $0.integers() } == [[1, 0], [1, 0, 1], [1, 2]])
  }

  @Test func `have the type of the base of a power, whatever its exponent`() throws {
    let power = try run("Pow", [vector([2, 3] as [Int8]), vector([3, 2] as [Float16])])[0]
    #expect(try power.array(of: Int8.self) == [8, 9])
    #expect(try run("Pow", [integers([2], [2, 3]), vector([40, 2] as [UInt8])])[0].integers() == [1 << 40, 9])
  }

  @Test func `have a mean although their sum has no room`() throws {
    let many = try vector([UInt8](repeating: 200, count: 256))
    #expect(try run("ReduceMean", [many])[0].array(of: UInt8.self) == [200])
  }

  @Test func `are not mixed with others`() throws {
    let bytes = try vector([1, 2] as [UInt8])
    for other in [try integers([2], [1, 2]), try vector([1, 2] as [Int8]), try floats([2], [1, 2])] {
      for name in ["Add", "Less", "Max", "MatMul"] {
        let error = try #require(throws: TensorError.self) { try run(name, [bytes, other]) }
        #expect(error.code == .elementType)
        #expect(throws: TensorError.self) { try run(name, [other, bytes]) }
      }
    }
  }

  @Test func `leave the type of a scaled product to the scale`() throws {
    let scale = { (value: Float16) in try Tensor(shape: [], [value]) }
    let (a, b) = (try Tensor(shape: [1, 2], [10, 20] as [UInt8]), try Tensor(shape: [2, 1], [3, 4] as [UInt8]))
    let product = try run(
      "MatMulIntegerToFloat", domain: ContributedOperators.domain, [a, b, scale(0.5), scale(0.25)])[0]
    #expect(product.elementType == .float16)
    #expect(try product.convertedToFloats() == [13.75])
  }
}
