import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Elementwise operators` {
  /// Expected values: the C library by way of numpy, scipy.special.erf for Erf and Gelu.
  @Test(
    arguments: [
      ("Exp", [0.082084999, 0.60653066, 1, 2.117, 20.085537]),
      ("Tanh", [-0.9866143, -0.46211716, 0, 0.63514895, 0.99505475]),
      ("Sigmoid", [0.07585818, 0.37754067, 0.5, 0.6791787, 0.95257413]),
      ("Erf", [-0.99959305, -0.52049988, 0, 0.71115563, 0.99997791]),
      ("Relu", [0, 0, 0, 0.75, 3]),
      ("LeakyRelu", [-0.025, -0.005, 0, 0.75, 3]),
      ("Elu", [-0.917915, -0.39346934, 0, 0.75, 3]),
      ("Softplus", [0.078889734, 0.47407698, 0.69314718, 1.136871, 3.0485874]),
      ("Softsign", [-0.71428571, -0.33333333, 0, 0.42857143, 0.75]),
      ("HardSigmoid", [0, 0.4, 0.5, 0.65, 1]),
      ("Gelu", [-0.015524163, -0.15426877, 0, 0.58002949, 2.9959503]),
      ("Floor", [-3, -1, 0, 0, 3]),
      ("Ceil", [-2, -0, 0, 1, 3]),
      ("Round", [-2, -0, 0, 1, 3]),
      ("Sign", [-1, -1, 0, 1, 1]),
      ("Neg", [2.5, 0.5, -0, -0.75, -3]),
      ("Abs", [2.5, 0.5, 0, 0.75, 3]),
      ("Sin", [-0.59847214, -0.47942554, 0, 0.68163876, 0.14112001]),
      ("Cos", [-0.80114362, 0.87758256, 1, 0.73168887, -0.9899925]),
      ("Atan", [-1.1902899, -0.46364761, 0, 0.64350111, 1.2490458]),
      ("Selu", [-1.6137858, -0.69175819, 0, 0.78802574, 3.152103]),
      ("Sqrt", [.nan, .nan, 0, 0.8660254, 1.7320508]),
      ("Log", [.nan, .nan, -.infinity, -0.28768207, 1.0986123]),
      ("Reciprocal", [-0.4, -2, .infinity, 1.3333333, 0.33333333]),
    ] as [(String, [Float])])
  func `compute one number at a time`(name: String, expected: [Float]) throws {
    let x: [Float] = [-2.5, -0.5, 0, 0.75, 3]
    let opset = name == "Gelu" ? 20 : 17
    expectClose(try run(name, opset: opset, [floats([5], x)])[0].floats(), expected)
  }

  @Test(
    arguments: [
      ([2, 3], [3], [2, 3]), ([2, 1], [1, 3], [2, 3]), ([], [2, 2], [2, 2]), ([4, 1, 3], [2, 1], [4, 2, 3]),
      ([0, 3], [3], [0, 3]), ([2, 3, 4], [3, 1], [2, 3, 4]), ([1], [0], [0]),
    ] as [(Shape, Shape, Shape)])
  func `broadcast as numpy does`(a: Shape, b: Shape, result: Shape) throws {
    func ramp(_ shape: Shape, _ scale: Float) throws -> Tensor {
      try floats(shape, (0..<shape.reduce(1, *)).map { Float($0) * scale })
    }
    /// The element of a broadcast input that meets a place of the result, counted axis by axis.
    func source(_ position: Int, _ shape: Shape) -> Int {
      var rest = position
      var offset = 0
      var stride = 1
      for axis in 1...max(result.count, 1) where axis <= result.count {
        let index = rest % result[result.count - axis]
        rest /= result[result.count - axis]
        guard axis <= shape.count else { continue }
        let extent = shape[shape.count - axis]
        if extent > 1 { offset += index * stride }
        stride *= extent
      }
      return offset
    }
    let sum = try run("Add", [ramp(a, 1), ramp(b, 100)])[0]
    #expect(sum.shape == result)
    #expect(
      try sum.floats() == (0..<result.reduce(1, *)).map { Float(source($0, a)) + 100 * Float(source($0, b)) })
  }

  @Test func `refuse shapes that do not broadcast`() throws {
    #expect(throws: TensorError.self) { try run("Add", [floats([2], [1, 2]), floats([3], [1, 2, 3])]) }
  }

  @Test func `carry NaN through minimum, maximum and clip`() throws {
    let x = try floats([3], [.nan, 1, 5])
    let y = try floats([3], [2, .nan, 3])
    expectClose(try run("Max", [x, y])[0].floats(), [.nan, .nan, 5])
    expectClose(try run("Min", [x, y])[0].floats(), [.nan, .nan, 3])
    expectClose(try run("Relu", [x])[0].floats(), [.nan, 1, 5])
    expectClose(try run("Clip", [x, floats([], [0]), floats([], [2])])[0].floats(), [.nan, 1, 2])
  }

  @Test func `never trap on integers`() throws {
    let x = try integers([4], [.min, .max, 7, -7])
    #expect(try run("Add", [x, integers([], [1])])[0].integers() == [.min + 1, .min, 8, -6])
    #expect(try run("Div", [x, integers([], [-1])])[0].integers() == [.min, -.max, -7, 7])
    #expect(try run("Div", [x, integers([], [0])])[0].integers() == [.min, .max, 7, -7].map { _ in 0 })
    #expect(try run("Mod", [x, integers([], [3])])[0].integers() == [1, 1, 1, 2])
    #expect(try run("Neg", [x])[0].integers() == [.min, -.max, -7, 7])
    #expect(try run("Abs", [x])[0].integers() == [.min, .max, 7, 7])
  }

  @Test(arguments: [
    ("Less", [true, false, false]), ("LessOrEqual", [true, true, false]), ("Greater", [false, false, false]),
    ("GreaterOrEqual", [false, true, false]), ("Equal", [false, true, false]),
  ])
  func `compare, NaN with nothing`(name: String, expected: [Bool]) throws {
    #expect(try run(name, [floats([3], [1, 2, .nan]), floats([3], [2, 2, 2])])[0].bools() == expected)
  }

  @Test func `choose by a condition of another shape`() throws {
    let condition = try Tensor(shape: [2, 1], bools: [true, false])
    let chosen = try run("Where", [condition, floats([3], [1, 2, 3]), floats([], [0])])[0]
    #expect(chosen.shape == [2, 3])
    #expect(try chosen.floats() == [1, 2, 3, 0, 0, 0])
    let words = try run(
      "Where", [condition, Tensor(shape: [1], strings: ["yes"]), Tensor(shape: [1], strings: ["no"])])[0]
    #expect(try words.strings() == ["yes", "no"])
  }

  private func cast(_ tensor: Tensor, _ type: ElementType) throws -> Tensor {
    try run("Cast", [tensor], [("to", .int(Int64(type.rawValue)))])[0]
  }

  @Test func `cast between numbers, truth and text`() throws {
    #expect(try cast(floats([4], [1.9, -1.9, 0, 300]), .int64).integers() == [1, -1, 0, 300])
    #expect(try cast(floats([3], [0, 0.5, .nan]), .bool).bools() == [false, true, true])
    #expect(try cast(Tensor(shape: [2], bools: [true, false]), .float).floats() == [1, 0])
    #expect(try cast(integers([2], [-5, 42]), .string).strings() == ["-5", "42"])
    let texts = try Tensor(shape: [4], strings: ["3.5", "-1e3", "INF", "NaN"])
    expectClose(try cast(texts, .float).floats(), [3.5, -1000, .infinity, .nan])
    #expect(try cast(Tensor(shape: [1], strings: ["9007199254740993"]), .int64).integers() == [9_007_199_254_740_993])
    #expect(try cast(floats([2], [0.25, .infinity]), .string).strings() == ["0.25", "INF"])
    #expect(throws: TensorError.self) { try cast(Tensor(shape: [1], strings: ["red"]), .float) }
  }
}

/// Expected values follow from the definitions.
@Suite struct `Bits` {
  @Test func `shift out at the ends`() throws {
    let x = try Tensor(shape: [4], [UInt64.max, UInt64.max, 1 << 63, 5])
    let by = try Tensor(shape: [4], [UInt64(64), UInt64.max, 63, 1])
    #expect(
      try run("BitShift", opset: 11, [x, by], [("direction", .string("RIGHT"))])[0].array() == [UInt64(0), 0, 1, 2])
    #expect(
      try run("BitShift", opset: 11, [x, by], [("direction", .string("LEFT"))])[0].array() == [UInt64(0), 0, 0, 10])
    let bytes = try Tensor(shape: [2], [UInt8(200), 255])
    let nine = try Tensor(shape: [1], [UInt8(9)])
    #expect(
      try run("BitShift", opset: 11, [bytes, nine], [("direction", .string("LEFT"))])[0].array() == [UInt8(0), 0])
    #expect(throws: TensorError.self) { try run("BitShift", opset: 11, [x, by]) }
  }

  @Test func `are inverted in every type of integer, and in no other`() throws {
    #expect(try run("BitwiseNot", opset: 18, [Tensor(shape: [2], [Int8(0), 127])])[0].array() == [Int8(-1), -128])
    #expect(try run("BitwiseNot", opset: 18, [Tensor(shape: [1], [UInt32(1)])])[0].array() == [UInt32.max - 1])
    #expect(throws: TensorError.self) { try run("BitwiseNot", opset: 18, [floats([1], [1])]) }
    #expect(throws: TensorError.self) { try run("BitwiseAnd", opset: 18, [floats([1], [1]), floats([1], [1])]) }
  }
}

@Suite struct `Old defaults` {
  @Test func `of Selu and Clip hold for the opsets that had them`() throws {
    // The attributes' defaults as the versions of the standard state them.
    let x = try floats([2], [1, .infinity])
    #expect(try run("Selu", opset: 1, [x])[0].floats()[0] == 1.0507)
    #expect(try run("Selu", opset: 6, [x])[0].floats()[0] == 1.05070102214813232421875)
    #expect(try run("Clip", opset: 1, [x])[0].floats()[1] == .infinity)
    #expect(try run("Clip", opset: 6, [x])[0].floats()[1] == .greatestFiniteMagnitude)
  }
}
