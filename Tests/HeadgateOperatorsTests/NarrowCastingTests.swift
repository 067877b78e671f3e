import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Conversions of narrow types` {
  private func cast(
    _ tensor: Tensor, _ type: ElementType, _ attributes: [(name: String, value: AttributeValue)] = []
  ) throws -> Tensor {
    try run("Cast", opset: 25, [tensor], [("to", .int(Int64(type.rawValue)))] + attributes)[0]
  }

  @Test func `saturate unless told otherwise`() throws {
    let x = try floats([4], [500, -1e9, 17, .infinity])
    #expect(try cast(x, .float8e4m3fn).convertedToFloats() == [448, -448, 16, 448])
    let open = try cast(x, .float8e4m3fn, [("saturate", .int(0))]).convertedToFloats()
    #expect(open.map(\.isNaN) == [true, true, false, true])
    let wide = try cast(x, .float8e5m2, [("saturate", .int(0))]).convertedToFloats()
    #expect(wide == [512, -.infinity, 16, .infinity])
  }

  @Test func `round a scale as the node says`() throws {
    let x = try floats([3], [1.1, 1.5, 3.9])
    #expect(try cast(x, .float8e8m0).convertedToFloats() == [2, 2, 4])
    #expect(try cast(x, .float8e8m0, [("round_mode", .string("down"))]).convertedToFloats() == [1, 1, 2])
    #expect(try cast(x, .float8e8m0, [("round_mode", .string("nearest"))]).convertedToFloats() == [1, 2, 4])
    #expect(throws: TensorError.self) { try cast(x, .float8e8m0, [("round_mode", .string("away"))]) }
  }

  /// numpy: `numpy.array(x, int64).astype(float32)`; the exact value for bfloat16. A double between would round
  /// each of the first two to a tie.
  @Test func `round great integers once`() throws {
    let x = try integers([3], [1 << 60 + 1 << 36 + 1, -(1 << 60 + 1 << 36 + 1), 1 << 60 + 1 << 36])
    #expect(try cast(x, .float).floats() == [0x1.000002p60, -0x1.000002p60, 0x1p60])
    let y = try integers([2], [1 << 60 + 1 << 52 + 1, 1 << 60 + 1 << 52])
    #expect(try cast(y, .bfloat16).convertedToFloats() == [0x1.02p60, 0x1p60])
  }

  @Test func `go between narrow types, text and truth`() throws {
    let x = try cast(floats([4], [-3, 0, 2.5, 40]), .bfloat16)
    #expect(try cast(x, .int4).convertedToFloats() == [-3, 0, 2, -8])
    #expect(try cast(x, .float4e2m1).convertedToFloats() == [-3, 0, 2, 6])
    #expect(try cast(x, .bool).bools() == [true, false, true, true])
    #expect(try cast(x, .string).strings() == ["-3", "0", "2.5", "40"])
    let text = try Tensor(shape: [2], strings: ["1.00390625000000000001", "NaN"])
    #expect(try cast(text, .bfloat16).convertedToFloats()[0] == 1)
    #expect(try cast(Tensor(shape: [2], bools: [true, false]), .uint2).convertedToFloats() == [1, 0])
    #expect(throws: TensorError.self) { try cast(x, .complex64) }
  }

  @Test func `refuse a type that is none`() throws {
    let x = try floats([1], [1])
    for number in [0, 27, -1, Int64.max] {
      #expect(throws: TensorError.self) { try run("Cast", opset: 25, [x], [("to", .int(number))]) }
      #expect(throws: TensorError.self) { try run("BitCast", opset: 26, [x], [("to", .int(number))]) }
    }
  }

  @Test func `keep bits as they are`() throws {
    func bits(_ tensor: Tensor, _ type: ElementType) throws -> Tensor {
      try run("BitCast", opset: 26, [tensor], [("to", .int(Int64(type.rawValue)))])[0]
    }
    let signed = try Tensor(shape: [3], [-1, -8, 5].map { Int4(wrapping: $0) })
    #expect(try bits(signed, .uint4).convertedToFloats() == [15, 8, 5])
    #expect(try bits(bits(signed, .uint4), .int4).convertedToFloats() == [-1, -8, 5])
    #expect(try bits(signed, .float4e2m1).convertedToFloats() == [-6, 0, 3])
    #expect(try bits(Tensor(shape: [2], [7, 0] as [UInt8]), .bool).bools() == [true, false])
    #expect(throws: TensorError.self) { try bits(signed, .int8) }
    #expect(throws: TensorError.self) { try bits(Tensor(shape: [1], strings: ["a"]), .complex128) }
  }
}
