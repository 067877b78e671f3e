import HeadgateRuntime
import HeadgateTensors
import Testing

/// Codes and packing by onnx 1.22's `numpy_helper`.
@Suite struct `Weights of narrow types` {
  /// The weight as a model gives it back, cast to float.
  private func read(
    _ type: ElementType, _ shape: [Int64], _ write: @escaping (inout ProtobufWriter) -> Void
  ) throws -> [Float] {
    var writer = ModelWriter()
    writer.opset = 25
    writer.weight("w", type: Int64(type.rawValue), shape, write)
    writer.node("Cast", ["w"], ["y"], [.int("to", 1)])
    writer.output("y", [nil])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    return try #require(try model.run([:])["y"]?.tensor).floats()
  }

  @Test(
    arguments: [
      (.bfloat16, [2], [0x80, 0x3F, 0x20, 0xC0], [1, -2.5]), (.float8e4m3fn, [3], [56, 195, 126], [1, -2.75, 448]),
      (.float8e4m3fnuz, [2], [64, 203], [1, -2.75]), (.float8e5m2, [2], [60, 251], [1, -57344]),
      (.float8e5m2fnuz, [2], [64, 255], [1, -57344]), (.float8e8m0, [2], [127, 130], [1, 8]),
      (.float4e2m1, [3], [0xE2, 0x07], [1, -4, 6]), (.int4, [2, 2], [0x87, 0x0F], [7, -8, -1, 0]),
      (.uint4, [3], [0x87, 0x0F], [7, 8, 15]), (.int2, [5], [0b10_01_11_00, 0b10], [0, -1, 1, -2, -2]),
      (.uint2, [5], [0b10_01_11_00, 0b10], [0, 3, 1, 2, 2]),
    ] as [(ElementType, [Int64], [UInt8], [Float])])
  func `are read from raw and from typed data`(type: ElementType, shape: [Int64], bytes: [UInt8], values: [Float])
    throws
  {
    #expect(try read(type, shape) { $0.bytes(9, bytes) } == values)
    // Typed, a value of 16 bits is one number, and so is each byte of smaller ones.
    let numbers =
      type == .bfloat16
      ? stride(from: 0, to: bytes.count, by: 2).map { Int64(bytes[$0]) | Int64(bytes[$0 + 1]) << 8 }
      : bytes.map { Int64($0) }
    #expect(try read(type, shape) { tensor in for number in numbers { tensor.varint(5, number) } } == values)
  }

  @Test(arguments: [.bfloat16, .float8e5m2, .int4, .uint2, .complex64, .complex128] as [ElementType])
  func `are refused when they do not fill their shape`(type: ElementType) {
    for shape in [[1], [64], [1 << 40, 1 << 40], [-1]] as [[Int64]] {
      #expect(throws: ModelFileError.self) { try read(type, shape) { $0.bytes(9, [1, 2, 3]) } }
      #expect(throws: ModelFileError.self) {
        try read(type, shape) { tensor in for _ in 0..<3 { tensor.varint(5, 1) } }
      }
    }
  }

  @Test func `of complex numbers are moved`() throws {
    var writer = ModelWriter()
    writer.weight("w", type: 14, [2]) { tensor in for value in [1, 2, 3, 4] as [Float] { tensor.fixed(4, value) } }
    writer.node("Slice", ["w", "one", "two"], ["y"])
    for (name, value) in [("one", 1), ("two", 2)] as [(String, Int64)] {
      writer.weight(name, type: 7, [1]) { $0.varint(7, value) }
    }
    writer.output("y", [nil])
    let tensor = try #require(try Model(bytes: ModelBytes(writer.bytes)).run([:])["y"]?.tensor)
    #expect(tensor.elementType == .complex64 && tensor.shape == [1])
  }
}
