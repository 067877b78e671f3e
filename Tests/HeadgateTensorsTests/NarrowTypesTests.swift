import Testing

@testable import HeadgateTensors

/// Codes by ml_dtypes 0.6 (`numpy.array(x, float32).astype(type)`; saturating: clipped to the type's range before).
@Suite struct `A narrow float` {
  private let values: [Float] = [
    0, -0.0, 1, 1.0625, 1.1875, -2.75, 0.001, 0x1p-9, 0x1p-10, 0x1.8p-10, 448, 464, 464.1, 240, 247.9, 248, 57344,
    61439, 61440, 1e30, .infinity, -.infinity, .nan,
  ]

  @Test func `of 8 bits is the nearest, or the greatest there is`() {
    #expect(
      values.map { Float8E4M3FN($0).bitPattern } == [
        0, 128, 56, 56, 58, 195, 1, 1, 0, 1, 126, 126, 126, 119, 119, 120, 126, 126, 126, 126, 126, 254, 127,
      ])
    #expect(
      values.map { Float8E4M3FNUZ($0).bitPattern } == [
        0, 0, 64, 64, 66, 203, 1, 2, 1, 2, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 255, 128,
      ])
    #expect(
      values.map { Float8E5M2($0).bitPattern } == [
        0, 128, 60, 60, 61, 194, 20, 24, 20, 22, 95, 95, 95, 92, 92, 92, 123, 123, 123, 123, 123, 251, 126,
      ])
    #expect(
      values.map { Float8E5M2FNUZ($0).bitPattern } == [
        0, 0, 64, 64, 65, 198, 24, 28, 24, 26, 99, 99, 99, 96, 96, 96, 127, 127, 127, 127, 127, 255, 128,
      ])
  }

  @Test func `of 8 bits is infinite or no number beyond the greatest, when it may not saturate`() {
    #expect(
      values.map { Float8E4M3FN($0, saturates: false).bitPattern } == [
        0, 128, 56, 56, 58, 195, 1, 1, 0, 1, 126, 126, 127, 119, 119, 120, 127, 127, 127, 127, 127, 255, 127,
      ])
    #expect(
      values.map { Float8E4M3FNUZ($0, saturates: false).bitPattern } == [
        0, 0, 64, 64, 66, 203, 1, 2, 1, 2, 128, 128, 128, 127, 127, 128, 128, 128, 128, 128, 128, 128, 128,
      ])
    #expect(
      values.map { Float8E5M2($0, saturates: false).bitPattern } == [
        0, 128, 60, 60, 61, 194, 20, 24, 20, 22, 95, 95, 95, 92, 92, 92, 123, 123, 124, 124, 124, 252, 126,
      ])
    #expect(
      values.map { Float8E5M2FNUZ($0, saturates: false).bitPattern } == [
        0, 0, 64, 64, 65, 198, 24, 28, 24, 26, 99, 99, 99, 96, 96, 96, 127, 127, 128, 128, 128, 128, 128,
      ])
  }

  @Test func `of 4 bits is the nearest, at most 6`() {
    let values: [Float] = [0.25, 0.75, 1.25, 2.5, 3.5, 5, 5.01, 7, -1e9, -0.2, .infinity, .nan]
    #expect(values.map { Float4E2M1($0).bitPattern } == [0, 2, 2, 4, 6, 6, 7, 7, 15, 8, 7, 8])
    let all = (0..<16).map { Float(Float4E2M1(bitPattern: UInt8($0))) }
    #expect(all == [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6])
  }

  @Test func `of bfloat16 is the upper half of a float, rounded`() {
    let values: [Float] = [
      1, 1.00390625, 1.01171875, -1.0039063, 3.3961775e38, 3.3895314e38, 1e-40, .infinity, .nan,
    ]
    let codes: [UInt16] = [16256, 16256, 16258, 49024, 32640, 32639, 1, 32640, 32704]
    #expect(values.map { BFloat16($0).bitPattern } == codes)
    #expect(values.map { BFloat16.nearest(Double($0), NarrowingRules()).bitPattern } == codes)
    // Between two numbers, and nearer to the upper by less than a float can tell.
    #expect(BFloat16.nearest(1.00390625 + 0x1p-40, NarrowingRules()).bitPattern == 16257)
  }

  /// Both ways lead over the layout only for these formats, so each code is a witness for it.
  @Test func `reads back as itself from every code`() {
    func unchanged<T: NarrowFloat>(_ type: T.Type) -> Bool {
      (0...T.Bits.max).allSatisfy { code in
        let number = T(bitPattern: code)
        let again = T.nearest(Double(number.asFloat), NarrowingRules(saturates: false))
        return number.asFloat.isNaN ? again.asFloat.isNaN : again == number
      }
    }
    #expect(unchanged(Float8E4M3FN.self) && unchanged(Float8E4M3FNUZ.self))
    #expect(unchanged(Float8E5M2.self) && unchanged(Float8E5M2FNUZ.self))
    #expect(unchanged(Float8E8M0.self) && unchanged(BFloat16.self) && unchanged(Float4E2M1.self))
  }

  /// The tables in ONNX's page on Cast.
  @Test(
    arguments: [
      (.up, true, [0, 0, 0, 1, 127, 128, 128, 254, 254, 254, 255]),
      (.up, false, [255, 255, 0, 1, 127, 128, 128, 254, 255, 255, 255]),
      (.nearest, false, [255, 255, 0, 1, 127, 127, 128, 254, 255, 255, 255]),
      (.down, true, [0, 0, 0, 0, 127, 127, 127, 254, 254, 254, 255]),
    ] as [(NarrowingRules.ScaleRounding, Bool, [UInt8])])
  func `of a scale is a power of two`(rounding: NarrowingRules.ScaleRounding, saturates: Bool, codes: [UInt8]) {
    let values: [Double] = [
      0, 0x1p-128, 0x1p-127, 0x1.8p-127, 1, 1.49, 1.5, 0x1p127, 0x1.1p127, .infinity, .nan,
    ]
    let rules = NarrowingRules(saturates: saturates, scaleRounding: rounding)
    #expect(values.map { Float8E8M0.nearest($0, rules).bitPattern } == codes)
    #expect(Float(Float8E8M0(bitPattern: 0)) == 0x1p-127)
  }
}

