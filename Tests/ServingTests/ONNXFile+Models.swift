import TestSupport

extension ONNXFile {
  /// `y = x`, for any element type.
  static func identity(type: UInt64 = 1, shape: [Int?] = [nil, 3]) -> [UInt8] {
    bytes(
      nodes: [Node("Identity", ["x"], ["y"])],
      inputs: [Port("x", type: type, shape: shape)], outputs: [Port("y", type: type, shape: shape)])
  }

  /// `y = x W` with W a diagonal of `factor`: tells versions apart by their answers.
  /// - Parameter isOpen: whether the input is declared with any width, although only one suits.
  static func scaling(
    by factor: Float, width: Int = 2, isOpen: Bool = false, input: String = "x", output: String = "y"
  ) -> [UInt8] {
    bytes(
      nodes: [Node("MatMul", [input, "w"], [output])],
      inputs: [Port(input, shape: [nil, isOpen ? nil : width])],
      outputs: [Port(output, shape: [nil, width])], weights: [diagonal("w", width, factor)])
  }

  /// The same, slowed down by honest work: a chain of products with the identity.
  static func slow(by factor: Float, width: Int = 64, depth: Int = 4) -> [UInt8] {
    var nodes = [Node("MatMul", ["x", "w"], ["t0"])]
    for index in 0..<depth { nodes.append(Node("MatMul", ["t\(index)", "u"], ["t\(index + 1)"])) }
    nodes.append(Node("Identity", ["t\(depth)"], ["y"]))
    return bytes(
      nodes: nodes, inputs: [Port("x", shape: [nil, width])], outputs: [Port("y", shape: [nil, width])],
      weights: [diagonal("w", width, factor), diagonal("u", width, 1)])
  }

  /// Scores passed through ZipMap with two labels.
  static func zipMap() -> [UInt8] {
    bytes(
      nodes: [
        Node("ZipMap", ["x"], ["p"], domain: "ai.onnx.ml", strings: ["classlabels_strings": ["no", "yes"]])
      ],
      inputs: [Port("x", shape: [nil, 2])], outputs: [Port("p", isMaps: true)])
  }

  /// `y` is 1 at the place of the word `x`, and the run fails for any other word.
  static func oneHot(_ words: [String]) -> [UInt8] {
    bytes(
      nodes: [
        Node(
          "OneHotEncoder", ["x"], ["y"], domain: "ai.onnx.ml", integers: ["zeros": 0], strings: ["cats_strings": words])
      ],
      inputs: [Port("x", type: 8, shape: [nil])], outputs: [Port("y", shape: [nil, words.count])])
  }

  /// `y = x + z`.
  /// - Parameter rows: the rows that `z` is declared with; open when nil.
  static func sum(rows: Int? = nil) -> [UInt8] {
    bytes(
      nodes: [Node("Add", ["x", "z"], ["y"])],
      inputs: [Port("x", shape: [nil, 2]), Port("z", shape: [rows, nil])], outputs: [Port("y", shape: [nil, 2])])
  }

  /// `y = x` in half precision, for which JSON has no form.
  static func half() -> [UInt8] {
    bytes(
      nodes: [Node("Cast", ["x"], ["y"], integers: ["to": 10])],
      inputs: [Port("x", shape: [nil, 2])], outputs: [Port("y", type: 10, shape: [nil, 2])])
  }

  private static func diagonal(_ name: String, _ width: Int, _ factor: Float) -> Weights {
    var floats = [Float](repeating: 0, count: width * width)
    for index in 0..<width { floats[index * width + index] = factor }
    return Weights(name, [width, width], floats)
  }
}
