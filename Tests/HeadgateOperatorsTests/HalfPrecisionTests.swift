import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// What comes from or goes to half precision is rounded once; expected values follow from IEEE 754.
@Suite struct `Half precision` {
  private func halves(_ tensor: Tensor) throws -> [Float16] { try tensor.array(of: Float16.self) }

  private func cast(_ tensor: Tensor, to type: ElementType) throws -> Tensor {
    try run("Cast", opset: 19, [tensor], [("to", .int(Int64(type.rawValue)))])[0]
  }

  @Test func `is reached from doubles, integers and bools in one rounding, and from texts`() throws {
    // Above the middle of two halves by less than a float can tell.
    let above = 1 + 0x1p-11 + 0x1p-40
    #expect(try halves(cast(Tensor(shape: [2], doubles: [above, 1 + 0x1p-11]), to: .float16)) == [1 + 0x1p-10, 1])
    #expect(
      try halves(cast(integers([4], [2049, 2051, 65519, -70_000]), to: .float16)) == [2048, 2052, 65504, -.infinity])
    #expect(try halves(cast(Tensor(shape: [2], bools: [true, false]), to: .float16)) == [1, 0])
    #expect(try halves(cast(Tensor(shape: [2], strings: ["0.1", "-3"]), to: .float16)) == [0.1, -3])
  }

  @Test func `goes to all other types`() throws {
    let numbers = try cast(floats([3], [0.1, -2.5, 0]), to: .float16)
    #expect(try cast(numbers, to: .double).doubles() == [Double(Float16(0.1)), -2.5, 0])
    #expect(try cast(numbers, to: .int64).integers() == [0, -2, 0])
    #expect(try cast(numbers, to: .bool).bools() == [true, true, false])
    #expect(try cast(numbers, to: .string).strings()[1] == "-2.5")
  }

  @Test(arguments: [ElementType.float16, .bfloat16]) func `is resampled over wider numbers`(type: ElementType) throws {
    let image = try floats([1, 1, 2, 2], [1, 2, 3, 4])
    let sizes = try integers([4], [1, 1, 3, 3])
    func resized(_ image: Tensor) throws -> Tensor {
      try run("Resize", opset: 19, [image, nil, nil, sizes], [("mode", .string("linear"))])[0]
    }
    func sampled(_ image: Tensor) throws -> Tensor {
      try run("GridSample", opset: 20, [image, floats([1, 1, 2, 2], [0.1, -0.3, 0.5, 0.9])])[0]
    }
    for operation in [resized, sampled] {
      let expected = try cast(operation(image), to: type)
      let actual = try operation(cast(image, to: type))
      #expect(actual.elementType == type)
      #expect(try cast(actual, to: .float).floats() == cast(expected, to: .float).floats())
    }
  }
}
