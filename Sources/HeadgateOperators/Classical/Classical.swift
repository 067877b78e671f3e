import HeadgateTensors

/// The operators of classical machine learning: domain `ai.onnx.ml`.
package enum ClassicalOperators {
  package static let table: [OperatorDefinition] =
    TreeEnsembles.table + LinearModels.table + SupportVectorMachines.table + Scaling.table + Selection.table
    + Categories.table + LabelEncoders.table + Maps.table
}

extension OperatorDefinition {
  /// A row of the domain `ai.onnx.ml`.
  static func classical(_ name: String, since: Int, _ kernel: @escaping Kernel) -> OperatorDefinition {
    .op(name, domain: "ai.onnx.ml", since: since, kernel)
  }

  /// A row of the domain `ai.onnx.ml` whose kernel is built once for each node.
  static func classical(
    _ name: String, since: Int, prepare: @escaping @Sendable (OperatorNode) throws(TensorError) -> Kernel
  ) -> OperatorDefinition {
    .prepared(name, domain: "ai.onnx.ml", since: since, prepare)
  }
}
