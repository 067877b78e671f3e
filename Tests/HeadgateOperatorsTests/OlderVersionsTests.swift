import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's, where nothing else is said.
@Suite struct `Operators that move elements, in old versions and at their edges` {
  @Test func `tile along one axis as the first version did`() throws {
    let matrix = try floats([2, 2], [1, 2, 3, 4])
    let tiled = try run("Tile", opset: 1, [matrix, floats([1], [2]), floats([1], [1])])[0]
    #expect(tiled.shape == [2, 4])
    #expect(try tiled.floats() == [1, 2, 1, 2, 3, 4, 3, 4])
    #expect(throws: TensorError.self) { try run("Tile", opset: 1, [matrix, floats([1], [.nan]), floats([1], [0])]) }
    #expect(throws: TensorError.self) { try run("Tile", opset: 1, [matrix, floats([1], [2]), floats([1], [1e30])]) }
  }

  @Test func `split by an input of the same type as the first version did`() throws {
    let parts = try run("Split", opset: 1, [floats([3], [1, 2, 3]), floats([2], [1, 2])], outputs: 2)
    #expect(try parts.map { try $0.floats() } == [[1], [2, 3]])
  }

  /// By ONNX Runtime.
  @Test(arguments: [("wrap", [4, 5, 4]), ("reflect", [4, 5, 4]), ("edge", [4, 5, 5])] as [(String, [Float])])
  func `remove before they pad`(mode: String, expected: [Float]) throws {
    let row = try floats([5], [1, 2, 3, 4, 5])
    let padded = try run("Pad", opset: 19, [row, integers([2], [-3, 1])], [("mode", .string(mode))])[0]
    #expect(try padded.floats() == expected)
  }

  @Test func `refuse slices and pads that make no sense`() throws {
    let row = try floats([10, 1], (0..<10).map { Float($0) })
    #expect(throws: TensorError.self) {
      try run("Slice", [row, integers([2], [5, 5]), integers([2], [10, 10]), integers([2], [0, -2])])
    }
    #expect(throws: TensorError.self) { try run("Pad", [row, integers([4], [0, 0, 0, 1])], [("mode", .string("?"))]) }
    #expect(throws: TensorError.self) {
      try run("Pad", opset: 19, [row, integers([4], [-10, 0, 10, 0])], [("mode", .string("wrap"))])
    }
  }

  @Test func `end soon on long shapes without elements`() throws {
    let long = 1 << 47
    let floats = try floats([long, 0], [])
    let indices = try integers([long, 0], [])
    #expect(try run("Pad", [floats, integers([4], [0, 0, 1, 0])])[0].shape == [long + 1, 0])
    #expect(try run("Pad", [try Tensor(shape: [0, 1], floats: []), integers([4], [0, 0, 0, 1 << 40])])[0].count == 0)
    #expect(try run("TopK", [floats, integers([1], [0])], outputs: 2)[0].shape == [long, 0])
    #expect(try run("CumSum", [floats, integers([], [1])])[0].shape == [long, 0])
    #expect(try run("Softmax", [floats])[0].shape == [long, 0])
    #expect(throws: TensorError.self) { try run("Unique", [floats], [("axis", .int(0))], outputs: 4) }
    #expect(throws: TensorError.self) { try run("GatherND", [floats, indices]) }
    let classes = try Tensor(shape: [1, long, 0], floats: [])
    let boxes = try Tensor(shape: [1, 0, 4], floats: [])
    #expect(try run("NonMaxSuppression", [boxes, classes, integers([], [3])])[0].shape == [0, 3])
  }

  @Test func `scatter truth values`() throws {
    let data = try Tensor(shape: [4], bools: [true, true, false, false])
    let updates = try Tensor(shape: [4], bools: [true, false, true, false])
    let places = try integers([4], [0, 1, 2, 3])
    let expected = [
      "add": [true, true, true, false], "max": [true, true, true, false], "mul": [true, false, false, false],
      "min": [true, false, false, false],
    ]
    for (reduction, expected) in expected {
      let attributes: [(name: String, value: AttributeValue)] = [("reduction", .string(reduction))]
      #expect(try run("ScatterElements", opset: 18, [data, places, updates], attributes)[0].bools() == expected)
      let rows = try places.reshaped(to: [4, 1])
      #expect(try run("ScatterND", opset: 18, [data, rows, updates], attributes)[0].bools() == expected)
    }
  }

  @Test func `order what is not a number`() throws {
    let row = try floats([6], [3, .nan, 1, .nan, 2, 1])
    let unique = try run("Unique", [row], outputs: 4)
    expectClose(try unique[0].floats(), [1, 2, 3, .nan])
    #expect(try unique[1].integers() == [2, 4, 0, 1])
    #expect(try unique[2].integers() == [2, 3, 0, 3, 1, 0])
    #expect(try unique[3].integers() == [2, 1, 1, 2])
    #expect(try run("ArgMax", [row])[0].integers() == [1])
    #expect(try run("ArgMin", [row])[0].integers() == [1])
    let words = try Tensor(shape: [3], strings: ["a", "", "b"])
    #expect(try run("NonZero", [words])[0].integers() == [0, 2])
  }
}
