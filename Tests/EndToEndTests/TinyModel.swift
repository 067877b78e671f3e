import Foundation
import TestSupport

/// A classifier of two numbers as an ONNX file, written here so that no binary lies in the repository: the class is
/// whether `a + b` is positive, the score its softmax.
enum TinyModel {
  /// A good model; every sharpness gives other bytes.
  static func fast(sharpness: Float) -> Data {
    file(width: 2, layers: 0, sharpness: sharpness)
  }

  /// The same answers after honest work: dense layers that each hand on what they got. For one row 14 ms with AVX-512 on
  /// one core, 33 ms with the reference kernels.
  static func slow(sharpness: Float, width: Int = 512, layers: Int = 960) -> Data {
    file(width: width, layers: layers, sharpness: sharpness)
  }

  /// A model that always says the opposite.
  static func wrong(sharpness: Float) -> Data {
    file(width: 2, layers: 0, sharpness: -sharpness)
  }

  private static func file(width: Int, layers: Int, sharpness: Float) -> Data {
    var spread = [Float](repeating: 0, count: 2 * width)
    var unit = [Float](repeating: 0, count: width * width)
    var gather = [Float](repeating: 0, count: width * 2)
    for index in 0..<2 {
      spread[index * width + index] = 1
      gather[index * 2] = -sharpness
      gather[index * 2 + 1] = sharpness
    }
    for index in 0..<width { unit[index * width + index] = 1 }
    typealias Node = ONNXFile.Node
    // Not constant: each layer would keep a copy of the matrix, arranged for its product.
    let matrix = [
      Node("Sub", ["x", "x"], ["nothing"]), Node("ReduceMax", ["nothing"], ["zero"], integers: ["keepdims": 0]),
      Node("Add", ["unit", "zero"], ["same"]),
    ]
    let layerNodes = (0..<layers).map { Node("MatMul", ["h\($0)", "same"], ["h\($0 + 1)"]) }
    let ends = [
      Node("MatMul", ["h\(layers)", "gather"], ["logits"]),
      Node("Softmax", ["logits"], ["scores"], integers: ["axis": 1]),
      Node("ArgMax", ["scores"], ["label"], integers: ["axis": 1, "keepdims": 0]),
    ]
    let bytes = ONNXFile.bytes(
      nodes: [Node("MatMul", ["x", "spread"], ["h0"])] + (layers > 0 ? matrix : []) + layerNodes + ends,
      inputs: [.init("x", shape: [nil, 2])],
      outputs: [.init("label", type: 7, shape: [nil]), .init("scores", shape: [nil, 2])],
      weights: [.init("spread", [2, width], spread), .init("gather", [width, 2], gather)]
        + (layers > 0 ? [.init("unit", [width, width], unit)] : []))
    return Data(bytes)
  }
}
