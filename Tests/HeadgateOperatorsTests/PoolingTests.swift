import HeadgateTensors
import Testing

@testable import HeadgateOperators

private typealias Attribute = (name: String, value: AttributeValue)

/// Expected values are ONNX Runtime's where no other source is named.
@Suite struct `Pooling` {
  private let row = [1, 5, 2, 4, 3] as [Float]

  @Test func `finds maxima and their places`() throws {
    let results = try run(
      "MaxPool", [floats([1, 1, 5], row)],
      [("kernel_shape", .ints([2])), ("strides", .ints([2])), ("ceil_mode", .int(1))], outputs: 2)
    #expect(try results[0].floats() == [5, 4, 3])
    #expect(try results[1].integers() == [1, 3, 4])
  }

  @Test func `counts places by column when told so`() throws {
    let plane = [1, 2, 3, 6, 5, 4, 7, 9, 8] as [Float]
    let attributes: [Attribute] = [("kernel_shape", .ints([2, 2])), ("storage_order", .int(1))]
    let results = try run("MaxPool", [floats([1, 2, 3, 3], plane + plane.map { -$0 })], attributes, outputs: 2)
    #expect(try results[0].floats() == [6, 5, 9, 9, -1, -2, -5, -4])
    #expect(try results[1].integers() == [1, 4, 5, 5, 9, 12, 13, 16])
  }

  /// As PyTorch does, so that a number that is none is not hidden.
  @Test func `hands on what is not a number`() throws {
    let x = try floats([1, 1, 4], [1, .nan, 3, 2])
    let results = try run("MaxPool", [x], [("kernel_shape", .ints([2]))], outputs: 2)
    expectClose(try results[0].floats(), [.nan, .nan, 3])
    #expect(try results[1].integers() == [1, 1, 2])
    #expect(try run("GlobalMaxPool", [x])[0].floats().map(\.isNaN) == [true])
  }

  @Test(
    arguments: [
      ([("pads", .ints([1, 1])), ("count_include_pad", .int(1))], [2, 3.6666667, 2.3333333]),
      ([("pads", .ints([1, 1]))], [3, 3.6666667, 3.5]),
    ] as [([(name: String, value: AttributeValue)], [Float])])
  func `averages with pads or without`(
    attributes: [(name: String, value: AttributeValue)], expected: [Float]
  ) throws {
    let common: [Attribute] = [("kernel_shape", .ints([3])), ("strides", .ints([2])), ("ceil_mode", .int(1))]
    expectClose(try run("AveragePool", [floats([1, 1, 5], row)], common + attributes)[0].floats(), expected)
  }

  @Test(
    arguments: [("SAME_UPPER", [3, 3.5, 3, 3.5, 3]), ("SAME_LOWER", [1, 3, 3.5, 3, 3.5])] as [(String, [Float])])
  func `pads by itself`(padding: String, expected: [Float]) throws {
    let attributes: [Attribute] = [("kernel_shape", .ints([2])), ("auto_pad", .string(padding))]
    expectClose(try run("AveragePool", opset: 7, [floats([1, 1, 5], row)], attributes)[0].floats(), expected)
  }

  @Test func `takes norms whose order was a float once`() throws {
    let expected = [5.013298, 5.104469, 4.1601677, 4.4979415] as [Float]
    for (opset, order) in [(1, AttributeValue.float(3)), (11, .int(3)), (22, .int(3))] {
      let attributes: [Attribute] = [("kernel_shape", .ints([2])), ("p", order)]
      expectClose(try run("LpPool", opset: opset, [floats([1, 1, 5], row)], attributes)[0].floats(), expected)
    }
  }

  @Test func `takes whole planes of any rank`() throws {
    let x = try floats([1, 2, 1, 1, 2], [3, -4, 1, 2])
    let average = try run("GlobalAveragePool", [x])[0]
    #expect(average.shape == [1, 2, 1, 1, 1])
    #expect(try average.floats() == [-0.5, 1.5])
    #expect(try run("GlobalMaxPool", [x])[0].floats() == [3, 2])
    expectClose(try run("GlobalLpPool", [x])[0].floats(), [5, 2.236068])
    expectClose(try run("GlobalLpPool", opset: 1, [x], [("p", .float(1))])[0].floats(), [7, 3])
  }

  @Test func `of regions divides each into bins`() throws {
    let image = try floats([1, 1, 5, 6], (0..<30).map { Float($0) })
    let regions = try floats([3, 5], [0, 1, 1, 4, 3, 0, 0, 0, 20, 20, 0, 5.4, 4.6, 2, 2])
    let bins = try run(
      "MaxRoiPool", [image, regions], [("pooled_shape", .ints([2, 2])), ("spatial_scale", .float(0.5))])[0]
    #expect(bins.shape == [3, 1, 2, 2])
    #expect(try bins.floats() == [7, 8, 13, 14, 29, 29, 0, 0, 15, 15, 15, 15])
    #expect(throws: TensorError.self) {
      try run("MaxRoiPool", [image, floats([1, 5], [1, 0, 0, 1, 1])], [("pooled_shape", .ints([1, 1]))])
    }
  }

  @Test func `is undone at the places it found`() throws {
    let attributes: [Attribute] = [("kernel_shape", .ints([2])), ("strides", .ints([2]))]
    let x = try floats([1, 1, 2], [1, 2])
    #expect(try run("MaxUnpool", [x, integers([1, 1, 2], [1, 2])], attributes)[0].floats() == [0, 1, 2, 0])
    #expect(throws: TensorError.self) { try run("MaxUnpool", [x, integers([1, 1, 2], [1, 4])], attributes) }
    #expect(throws: TensorError.self) { try run("MaxUnpool", [x, integers([1, 1, 2], [1, -1])], attributes) }
  }

  @Test func `of columns makes an image whose size fits`() throws {
    let columns = try floats([1, 2, 3], [1, 2, 3, 10, 20, 30])
    // The definition: overlapping elements are summed.
    let image = try run("Col2Im", opset: 18, [columns, integers([2], [1, 4]), integers([2], [1, 2])])[0]
    #expect(image.shape == [1, 1, 1, 4])
    #expect(try image.floats() == [1, 12, 23, 30])
    #expect(throws: TensorError.self) {
      try run("Col2Im", opset: 18, [columns, integers([2], [1, 5]), integers([2], [1, 2])])
    }
  }
}
