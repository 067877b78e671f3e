import HeadgateTensors

/// Says of a node's outputs what follows from its inputs, and refuses nodes that certainly fail.
typealias InferenceRule = @Sendable (InferenceCall) throws(TensorError) -> [InferredValue]

/// Element types and shapes before any run.
///
/// Each rule says only what is certain for every run that gets through, so that no model is refused that runs. An
/// operator without a rule gives unknown outputs, which is always right.
package enum Inference {
  private static let rules: [String: InferenceRule] = {
    let tables = [
      ElementwiseInference.rules, MovementInference.rules, ShapeInference.rules, ReductionInference.rules,
      MatrixInference.rules, WindowInference.rules, ClassicalInference.rules,
    ]
    return Dictionary(tables.joined().map { ($0.name, $0.rule) }) { first, _ in first }
  }()

  /// What is known of each output of a node; outputs beyond the list are unknown.
  ///
  /// - Parameters:
  ///   - inputs: what is known of the inputs, nil for absent ones.
  ///   - names: the inputs' names in the graph.
  /// - Throws: `TensorError` when no run can get past the node; it names the inputs with their types and shapes.
  package static func outputs(
    of node: OperatorNode, inputs: [InferredValue?], names: [String]
  ) throws(TensorError) -> [InferredValue] {
    let domain = node.domain == "ai.onnx" ? "" : node.domain
    let name = domain.isEmpty ? node.operatorName : "\(domain).\(node.operatorName)"
    guard let rule = rules[name] else { return [] }
    return try rule(InferenceCall(node: node, inputs: inputs, names: names))
  }
}

/// A row of a table of rules: the operator, with its domain before it unless that is `ai.onnx`.
typealias InferenceRow = (name: String, rule: InferenceRule)

extension Sequence<String> {
  /// The same rule for several operators.
  func rows(_ rule: @escaping InferenceRule) -> [InferenceRow] { map { ($0, rule) } }
}

/// Rules that several families share.
enum SharedRule {
  /// The first output has type and shape of the first input.
  static let sameAsFirst: InferenceRule = { (call) throws(TensorError) in [call.input(0).withoutElements] }

  /// The first output is what the first input is.
  static let identity: InferenceRule = { (call) throws(TensorError) in [call.input(0)] }

  /// The first output has the shape of the first input, which holds elements of a kind.
  static func same(_ kind: ElementKind) -> InferenceRule {
    { (call) throws(TensorError) in
      try call.require(0, kind)
      return [call.input(0).withoutElements]
    }
  }

  /// The first output has the shape of the first input and a type of its own.
  static func sameShape(_ type: ElementType?) -> InferenceRule {
    { (call) throws(TensorError) in [InferredValue(type, call.shape(0))] }
  }
}

extension InferredValue {
  /// The same without what is known of the elements.
  var withoutElements: InferredValue { InferredValue(elementType, shape) }
}
