import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are ONNX Runtime's.
@Suite struct `Operators on images` {
  private let image: Tensor

  init() throws {
    image = try floats([1, 1, 2, 2], [1, 2, 3, 4])
  }

  @Test func `upsample by attributes as the first versions did`() throws {
    let expected: [Float] = [1, 1.5, 2, 2, 2.333_333, 2.833_333, 3.333_333, 3.333_333, 3, 3.5, 4, 4]
    let first = try run(
      "Upsample", opset: 1, [image],
      [("mode", .string("bilinear")), ("height_scale", .float(1.5)), ("width_scale", .float(2))])[0]
    #expect(first.shape == [1, 1, 3, 4])
    expectClose(try first.floats(), expected)
    let second = try run(
      "Upsample", opset: 7, [image], [("mode", .string("linear")), ("scales", .floats([1, 1, 1.5, 2]))])[0]
    expectClose(try second.floats(), expected)
    let third = try run("Upsample", opset: 9, [image, floats([4], [1, 1, 2, 1.5])])[0]
    #expect(try third.floats() == [1, 1, 2, 1, 1, 2, 3, 3, 4, 3, 3, 4])
  }

  @Test func `resize as before opset 11`() throws {
    let row = try floats([1, 1, 1, 5], [1, 2, 3, 4, 5])
    let scales = try floats([4], [1, 1, 1, 0.6])
    #expect(try run("Resize", opset: 10, [row, scales])[0].floats() == [1, 3, 5])
    expectClose(
      try run("Resize", opset: 10, [row, scales], [("mode", .string("linear"))])[0].floats(), [1, 2.666_667, 4.333_333])
  }

  @Test(
    arguments: [
      (0.7, "asymmetric", 13, [0, 1, 2, 4, 5, 7, 8]), (0.6, "asymmetric", 13, [0, 1, 3, 5, 6, 8]),
      (0.4, "tf_half_pixel_for_nn", 11, [1, 3, 6, 8]),
    ] as [(Float, String, Int, [Float])])
  func `decide which element is nearest in single precision`(
    scale: Float, coordinates: String, opset: Int, expected: [Float]
  ) throws {
    let row = try floats([10], (0..<10).map { Float($0) })
    let resized = try run(
      "Resize", opset: opset, [row, nil, floats([1], [scale])],
      [("coordinate_transformation_mode", .string(coordinates)), ("nearest_mode", .string("floor"))])[0]
    #expect(try resized.floats() == expected)
  }

  /// By onnx's reference evaluator, which rounds integers where ONNX Runtime cuts them.
  @Test func `round and clamp integers that are interpolated`() throws {
    let row = try Tensor(shape: [4], [0, 255, 255, 0] as [UInt8])
    let resized = try run("Resize", [row, nil, floats([1], [2])], [("mode", .string("cubic"))])[0]
    #expect(try resized.array(of: UInt8.self) == [0, 58, 197, 255, 255, 197, 58, 0])
  }

