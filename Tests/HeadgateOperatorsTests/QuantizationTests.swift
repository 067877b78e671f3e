import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values: onnx 1.22's reference, or ONNX Runtime 1.31 where said.
@Suite struct `Linear quantisation` {
  private func bytes(_ shape: Shape, _ values: [UInt8]) throws -> Tensor { try Tensor(shape: shape, values) }

  private let matrix: [Float] = [1, 8, 4, 5, 0, 20, 10, 4]

  @Test func `rounds to even and saturates`() throws {
    let x = try floats([6], [0.5, 1.5, 2.5, -0.5, 300, -300])
    let y = try run("QuantizeLinear", opset: 10, [x, floats([], [1]), bytes([], [10])])[0]
    #expect(try y.array(of: UInt8.self) == [10, 12, 12, 10, 255, 0])
  }

  /// ONNX Runtime.
  @Test func `turns what is no number into the least integer`() throws {
    let x = try floats([4], [.nan, .infinity, -.infinity, 1e30])
    let y = try run("QuantizeLinear", opset: 21, [x, floats([], [1]), bytes([], [100])])[0]
    #expect(try y.array(of: UInt8.self) == [0, 255, 0, 255])
  }

  @Test func `divides in the precision of the scale, or the one that is named`() throws {
    let x = try Tensor(shape: [1], [60000] as [Float16])
    let scale = try Tensor(shape: [], [11] as [Float16])
    let wanted: [(name: String, value: AttributeValue)] = [("output_dtype", .int(5))]
    #expect(try run("QuantizeLinear", opset: 21, [x, scale], wanted)[0].array(of: Int16.self) == [5456])
    let named = try run("QuantizeLinear", opset: 23, [x, scale], wanted + [("precision", .int(1))])[0]
    #expect(try named.array(of: Int16.self) == [5455])
    #expect(throws: TensorError.self) {
      try run("QuantizeLinear", opset: 23, [x, scale], wanted + [("precision", .int(7))])
    }
  }

  @Test func `shares a scale among the rest of a block`() throws {
    let x = try floats([2, 4], matrix)
    let scale = try floats([2, 2], [1.5, 2.5, 5.1, 6.9])
    let y = try run(
      "QuantizeLinear", opset: 25, [x, scale],
      [("axis", .int(1)), ("block_size", .int(3)), ("output_dtype", .int(3))])[0]
    #expect(try y.array(of: Int8.self) == [1, 5, 3, 2, 0, 4, 2, 1])
  }

  /// ONNX Runtime.
  @Test func `goes back by axis`() throws {
    let x = try bytes([2, 2], [0, 255, 128, 1])
    let y = try run(
      "DequantizeLinear", opset: 13, [x, floats([2], [0.5, 2]), bytes([2], [128, 0])], [("axis", .int(0))])[0]
    #expect(try y.floats() == [-64, 63.5, 256, 2])
  }

  @Test func `gives what it is read as in the type of the scale, or the one that is named`() throws {
    let x = try Tensor(shape: [3], [1, -2, 3].map { Int4(wrapping: $0) })
    let scale = try Tensor(shape: [], [0.3] as [Float16])
    let y = try run("DequantizeLinear", opset: 25, [x, scale])[0]
    #expect(try y.array(of: Float16.self) == [0.3, -0.6, 0.9004])
    let named = try run("DequantizeLinear", opset: 25, [x, scale], [("output_dtype", .int(16))])[0]
    #expect(named.elementType == .bfloat16)
    let shared = try Tensor(shape: [], [Float8E8M0(2)])
    #expect(throws: TensorError.self) { try run("DequantizeLinear", opset: 25, [x, shared]) }
    let scaled = try run("DequantizeLinear", opset: 25, [x, shared], [("output_dtype", .int(1))])[0]
    #expect(try scaled.floats() == [2, -4, 6])
  }

  @Test func `finds the range of a dynamic input, which holds 0`() throws {
    let y = try run("DynamicQuantizeLinear", [floats([4], [2, -3, 1.34, 0.5])], outputs: 3)
    #expect(try y[0].array(of: UInt8.self) == [255, 0, 221, 179])
    expectClose(try y[1].floats(), [0.01960784])
    #expect(try y[2].array(of: UInt8.self) == [153])
    for values in [[0, 0], [], [.nan, 1], [.infinity, -.infinity], [3e38, -3e38]] as [[Float]] {
      #expect(throws: Never.self) {
        try run("DynamicQuantizeLinear", [floats([values.count], values)], outputs: 3)
      }
    }
  }

  @Test(
    arguments: [
      ([3], 1, 0), ([2], 1, 0), ([4], 2, 0), ([2, 4], 1, 0), ([2, 2], 1, 1), ([2, 3], 1, 2), ([1, 4], 1, 4),
      ([0], 1, 0),
      ([2, 2], 1, -2), ([2, 2], 1, .max), ([4], .min, 0),
    ] as [(Shape, Int64, Int64)])
  func `refuses scales that do not fit`(shape: Shape, axis: Int64, block: Int64) throws {
    let scale = try floats(shape, [Float](repeating: 1, count: shape.reduce(1, *)))
    let attributes: [(name: String, value: AttributeValue)] = [("axis", .int(axis)), ("block_size", .int(block))]
    #expect(throws: TensorError.self) {
      try run("QuantizeLinear", opset: 21, [floats([2, 4], matrix), scale], attributes)
    }
    #expect(throws: TensorError.self) {
      try run("DequantizeLinear", opset: 21, [bytes([2, 4], [UInt8](repeating: 1, count: 8)), scale], attributes)
    }
  }

  @Test func `refuses types that do not fit`() throws {
    let x = try floats([1], [1])
    let one = try floats([], [1])
    #expect(throws: TensorError.self) {
      try run("QuantizeLinear", opset: 21, [x, one, bytes([], [0])], [("output_dtype", .int(3))])
    }
    for type in [1, 7, 8, 16, 24, 99] as [Int64] {
      #expect(throws: TensorError.self) {
        try run("QuantizeLinear", opset: 21, [x, one], [("output_dtype", .int(type))])
      }
    }
    #expect(throws: TensorError.self) {
      try run("DequantizeLinear", opset: 21, [Tensor(shape: [1], [1] as [Int8]), one, bytes([], [0])])
    }
    #expect(throws: TensorError.self) {
      try run("DequantizeLinear", opset: 21, [bytes([1], [1]), one, bytes([2], [0, 0])])
    }
  }
}
