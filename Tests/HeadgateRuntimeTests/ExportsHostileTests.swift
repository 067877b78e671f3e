import HeadgateOperators
import HeadgateTensors
import Testing

/// Attributes that do not fit each other, as a damaged or hostile file would have them.
struct `A model of classical machine learning with senseless attributes` {
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let operatorName: String
    let changes: [(String, AttributeValue?)]
    /// What the message must name.
    let naming: String

    init(_ name: String, _ operatorName: String, naming: String, _ changes: [(String, AttributeValue?)]) {
      testDescription = name
      self.operatorName = operatorName
      self.changes = changes
      self.naming = naming
    }
  }

  /// Two trees: 0 is a split with two leaves, 1 a single leaf.
  static let regressor: [(String, AttributeValue)] = [
    ("n_targets", .int(1)), ("nodes_treeids", .ints([0, 0, 0, 1])), ("nodes_nodeids", .ints([0, 1, 2, 0])),
    ("nodes_featureids", .ints([1, 0, 0, 0])), ("nodes_modes", .strings(["BRANCH_LEQ", "LEAF", "LEAF", "LEAF"])),
    ("nodes_values", .floats([0.5, 0, 0, 0])), ("nodes_truenodeids", .ints([1, 0, 0, 0])),
    ("nodes_falsenodeids", .ints([2, 0, 0, 0])), ("target_treeids", .ints([0, 0, 1])),
    ("target_nodeids", .ints([1, 2, 0])), ("target_ids", .ints([0, 0, 0])), ("target_weights", .floats([1, 2, 4])),
  ]

  static let svm: [(String, AttributeValue)] = [
    ("classlabels_ints", .ints([0, 1])), ("coefficients", .floats([1, -1])), ("kernel_params", .floats([1, 0, 3])),
    ("kernel_type", .string("RBF")), ("rho", .floats([0])), ("support_vectors", .floats([1, 2, 3, 4])),
    ("vectors_per_class", .ints([1, 1])),
  ]

  static let linear: [(String, AttributeValue)] = [
    ("classlabels_ints", .ints([0, 1, 2])), ("coefficients", .floats([1, 2, 3])), ("intercepts", .floats([0, 0, 0])),
  ]

  static func attributes(of operatorName: String) -> [(String, AttributeValue)] {
    switch operatorName {
    case "TreeEnsembleRegressor": regressor
    case "SVMClassifier": svm
    case "LinearClassifier": linear
    default: []
    }
  }

  private func prepare(_ name: String, _ attributes: [(String, AttributeValue)]) throws -> (OperatorNode, Kernel) {
    let node = OperatorNode(
      name: "model", operatorName: name, domain: "ai.onnx.ml", opset: 3,
      attributes: Attributes(attributes.map { (name: $0.0, value: $0.1) }), constants: [], usedOutputs: [true, true])
    let definition = try #require(
      OperatorRegistry.standard.definition(domain: "ai.onnx.ml", name: name, opset: 3))
    return (node, try definition.prepare(node))
  }

  private func run(_ made: (OperatorNode, Kernel), _ input: Tensor) throws -> [Value] {
    try made.1(OperatorCall(node: made.0, inputs: [.tensor(input)], budget: MemoryBudget(limit: 1 << 20)))
  }

  static let damages: [Damage] = [
    Damage(
      "a node that leads back to the root", "TreeEnsembleRegressor", naming: "nodes_truenodeids",
      [
        ("nodes_modes", .strings(["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", .ints([1, 0, 0, 0])), ("nodes_falsenodeids", .ints([2, 2, 0, 0])),
      ]),
    Damage(
      "a node that leads to itself", "TreeEnsembleRegressor", naming: "nodes_truenodeids",
      [("nodes_truenodeids", .ints([0, 0, 0, 0]))]),
    Damage(
      "a child that is not there", "TreeEnsembleRegressor", naming: "nodes_falsenodeids",
      [("nodes_falsenodeids", .ints([3, 0, 0, 0]))]),
    Damage(
      "a negative child", "TreeEnsembleRegressor", naming: "nodes_truenodeids",
      [("nodes_truenodeids", .ints([.min, 0, 0, 0]))]),
    Damage(
      "a negative feature", "TreeEnsembleRegressor", naming: "nodes_featureids",
      [("nodes_featureids", .ints([-1, 0, 0, 0]))]),
    Damage(
      "a feature beyond 32 bits", "TreeEnsembleRegressor", naming: "nodes_featureids",
      [("nodes_featureids", .ints([1 << 40, 0, 0, 0]))]),
    Damage(
      "fewer thresholds than nodes", "TreeEnsembleRegressor", naming: "nodes_values",
      [("nodes_values", .floats([0.5]))]),
    Damage("fewer modes than nodes", "TreeEnsembleRegressor", naming: "nodes_modes", [("nodes_modes", nil)]),
    Damage(
      "an unknown mode", "TreeEnsembleRegressor", naming: "nodes_modes",
      [("nodes_modes", .strings(["BRANCH_XOR", "LEAF", "LEAF", "LEAF"]))]),
    Damage(
      "the same node twice", "TreeEnsembleRegressor", naming: "nodes_nodeids",
      [("nodes_nodeids", .ints([0, 1, 1, 0]))]),
    Damage(
      "a tree in two places", "TreeEnsembleRegressor", naming: "nodes_treeids",
      [("nodes_treeids", .ints([0, 1, 0, 0])), ("nodes_nodeids", .ints([0, 0, 1, 2]))]),
    Damage(
      "no trees", "TreeEnsembleRegressor", naming: "no trees",
      regressor.compactMap { $0.0 == "n_targets" ? nil : ($0.0, nil) }),
    Damage(
      "a target out of range", "TreeEnsembleRegressor", naming: "target_ids", [("target_ids", .ints([0, 1, 0]))]),
    Damage("a negative target", "TreeEnsembleRegressor", naming: "target_ids", [("target_ids", .ints([0, -1, 0]))]),
    Damage(
      "a leaf without a weight", "TreeEnsembleRegressor", naming: "target_weights",
      [("target_treeids", .ints([0, 0, 0])), ("target_nodeids", .ints([1, 2, 2]))]),
    Damage(
      "a weight for no node", "TreeEnsembleRegressor", naming: "target_nodeids",
      [("target_nodeids", .ints([1, 7, 0]))]),
    Damage("a billion targets", "TreeEnsembleRegressor", naming: "targets", [("n_targets", .int(1 << 30))]),
    Damage("no targets", "TreeEnsembleRegressor", naming: "targets", [("n_targets", .int(0))]),
    Damage(
      "a base value too many", "TreeEnsembleRegressor", naming: "base_values", [("base_values", .floats([1, 2]))]),
    Damage(
      "an unknown aggregate", "TreeEnsembleRegressor", naming: "aggregate_function",
      [("aggregate_function", .string("MEDIAN"))]),
    Damage(
      "an unknown transform", "TreeEnsembleRegressor", naming: "post_transform", [("post_transform", .string("RELU"))]),
    Damage("too few coefficients", "SVMClassifier", naming: "coefficients", [("coefficients", .floats([1]))]),
    Damage("no rho", "SVMClassifier", naming: "rho", [("rho", nil)]),
    Damage(
      "a negative count of vectors", "SVMClassifier", naming: "vectors_per_class",
      [("vectors_per_class", .ints([-1, 3]))]),
    Damage(
      "vectors of uneven length", "SVMClassifier", naming: "support_vectors",
      [("support_vectors", .floats([1, 2, 3]))]),
    Damage("an unknown kernel", "SVMClassifier", naming: "kernel_type", [("kernel_type", .string("WAVELET"))]),
    Damage("too few parameters", "SVMClassifier", naming: "kernel_params", [("kernel_params", .floats([1]))]),
    Damage("one half of Platt's numbers", "SVMClassifier", naming: "prob_b", [("prob_a", .floats([1]))]),
    Damage("no class", "LinearClassifier", naming: "classlabels_ints", [("classlabels_ints", .ints([]))]),
    Damage("uneven coefficients", "LinearClassifier", naming: "coefficients", [("coefficients", .floats([1, 2]))]),
    Damage("fewer labels than sums", "LinearClassifier", naming: "intercepts", [("classlabels_ints", .ints([0, 1]))]),
    Damage("no coefficients", "LinearClassifier", naming: "coefficients", [("coefficients", nil)]),
  ]

  @Test(arguments: damages)
  func `is refused at load, naming the attribute`(_ damage: Damage) throws {
    let sound = Self.attributes(of: damage.operatorName)
    _ = try prepare(damage.operatorName, sound)
    let changed = Dictionary(damage.changes.map { ($0.0, $0.1) }) { _, last in last }
    var attributes = sound.filter { changed[$0.0] == nil }
    for case (let name, let value?) in damage.changes { attributes.append((name, value)) }
    let error = try #require(throws: TensorError.self) { _ = try prepare(damage.operatorName, attributes) }
    #expect(error.message.contains(damage.naming), "\(error.message)")
  }

  @Test func `is right when the attributes are sound`() throws {
    let made = try prepare("TreeEnsembleRegressor", Self.regressor)
    let input = try Tensor(shape: [3, 2], floats: [0, 0.5, 0, 0.75, 0, .nan])
    #expect(try run(made, input).first?.tensor?.floats() == [5, 6, 6])
  }

  @Test func `refuses rows with too few features`() throws {
    let made = try prepare("TreeEnsembleRegressor", Self.regressor)
    let error = try #require(throws: TensorError.self) { try run(made, try Tensor(shape: [2, 1], floats: [0, 0])) }
    #expect(error.message.contains("2 features"))
  }

  @Test func `refuses words where numbers belong`() throws {
    let made = try prepare("TreeEnsembleRegressor", Self.regressor)
    #expect(throws: TensorError.self) { try run(made, try Tensor(shape: [1, 2], strings: ["a", "b"])) }
  }
}
