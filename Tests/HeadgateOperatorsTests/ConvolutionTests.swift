import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Convolution` {
  /// One to three axes, groups, strides, dilations and pads at random, against the sums of the definition. The
  /// numbers are small integers, so that every type and every order of summation is exact.
  @Test(arguments: 0..<100)
  func `equals the definition`(seed: UInt64) throws {
    let problem = ConvolutionProblem(seed: seed)
    let expected = problem.convolved()
    for type in [ElementType.float, .double, .float16] {
      let inputs = [problem.input, problem.weights, problem.bias].map { tensor(type, $0.shape, $0.values) }
      let output = try run("Conv", inputs, problem.attributes)[0]
      #expect(output.elementType == type)
      #expect(output.shape == expected.shape)
      #expect(try doubles(output) == rounded(expected.values, as: type))
    }
  }

  @Test(arguments: 0..<100)
  func `is undone in shape and summed back by its transpose`(seed: UInt64) throws {
    let problem = ConvolutionProblem(seed: seed, isTransposed: true)
    let expected = problem.transposed()
    for type in [ElementType.float, .double, .float16] {
      let inputs = [problem.input, problem.weights, problem.bias].map { tensor(type, $0.shape, $0.values) }
      let output = try run("ConvTranspose", inputs, problem.attributes)[0]
      #expect(output.shape == expected.shape)
      #expect(try doubles(output) == rounded(expected.values, as: type))
    }
  }

  @Test(arguments: 0..<60)
  func `of 8-bit integers is exact`(seed: UInt64) throws {
    var problem = ConvolutionProblem(seed: seed)
    let inputZero = 7.0
    let weightZeros = problem.bias.values
    let input = try Tensor(shape: problem.input.shape, problem.input.values.map { UInt8($0 + 100) })
    let weights = try Tensor(shape: problem.weights.shape, problem.weights.values.map { Int8($0 * 20) })
    let length = weights.count / weightZeros.count
    problem.input.values = problem.input.values.map { $0 + 100 - inputZero }
    problem.weights.values = problem.weights.values.enumerated().map { $1 * 20 - weightZeros[$0 / length] }
    problem.bias.values = weightZeros.map { _ in 0 }
    let sums = try run(
      "ConvInteger",
      [
        input, weights, Tensor(shape: [], [UInt8(inputZero)]),
        Tensor(shape: [weightZeros.count], weightZeros.map { Int8($0) }),
      ], problem.attributes)[0]
    #expect(try sums.array(of: Int32.self).map(Double.init) == problem.convolved().values)
  }

  /// More positions than fit the scratch at once.
  @Test func `equals the definition part by part`() throws {
    let (channels, features, taps, length) = (8, 2, 9, 20_000)
    let x = (0..<channels * length).map { Float($0 * 7 % 9 - 4) }
    let w = (0..<features * channels * taps).map { Float($0 * 5 % 7 - 3) }
    var sums = [Float](repeating: 1, count: features * length)
    var scattered = [Float](repeating: 1, count: features * length)
    for feature in 0..<features {
      for channel in 0..<channels {
        for tap in 0..<taps {
          let factor = w[(feature * channels + channel) * taps + tap]
          for index in max(0, 4 - tap)..<min(length, length + 4 - tap) {
            sums[feature * length + index] += factor * x[channel * length + index + tap - 4]
            scattered[feature * length + index + tap - 4] += factor * x[channel * length + index]
          }
        }
      }
    }
    let pads: [(name: String, value: AttributeValue)] = [("pads", .ints([4, 4]))]
    let (input, kernel) = (try floats([1, channels, length], x), try floats([features, channels, taps], w))
    let bias = try floats([features], [Float](repeating: 1, count: features))
    #expect(try run("Conv", [input, kernel, bias], pads)[0].floats() == sums)
    let turned = try run("Transpose", [kernel], [("perm", .ints([1, 0, 2]))])[0]
    #expect(try run("ConvTranspose", [input, turned, bias], pads)[0].floats() == scattered)
  }

  /// Expected values are ONNX Runtime's.
  @Test(
    arguments: [
      ("SAME_UPPER", [17, 21, 10], [11, 9, 10, 10, 3]), ("SAME_LOWER", [17, 21, 10], [2, 11, 9, 10, 10]),
      ("VALID", [17, 19], [11, 9, 10, 10]),
    ] as [(String, [Float], [Float])])
  func `pads by itself`(padding: String, odd: [Float], even: [Float]) throws {
    let x = try floats([1, 1, 5], [1, 5, 2, 4, 3])
    let attributes: [(name: String, value: AttributeValue)] = [("auto_pad", .string(padding))]
    let w = try floats([1, 1, 3], [1, 2, 3])
    #expect(try run("Conv", opset: 1, [x, w], attributes + [("strides", .ints([2]))])[0].floats() == odd)
    #expect(try run("Conv", opset: 22, [x, floats([1, 1, 2], [1, 2])], attributes)[0].floats() == even)
  }

  /// Expected values are ONNX Runtime's.
  @Test(
    arguments: [
      ([("auto_pad", .string("SAME_UPPER"))], [1, 2, 5, 4, 9, 6, 13, 8, 17, 10]),
      ([("auto_pad", .string("SAME_LOWER"))], [2, 5, 4, 9, 6, 13, 8, 17, 10, 15]),
      ([("auto_pad", .string("SAME_UPPER")), ("output_shape", .ints([8]))], [2, 5, 4, 9, 6, 13, 8, 17]),
      ([("output_shape", .ints([8]))], [5, 4, 9, 6, 13, 8, 17, 10]),
      ([("output_shape", .ints([1, 1, 8]))], [5, 4, 9, 6, 13, 8, 17, 10]),
      ([("output_padding", .ints([1]))], [1, 2, 5, 4, 9, 6, 13, 8, 17, 10, 15, 0]),
      ([("pads", .ints([1, 2]))], [2, 5, 4, 9, 6, 13, 8, 17]),
    ] as [([(name: String, value: AttributeValue)], [Float])])
  func `backwards has the length that is asked for`(
    attributes: [(name: String, value: AttributeValue)], expected: [Float]
  ) throws {
    let (x, w) = (try floats([1, 1, 5], [1, 2, 3, 4, 5]), try floats([1, 1, 3], [1, 2, 3]))
    let y = try run("ConvTranspose", [x, w], attributes + [("strides", .ints([2]))])[0]
    #expect(try y.floats() == expected)
  }

  /// Expected values are ONNX Runtime's.
  @Test func `of quantised numbers is rounded to the output's scale`() throws {
    let scale = { (values: [Float]) in try floats(values.count == 1 ? [] : [values.count], values) }
    let y = try run(
      "QLinearConv", opset: 10,
      [
        Tensor(shape: [1, 1, 4], [0, 128, 255, 7] as [UInt8]), scale([0.5]), Tensor(shape: [], [128] as [UInt8]),
        Tensor(shape: [2, 1, 2], [3, -2, 5, 7] as [Int8]), scale([0.1, 0.3]), Tensor(shape: [2], [0, 0] as [Int8]),
        scale([2]), Tensor(shape: [], [100] as [UInt8]), Tensor(shape: [2], [10, -20] as [Int32]),
      ])[0]
    #expect(try y.array(of: UInt8.self) == [91, 94, 116, 50, 165, 83])
  }

  /// Expected values are ONNX Runtime's.
  @Test func `with moved taps reads between elements`() throws {
    let y = try run(
      "DeformConv", opset: 19,
      [
        floats([1, 1, 2, 2], [1, 2, 3, 4]), floats([1, 1, 1, 1], [2]),
        floats([1, 2, 2, 2], [0.5, 0.5, 0.5, 0.5, 0.25, -0.5, 1.5, -9]), floats([1], [0.5]),
        floats([1, 1, 2, 2], [1, 0.5, 2, 1]),
      ])[0]
    #expect(try y.floats() == [5, 3, 4.5, 0.5])
  }

  @Test func `of a stream in steps equals that of the whole`() throws {
    let w = try floats([2, 1, 3], [1, 2, 3, -1, 0, 1])
    let bias = try floats([2], [0.5, -0.5])
    let values = (0..<14).map { Float($0 * 5 % 7) }
    let whole = try run("CausalConvWithState", opset: 27, [floats([1, 2, 7], values), w, bias], outputs: 2)
    var state: Tensor?
    var parts: [[Float]] = [[], []]
    for step in [0..<1, 1..<4, 4..<4, 4..<7] {
      let part = try floats([1, 2, step.count], Array(values[step]) + step.map { values[7 + $0] })
      let results = try run("CausalConvWithState", opset: 27, [part, w, bias, state], outputs: 2)
      let output = try results[0].floats()
      parts[0] += output.prefix(step.count)
      parts[1] += output.suffix(step.count)
      state = results[1]
    }
    #expect(try whole[0].floats() == parts[0] + parts[1])
    #expect(try whole[1].floats() == state?.floats())
  }

  /// A half cannot hold all sums, but is rounded only once.
  private func rounded(_ values: [Double], as type: ElementType) -> [Double] {
    type == .float16 ? values.map { Double(Float16($0)) } : values
  }

  private func doubles(_ tensor: Tensor) throws -> [Double] {
    switch tensor.elementType {
    case .float: try tensor.floats().map(Double.init)
    case .float16: try tensor.array(of: Float16.self).map(Double.init)
    default: try tensor.doubles()
    }
  }

  private func tensor(_ type: ElementType, _ shape: Shape, _ values: [Double]) -> Tensor? {
    switch type {
    case .float: try? Tensor(shape: shape, floats: values.map { Float($0) })
    case .float16: try? Tensor(shape: shape, values.map { Float16($0) })
    default: try? Tensor(shape: shape, doubles: values)
    }
  }
}