@Suite struct `A tensor of narrow elements` {
  private func unpack(_ type: ElementType, _ shape: Shape, _ bytes: [UInt8]) throws -> Tensor {
    try bytes.withUnsafeBytes { try Tensor(unpacking: $0, as: type, shape: shape) }
  }

  @Test func `is unpacked from the lowest bits on`() throws {
    #expect(try unpack(.int4, [3], [0x87, 0x0F]).convertedToFloats() == [7, -8, -1])
    #expect(try unpack(.uint4, [3], [0x87, 0x0F]).convertedToFloats() == [7, 8, 15])
    #expect(try unpack(.float4e2m1, [2, 2], [0xE2, 0x7F]).convertedToFloats() == [1, -4, -6, 6])
    #expect(try unpack(.int2, [5], [0b10_01_11_00, 0b10]).convertedToFloats() == [0, -1, 1, -2, -2])
    #expect(try unpack(.uint2, [5], [0b10_01_11_00, 0b10]).convertedToFloats() == [0, 3, 1, 2, 2])
    #expect(try unpack(.int4, [0, 4], []).shape == [0, 4])
    #expect(try unpack(.int4, [3], [0x87, 0x0F]).array(of: Int4.self).map(\.value) == [7, -8, -1])
  }

  @Test(
    arguments: [(.int4, [3], 1), (.int4, [3], 3), (.uint2, [5], 1), (.float4e2m1, [.max], 2), (.int8, [2], 1)]
      as [(ElementType, Shape, Int)])
  func `refuses bytes that do not fill its shape`(type: ElementType, shape: Shape, count: Int) {
    #expect(throws: TensorError.self) { try unpack(type, shape, [UInt8](repeating: 0, count: count)) }
  }

  @Test func `gives its numbers as floats, but text has none`() throws {
    let halves = try Tensor(shape: [2], [BFloat16(1.5), BFloat16(-0.25)])
    #expect(try halves.convertedToFloats() == [1.5, -0.25])
    #expect(try Tensor(shape: [2], [Float8E5M2(3), Float8E5M2(1e9)]).convertedToFloats() == [3, 57344])
    #expect(try Tensor(shape: [1], integers: [7]).convertedToFloats() == [7])
    #expect(throws: TensorError.self) { try Tensor(shape: [1], strings: ["7"]).convertedToFloats() }
    #expect(throws: TensorError.self) { try halves.floats() }
  }

  @Test func `shows rows of itself, each in its place`() throws {
    let matrix = try unpack(.int4, [3, 3], [0x10, 0x32, 0x54, 0x76, 0x0F])
    #expect(try matrix.rows(1..<3).convertedToFloats() == [3, 4, 5, 6, 7, -1])
  }
}
