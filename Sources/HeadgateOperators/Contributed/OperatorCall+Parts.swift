import HeadgateTensors

// Most operators of ONNX Runtime are several standard ones that an optimiser has joined. Here they are taken apart
// again: each part is the standard operator itself, so that there is one kernel for each idea, with its fast paths.

extension OperatorCall {
  /// The opset whose operators the parts are.
  private static let opsetOfParts = 24

  /// The first output of a standard operator.
  func apply(
    _ name: String, _ inputs: Tensor?..., with attributes: [(name: String, value: AttributeValue)] = []
  ) throws(TensorError) -> Tensor {
    let outputs = try applyAll(name, inputs, with: attributes, outputs: 1)
    guard let first = outputs.first else { throw TensorError(.missing, "part \(name) gives no output") }
    return first
  }

  /// All outputs of a standard operator that are tensors.
  func applyAll(
    _ name: String, _ inputs: [Tensor?], with attributes: [(name: String, value: AttributeValue)] = [], outputs: Int
  ) throws(TensorError) -> [Tensor] {
    // What a part makes is not taken down.
    recorder?.noteUnrepeatable()
    let opset = Self.opsetOfParts
    guard let definition = OperatorRegistry.standard.definition(domain: "", name: name, opset: opset) else {
      throw TensorError(.unsupported, "its part \(name) is not known to this version")
    }
    let part = OperatorNode(
      name: node.name, operatorName: name, domain: "", opset: opset, attributes: Attributes(attributes), constants: [],
      usedOutputs: [Bool](repeating: true, count: outputs))
    let call = OperatorCall(node: part, inputs: inputs.map { $0.map(Value.tensor) }, budget: budget)
    // Kernels hold pointers to their inputs without keeping them.
    defer { withExtendedLifetime(call) {} }
    return try definition.prepare(part)(call).compactMap(\.tensor)
  }

  /// One number in the type of a tensor that it meets.
  func scalar(_ value: Float, like tensor: Tensor) throws(TensorError) -> Tensor {
    try Casting.convert(try Tensor(shape: [], floats: [value]), to: tensor.elementType, self)
  }

  /// A list of integers as an input of a part.
  func list(_ values: [Int]) throws(TensorError) -> Tensor {
    try Tensor(shape: [values.count], integers: values.map { Int64($0) })
  }
}

extension Attributes {
  /// Those of some attributes that are given, for a part.
  package func passing(_ names: [String]) -> [(name: String, value: AttributeValue)] {
    names.compactMap { name in self[name].map { (name, $0) } }
  }
}

extension Tensor {
  /// Images with the channels last, `[N, ..., C]`, as `[N, C, ...]`.
  func channelsSecond(_ call: OperatorCall) throws(TensorError) -> Tensor {
    guard rank > 2 else { throw TensorError(.shape, "images must have 3 axes or more, got shape \(shape)") }
    return try Arranging.permuted(self, [0, rank - 1] + Array(1..<rank - 1), call)
  }

  /// Images `[N, C, ...]` with the channels last.
  func channelsLast(_ call: OperatorCall) throws(TensorError) -> Tensor {
    try Arranging.permuted(self, [0] + Array(2..<rank) + [1], call)
  }
}
