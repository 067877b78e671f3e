import HeadgateTensors
import Testing

@testable import HeadgateOperators

private typealias Attributes = [(name: String, value: AttributeValue)]

/// Attributes come from files that anyone may have written.
@Suite struct `A sliding window` {
  @Test(
    arguments: [
      ("Conv", [("strides", .ints([0]))], "'strides' is [0]"), ("Conv", [("strides", .ints([-1]))], "'strides'"),
      ("Conv", [("strides", .ints([1, 1]))], "2 values where 1"), ("Conv", [("pads", .ints([-1, 0]))], "'pads'"),
      ("Conv", [("pads", .ints([.max, .max]))], "'pads'"), ("Conv", [("dilations", .ints([.max]))], "'dilations'"),
      ("Conv", [("dilations", .ints([3]))], "a kernel of shape [3] and dilations [3] is larger than the input [5]"),
      ("Conv", [("kernel_shape", .ints([2]))], "kernel_shape [2] is not that of the weights, whose shape is [1, 1, 3]"),
      ("Conv", [("auto_pad", .string("SAME"))], "auto_pad is 'SAME'"), ("Conv", [("group", .int(0))], "0 groups"),
      ("Conv", [("group", .int(.max))], "do not fit an input of shape [1, 1, 5]"),
      ("ConvTranspose", [("output_shape", .ints([.max]))], "'output_shape'"),
      ("ConvTranspose", [("output_shape", .ints([9]))], "give no output of length 9"),
      ("ConvTranspose", [("pads", .ints([9, 9]))], "give no output of length -11"),
      ("ConvTranspose", [("output_padding", .ints([-1]))], "'output_padding'"),
      ("MaxPool", [], "'kernel_shape' is absent"), ("MaxPool", [("kernel_shape", .ints([2, 2]))], "[2, 2]"),
      ("AveragePool", [("kernel_shape", .ints([0]))], "'kernel_shape'"),
      ("LpPool", [("kernel_shape", .ints([1])), ("p", .int(0))], "order 0.0"),
      ("MaxPool", [("kernel_shape", .ints([9]))], "larger than the input [5]"),
    ] as [(String, [(name: String, value: AttributeValue)], String)])
  func `that makes no sense is refused with what is wrong`(
    name: String, attributes: [(name: String, value: AttributeValue)], message: String
  ) throws {
    let x = try floats([1, 1, 5], [1, 2, 3, 4, 5])
    let inputs = name.hasPrefix("Conv") ? [x, try floats([1, 1, 3], [1, 2, 3])] : [x]
    let error = try #require(throws: TensorError.self) { try run(name, inputs, attributes) }
    #expect(error.message.contains(message), "\(error.message)")
  }

  /// A window that reaches far beyond its input takes neither memory for its taps nor a step for each.
  @Test(arguments: ["MaxPool", "AveragePool", "LpPool"]) func `of a million taps is walked where it lies`(
    name: String
  ) throws {
    let x = try floats([1, 1, 1], [3])
    let wide: Attributes = [("kernel_shape", .ints([1 << 20])), ("pads", .ints([(1 << 20) - 1, (1 << 20) - 1]))]
    let result = try run(name, [x], wide)[0]
    #expect(result.shape == [1, 1, 1 << 20])
    let square: Attributes = [("kernel_shape", .ints([1 << 20, 1 << 20])), ("auto_pad", .string("SAME_UPPER"))]
    #expect(try run(name, [try floats([1, 1, 1, 1], [3])], square)[0].floats() == [3])
  }

