import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's, by the formulas of the standard.
@Suite struct `Normalisation` {
  private let channels = [0, -1, 2, -3, 4, -5, 6, -7, 8, -9, 10, -11] as [Float]

  @Test func `of batches in training gives statistics as each opset does`() throws {
    let x = try floats([2, 3, 2], channels)
    let parameters = [
      try floats([3], [1, 2, 0.5]), try floats([3], [0, 1, -1]), try floats([3], [0.5, 0, 1]),
      try floats([3], [1, 2, 4]),
    ]
    let expected =
      [
        0.10843971, -0.10843971, 1.7979853, 0.20201474, -0.72147834, -1.2785217, 1.4097162, -1.4097162, 3.7131498,
        -1.7131498, -0.35011613, -1.6498839,
      ] as [Float]
    let old = try run("BatchNormalization", opset: 7, [x] + parameters, [("epsilon", .float(0.01))], outputs: 5)
    let new = try run(
      "BatchNormalization", opset: 15, [x] + parameters, [("epsilon", .float(0.01)), ("training_mode", .int(1))],
      outputs: 3)
    #expect(old.count == 5)
    #expect(new.count == 3)
    for results in [old, new] {
      expectClose(try results[0].floats(), expected)
      expectClose(try results[1].floats(), [0.4, -0.05, 0.85])
      expectClose(try results[2].floats(), [3.025, 5.725, 10.125])
    }
    expectClose(try old[3].floats(), [-0.5, -0.5, -0.5])
    expectClose(try old[4].floats(), [21.25, 39.25, 65.25])
  }

  @Test func `of batches may treat each element as a channel before opset 9`() throws {
    func parameter(_ step: Float) throws -> Tensor { try floats([3, 2], (0..<6).map { Float($0) * step + 1 }) }
    let y = try run(
      "BatchNormalization", opset: 7,
      [floats([2, 3, 2], channels), parameter(0.1), parameter(-1), parameter(0.5), parameter(1)],
      [("epsilon", .float(0.01)), ("spatial", .int(0))])
    let expected =
      [
        0.0049628615, -1.9397005, -1.0, -5.5705395, -2.374526, -9.2008333, 5.9751859, -6.5949821, 3.1500111, -9.4656734,
        1.3783169, -12.87201,
      ] as [Float]
    expectClose(try y[0].floats(), expected)
  }

  @Test func `of groups scales groups in opset 18 and channels from 21`() throws {
    let x = try floats([1, 4, 2], [0, 1, 4, 9, 16, 25, 36, 49])
    let old = try run(
      "GroupNormalization", opset: 18, [x, floats([2], [1, 2]), floats([2], [0, 1])], [("num_groups", .int(2))])
    expectClose(
      try old[0].floats(),
      [-0.99999958, -0.71428543, 0.14285709, 1.5714279, -1.5123665, -0.053573132, 1.7293968, 3.8365428])
    let new = try run(
      "GroupNormalization", opset: 21, [x, floats([4], [1, 2, 3, 4]), floats([4], [0, 1, 2, 3])],
      [("num_groups", .int(2))])
    expectClose(
      try new[0].floats(),
      [-0.99999958, -0.71428543, 1.2857141, 4.1428556, -1.7685499, 0.4196403, 4.4587936, 8.6730862])
  }

  @Test(
    arguments: [
      (
        2,
        [
          0.28832382, 0.41085592, 0.45816216, 0.47257224, 0.47222912, 0.4651652, 0.9939115, 0.94514447, 0.8785066,
          0.84589708, -0.84589708, 1.1892071,
        ]
      ),
      (
        3,
        [
          0.36502075, 0.53283459, 0.60263878, 0.62040323, 0.61074096, 0.59065551, 1.0857056, 1.0, 0.91201746, 0.1872718,
          -0.15673633, 0.26023301,
        ]
      ),
    ] as [(Int64, [Float])])
  func `by near channels looks further behind than before`(size: Int64, expected: [Float]) throws {
    let x = try floats([1, 4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, -1, 2])
    expectClose(try run("LRN", [x], [("size", .int(size)), ("alpha", .float(0.5))])[0].floats(), expected)
  }

  @Test func `by the root mean square has the scale's type`() throws {
    let x = try Tensor(shape: [1, 4], [3, 4, -6, 8] as [Float16])
    let y = try run("RMSNormalization", opset: 23, [x, floats([4], [1, 2, 3, 4])])[0]
    expectClose(try y.floats(), [0.5366562, 1.4310833, -3.2199372, 5.7243333])
  }