  @Test func `resize texts to the nearest`() throws {
    let words = try Tensor(shape: [2], strings: ["a", "b"])
    #expect(try run("Resize", [words, nil, floats([1], [2])])[0].strings() == ["a", "a", "b", "b"])
    #expect(throws: TensorError.self) {
      try run("Resize", [words, nil, floats([1], [2])], [("mode", .string("linear"))])
    }
  }

  @Test(arguments: [[0, 1, 1, .nan], [1, 1, .infinity, 1], [1, 1, -1, 1], [1, 1, 1e30, 1], [1, 1]] as [[Float]])
  func `refuse senseless scales`(scales: [Float]) throws {
    #expect(throws: TensorError.self) { try run("Resize", [image, nil, floats([scales.count], scales)]) }
  }

  @Test func `refuse senseless sizes`() throws {
    for sizes in [[1, 1, -1, 2], [1, 1, .max, 2], [1, 1], [.max, .max, .max, .max]] as [[Int64]] {
      #expect(throws: TensorError.self) { try run("Resize", [image, nil, nil, integers([sizes.count], sizes)]) }
      #expect(throws: TensorError.self) {
        try run("CenterCropPad", opset: 18, [image, integers([sizes.count], sizes)])
      }
      #expect(throws: TensorError.self) {
        try run("AffineGrid", opset: 20, [floats([1, 2, 3], [1, 0, 0, 0, 1, 0]), integers([sizes.count], sizes)])
      }
    }
    #expect(throws: TensorError.self) { try run("Resize", [image, nil]) }
    let empty = try floats([0], [])
    #expect(throws: TensorError.self) { try run("Resize", [empty, nil, nil, integers([1], [3])]) }
    #expect(try run("Resize", [empty, nil, nil, integers([1], [0])])[0].shape == [0])
    #expect(try run("Resize", [image, nil, nil, integers([4], [0, 1, 1 << 40, 1 << 7])])[0].count == 0)
  }

  @Test func `crop to regions that are no numbers`() throws {
    let region = try floats([8], [0, 0, .nan, -.infinity, 1, 1, .infinity, 1e38])
    for mode in ["nearest", "linear", "cubic"] {
      let resized = try run(
        "Resize", [image, region, nil, integers([4], [1, 1, 3, 3])],
        [
          ("mode", .string(mode)), ("coordinate_transformation_mode", .string("tf_crop_and_resize")),
          ("extrapolation_value", .float(7)),
        ])[0]
      #expect(try resized.floats() == [Float](repeating: 7, count: 9))
    }
  }

  @Test(arguments: ["nearest", "linear", "cubic"], ["zeros", "border", "reflection"])
  func `sample at places that are no numbers`(mode: String, padding: String) throws {
    let places: [Float] = [.nan, 0, .infinity, -.infinity, 1e38, -1e38, 1e9, 3e4]
    for aligned in [0, 1] as [Int64] {
      let attributes: [(name: String, value: AttributeValue)] = [
        ("mode", .string(mode)), ("padding_mode", .string(padding)), ("align_corners", .int(aligned)),
      ]
      let sampled = try run("GridSample", opset: 20, [image, floats([1, 1, 4, 2], places)], attributes)[0]
      let expected = padding == "zeros" ? 0.0...0 : 0.5...4.5
      #expect(try sampled.floats().allSatisfy { expected.contains(Double($0)) })
      let point = try floats([1, 1, 1, 1], [2])
      #expect(try run("GridSample", opset: 20, [point, floats([1, 1, 4, 2], places)], attributes)[0].count == 4)
    }
  }

  @Test func `refuse grids of another rank`() throws {
    #expect(throws: TensorError.self) { try run("GridSample", opset: 20, [image, floats([1, 2], [0, 0])]) }
    #expect(throws: TensorError.self) { try run("GridSample", opset: 20, [image, floats([1, 1, 1, 3], [0, 0, 0])]) }
    #expect(throws: TensorError.self) { try run("GridSample", opset: 20, [floats([], [1]), floats([], [0])]) }
  }

  @Test func `pool regions with and without the half pixel`() throws {
    let map = try floats([1, 1, 4, 4], (0..<16).map { Float($0) })
    let region = try floats([1, 4], [0, 0, 3, 3])
    let size: [(name: String, value: AttributeValue)] = [("output_height", .int(2)), ("output_width", .int(2))]
    let old = try run("RoiAlign", opset: 10, [map, region, integers([1], [0])], size)[0]
    #expect(try old.floats() == [3.75, 5.25, 9.75, 11.25])
    let new = try run("RoiAlign", opset: 16, [map, region, integers([1], [0])], size)[0]
    #expect(try new.floats() == [1.5625, 3, 7.3125, 8.75])
  }

  @Test func `pool regions that are no regions`() throws {
    let regions = try floats(
      [3, 4], [.nan, 0, 1, .infinity, 1e30, 1e30, 1e30, 1e30, 5, 5, -5, -5])
    for mode in ["avg", "max"] {
      let pooled = try run(
        "RoiAlign", opset: 16, [image, regions, integers([3], [0, 0, 0])], [("mode", .string(mode))])[0]
      #expect(try pooled.floats() == [0, 0, 0])
    }
    // A region that ends far before it begins is sampled nowhere.
    let inverted = try floats([1, 4], [0, 0, -1e30, -1e30])
    #expect(try run("RoiAlign", opset: 16, [image, inverted, integers([1], [0])])[0].floats() == [0])
    let one = try floats([1, 4], [0, 0, 1e30, 1])
    #expect(throws: TensorError.self) { try run("RoiAlign", opset: 16, [image, one, integers([1], [0])]) }
    #expect(throws: TensorError.self) { try run("RoiAlign", opset: 16, [image, one, integers([1], [1])]) }
    #expect(throws: TensorError.self) {
      try run("RoiAlign", opset: 16, [image, one, integers([1], [0])], [("sampling_ratio", .int(.max))])
    }
    #expect(throws: TensorError.self) {
      try run("RoiAlign", opset: 16, [image, one, integers([1], [0])], [("output_height", .int(.max))])
    }
  }

  @Test func `keep the first of equal boxes, and boxes given by any two corners`() throws {
    let boxes = try floats([1, 4, 4], [0, 0, 1, 1, 0, 0, 1, 1.1, 2, 2, 3, 3, 1, 1, 0, 0])
    let scores = try floats([1, 1, 4], [0.5, 0.5, 0.1, 0.5])
    let kept = try run("NonMaxSuppression", opset: 11, [boxes, scores, integers([], [3]), floats([], [0.5])])[0]
    #expect(kept.shape == [2, 3])
    #expect(try kept.integers() == [0, 0, 0, 0, 0, 2])
    #expect(try run("NonMaxSuppression", opset: 11, [boxes, scores])[0].shape == [0, 3])
  }

  @Test func `put scores that are no numbers last`() throws {
    let boxes = try floats([1, 3, 4], [0, 0, .nan, 1, 0, 0, 1, 1, 0, 0, 1, 1])
    let scores = try floats([1, 1, 3], [.nan, 1, .infinity])
    let kept = try run("NonMaxSuppression", opset: 11, [boxes, scores, integers([], [.max])])[0]
    #expect(try kept.integers() == [0, 0, 2, 0, 0, 0])
  }
}
