import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's.
@Suite struct `Operators that move elements` {
  private let matrix: Tensor

  init() throws {
    matrix = try integers([2, 3], [1, 2, 3, 4, 5, 6])
  }

  @Test(
    arguments: [
      ([0], [1], [0], [1], [1, 3], [1, 2, 3]), ([1], [100], [1], [1], [2, 2], [2, 3, 5, 6]),
      ([-1], [-100], [1], [-1], [2, 3], [3, 2, 1, 6, 5, 4]), ([0], [3], [1], [2], [2, 2], [1, 3, 4, 6]),
      ([2], [1], [0], [1], [0, 3], []), ([.max], [.min], [1], [-2], [2, 2], [3, 1, 6, 4]),
    ] as [([Int64], [Int64], [Int64], [Int64], Shape, [Int64])])
  func `slice`(
    starts: [Int64], ends: [Int64], axes: [Int64], steps: [Int64], shape: Shape, expected: [Int64]
  ) throws {
    let slice = try run(
      "Slice", [matrix, integers([1], starts), integers([1], ends), integers([1], axes), integers([1], steps)])[0]
    #expect(slice.shape == shape)
    #expect(try slice.integers() == expected)
  }

  @Test func `transpose strings as well as numbers`() throws {
    #expect(try run("Transpose", [matrix])[0].integers() == [1, 4, 2, 5, 3, 6])
    let words = try Tensor(shape: [2, 2], strings: ["a", "b", "c", "d"])
    #expect(try run("Transpose", [words], [("perm", .ints([1, 0]))])[0].strings() == ["a", "c", "b", "d"])
  }

  @Test(
    arguments: [
      ([3, 2], [3, 2]), ([-1], [6]), ([0, -1], [2, 3]), ([1, -1, 2], [1, 3, 2]),
    ] as [([Int64], Shape)])
  func `reshape with open and copied extents`(wanted: [Int64], result: Shape) throws {
    #expect(try run("Reshape", [matrix, integers([wanted.count], wanted)])[0].shape == result)
  }

  @Test func `refuse a shape of another size`() throws {
    #expect(throws: TensorError.self) { try run("Reshape", [matrix, integers([1], [5])]) }
    #expect(throws: TensorError.self) { try run("Reshape", [matrix, integers([2], [-1, -1])]) }
  }

  @Test func `keep no rows as no rows`() throws {
    let empty = try floats([0, 3], [])
    #expect(try run("Concat", [empty, floats([2, 3], [1, 2, 3, 4, 5, 6])], [("axis", .int(0))])[0].shape == [2, 3])
    #expect(try run("Concat", [empty, empty], [("axis", .int(1))])[0].shape == [0, 6])
    #expect(try run("Reshape", [empty, integers([2], [-1, 3])])[0].shape == [0, 3])
    #expect(try run("Transpose", [empty])[0].shape == [3, 0])
    #expect(try run("Gather", [empty, integers([2], [0, 2])], [("axis", .int(1))])[0].shape == [0, 2])
    #expect(try run("Flatten", [empty])[0].shape == [0, 3])
    #expect(try run("TopK", [empty, integers([1], [2])], outputs: 2).map(\.shape) == [[0, 2], [0, 2]])
    #expect(try run("Softmax", [empty])[0].shape == [0, 3])
    #expect(try run("ArgMax", [empty], [("axis", .int(1))])[0].shape == [0, 1])
    #expect(try run("MatMul", [empty, floats([3, 2], [1, 2, 3, 4, 5, 6])])[0].shape == [0, 2])
    #expect(try run("ReduceSum", [empty])[0].floats() == [0])
  }

  @Test func `gather by indices from either end`() throws {
    let rows = try run("Gather", [matrix, integers([2], [-1, 0])])[0]
    #expect(try rows.integers() == [4, 5, 6, 1, 2, 3])
    let columns = try run("Gather", [matrix, integers([], [1])], [("axis", .int(1))])[0]
    #expect(columns.shape == [2])
    #expect(try columns.integers() == [2, 5])
    #expect(throws: TensorError.self) { try run("Gather", [matrix, integers([1], [2])]) }
    #expect(throws: TensorError.self) { try run("Gather", [matrix, integers([1], [.min])]) }
  }

  @Test func `split into unequal parts`() throws {
    let parts = try run("Split", [matrix, integers([2], [1, 2])], [("axis", .int(1))], outputs: 2)
    #expect(try parts.map { try $0.integers() } == [[1, 4], [2, 3, 5, 6]])
    #expect(throws: TensorError.self) {
      try run("Split", [matrix, integers([2], [.max, .min])], [("axis", .int(1))], outputs: 2)
    }
  }

  @Test(
    arguments: [
      ("constant", [9, 1, 2, 3, 9, 9]), ("edge", [1, 1, 2, 3, 3, 3]), ("reflect", [2, 1, 2, 3, 2, 1]),
      ("wrap", [3, 1, 2, 3, 1, 2]),
    ] as [(String, [Int64])])
  func `pad`(mode: String, expected: [Int64]) throws {
    let padded = try run(
      "Pad", [integers([3], [1, 2, 3]), integers([2], [1, 2]), integers([], [9])], [("mode", .string(mode))])[0]
    #expect(try padded.integers() == expected)
  }
}

/// Expected values are those of ONNX's reference implementation.
@Suite struct `Sequences` {
  @Test func `are turned round up to their lengths`() throws {
    let x = try integers([3, 2, 2], (0..<12).map(Int64.init))
    let reversed = try run("ReverseSequence", opset: 10, [x, integers([2], [2, 3])])[0]
    #expect(try reversed.integers() == [4, 5, 10, 11, 0, 1, 6, 7, 8, 9, 2, 3])
    for lengths in [[4, 1], [-1, 1], [1], [.max, .min]] as [[Int64]] {
      #expect(throws: TensorError.self) {
        try run("ReverseSequence", opset: 10, [x, integers([lengths.count], lengths)])
      }
    }
    #expect(throws: TensorError.self) {
      try run("ReverseSequence", opset: 10, [x, integers([3], [1, 1, 1])], [("batch_axis", .int(0))])
    }
  }
}