  @Test func `of layers takes scale and bias of any shape that can be stretched`() throws {
    let x = try floats([2, 2, 3], [0, 1, 4, 2, 2, 4, 1, 0, 1, 4, 2, 2])
    let y = try run("LayerNormalization", [x, floats([2, 1], [1, 2]), floats([1, 2, 3], [0, 1, 2, 3, 4, 5])])
    let expected =
      [
        -0.98057896, 0.60776842, 3.3728106, 1.5857942, 2.5857942, 7.8284111, 0.7070908, -0.41418183, 2.7070909,
        5.8284111, 2.5857942, 3.5857942,
      ] as [Float]
    expectClose(try y[0].floats(), expected)
    let ones = try floats([1, 1, 3], [1, 1, 1])
    let plain = try run("LayerNormalization", [x, ones])[0].floats()
    expectClose(try run("LayerNormalization", [x, floats([3], [1, 1, 1])])[0].floats(), plain)
    #expect(throws: TensorError.self) { try run("LayerNormalization", [x, floats([4], [1, 1, 1, 1])]) }
  }

  @Test(arguments: ["InstanceNormalization", "LayerNormalization"])
  func `is exact far from zero`(name: String) throws {
    let x = try floats([1, 2, 4], (0..<8).map { 1e6 + Float($0) })
    let two = try floats([name.hasPrefix("I") ? 2 : 4], [Float](repeating: 1, count: name.hasPrefix("I") ? 2 : 4))
    let zero = try floats(two.shape, two.shape.flatMap { [Float](repeating: 0, count: $0) })
    let row = [-1.3416354, -0.44721181, 0.44721181, 1.3416354] as [Float]
    expectClose(try run(name, [x, two, zero])[0].floats(), row + row)
  }

  @Test(arguments: ["InstanceNormalization", "GroupNormalization", "BatchNormalization", "LpNormalization", "LRN"])
  func `of nothing is nothing, whatever its extents`(name: String) throws {
    let x = try floats([1 << 40, 2, 0], [])
    let two = try floats([2], [1, 1])
    let inputs = name.hasPrefix("L") ? [x] : name.hasPrefix("B") ? [x, two, two, two, two] : [x, two, two]
    let attributes: [(name: String, value: AttributeValue)] = [
      ("num_groups", .int(1)), ("size", .int(3)), ("training_mode", .int(1)),
    ]
    #expect(try run(name, opset: 21, inputs, attributes)[0].shape == x.shape)
  }
}

@Suite struct `Dropout in training` {
  /// Expected values are numpy's: `RandomState(42).uniform(0, 1, 10) >= 0.4`, scaled by 1 / 0.6.
  @Test func `draws as the standard's reference does`() throws {
    let x = try floats([10], (0..<10).map { Float($0) })
    let training = try Tensor(shape: [], bools: [true])
    let results = try run("Dropout", opset: 13, [x, floats([], [0.4]), training], [("seed", .int(42))], outputs: 2)
    expectClose(try results[0].floats(), [0, 1.6666667, 3.3333333, 5, 0, 0, 0, 11.666667, 13.333333, 15])
    #expect(try results[1].bools() == [false, true, true, true, false, false, false, true, true, true])
  }

  /// Expected values are numpy's `RandomState(7)`.
  @Test func `draws from a long sequence`() {
    var generator = MersenneTwister(seed: 7)
    let numbers = (0..<1000).map { _ in generator.nextDouble() }
    #expect(numbers[0] == 0.07630828937395717)
    #expect(numbers[1] == 0.7799187922401146)
    #expect(numbers[500] == 0.9646173192524804)
    #expect(numbers[999] == 0.016448753231374513)
  }

  @Test func `drops the same in every run without a seed`() throws {
    let x = try floats([64], [Float](repeating: 1, count: 64))
    let inputs = [x, try floats([], [0.5]), try Tensor(shape: [], bools: [true])]
    let runs = try (0..<2).map { _ in
      try run("Dropout", inputs, budget: MemoryBudget(limit: 1 << 20))[0].floats()
    }
    #expect(runs[0] == runs[1])
    #expect(Set(runs[0]) == [0, 2])
  }

  @Test(arguments: [1, -0.5, .nan] as [Float])
  func `refuses a ratio that is none`(ratio: Float) throws {
    let training = try Tensor(shape: [], bools: [true])
    #expect(throws: TensorError.self) { try run("Dropout", [floats([1], [1]), floats([], [ratio]), training]) }
  }

  @Test func `has a mask of the input's type before opset 10`() throws {
    let x = try floats([2], [1, 2])
    #expect(try run("Dropout", opset: 6, [x], [("is_test", .int(1))], outputs: 2)[1].floats() == [1, 1])
    #expect(try run("Dropout", opset: 10, [x], outputs: 2)[1].bools() == [true, true])
  }
}