  /// Nothing is expected but an end, within the budget of the run.
  @Test(arguments: [
    "Conv", "ConvTranspose", "ConvInteger", "DeformConv", "Col2Im", "MaxPool", "AveragePool", "LpPool", "MaxUnpool",
    "MaxRoiPool", "LRN", "GroupNormalization", "CausalConvWithState",
  ])
  func `of any numbers ends with an answer or an error`(name: String) throws {
    var random = HostileNumbers(state: name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    var answers = 0
    for _ in 0..<400 {
      let rank = random.pick([1, 1, 2, 2, 3, 0])
      let spatial = (0..<rank).map { _ in random.pick([1, 2, 3, 4, 0, 1 << 40]) }
      let kernel = (0..<rank).map { _ in random.pick([1, 1, 2, 3, 0]) }
      let (channels, groups) = (random.pick([1, 2, 4, 0]), random.pick([1, 1, 2, 4]))
      var shapes = [[random.pick([1, 1, 2, 0]), channels] + spatial, [channels, channels / groups] + kernel]
      if name == "CausalConvWithState" { shapes[1] = [channels, 1] + kernel }
      if name == "MaxUnpool" { shapes[1] = shapes[0] }
      if name == "DeformConv" { shapes.append([1, 2 * max(kernel.reduce(1, *), 1), 1, 1]) }
      if name == "MaxRoiPool" { shapes[1] = [2, 5] }
      if name == "GroupNormalization" { shapes[1...] = [[channels], [channels]] }
      var inputs: [Tensor?] = shapes.map { random.tensor($0, isByte: name == "ConvInteger") }
      if name == "MaxUnpool" || name == "Col2Im" {
        inputs[1] = try? Tensor(shape: shapes[1], integers: random.integers(shapes[1].reduce(1, &*)))
      }
      if name == "Col2Im" {
        inputs = [inputs[0]] + [1, 1].map { _ in try? integers([rank], random.integers(rank)) }
      }
      guard inputs.allSatisfy({ $0 != nil }) else { continue }
      var attributes: Attributes = [("group", .int(Int64(groups)))]
      for (key, count) in [
        ("strides", rank), ("dilations", rank), ("pads", 2 * rank), ("output_padding", rank), ("output_shape", rank),
        ("pooled_shape", 2),
      ] where random.pick([0, 1]) == 1 {
        attributes.append((key, .ints(random.integers(count))))
      }
      attributes.append(("num_groups", .int(1)))
      for key in ["ceil_mode", "storage_order", "p", "size", "offset_group", "count_include_pad"]
      where random.pick([0, 1]) == 1 {
        attributes.append((key, .int(random.integers(1)[0])))
      }
      attributes.append(
        ("kernel_shape", .ints(random.pick([0, 0, 1]) == 1 ? random.integers(rank) : kernel.map(Int64.init))))
      if random.pick([0, 1]) == 1 {
        attributes.append(("auto_pad", .string(["SAME_UPPER", "SAME_LOWER", "VALID"][random.pick([0, 1, 2])])))
      }
      if (try? bounded(name, inputs, attributes)) != nil { answers += 1 }
    }
    #expect(answers > 0)
  }

  private func bounded(_ name: String, _ inputs: [Tensor?], _ attributes: Attributes) throws -> [Value] {
    let opset = 27
    let definition = try #require(OperatorRegistry.standard.definition(domain: "", name: name, opset: opset))
    let node = OperatorNode(
      name: "", operatorName: name, domain: "", opset: opset, attributes: HeadgateOperators.Attributes(attributes),
      constants: inputs.map { _ in nil }, usedOutputs: [true, true])
    return try definition.prepare(node)(
      OperatorCall(node: node, inputs: inputs.map { $0.map { .tensor($0) } }, budget: MemoryBudget(limit: 1 << 18)))
  }
}

/// Numbers that a file may hold: mostly small, some senseless.
private struct HostileNumbers {
  var state: UInt64

  mutating func pick(_ choices: [Int]) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return choices[Int(state >> 33) % choices.count]
  }

  mutating func integers(_ count: Int) -> [Int64] {
    let senseless = [0, -1, 1 << 20, 1 << 30, 1 << 31, 1 << 48, 1 << 62, Int.max, Int.min]
    return (0..<min(max(count, 0), 4096)).map { _ in
      Int64(pick(pick([0, 0, 0, 0, 1]) == 0 ? [1, 1, 2, 3, 5] : senseless))
    }
  }

  mutating func tensor(_ shape: Shape, isByte: Bool) -> Tensor? {
    guard let count = try? shape.elementCount(), count < 4096 else { return nil }
    if isByte { return try? Tensor(shape: shape, (0..<count).map { _ in UInt8(pick([0, 1, 128, 255])) }) }
    return try? Tensor(
      shape: shape, floats: (0..<count).map { _ in [0, 1, -2.5, .nan, .infinity][pick([0, 1, 2, 3, 4])] })
  }
}
