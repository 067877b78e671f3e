import HeadgateTensors

/// Computes the outputs of one node from the inputs of one run.
package typealias Kernel = @Sendable (OperatorCall) throws(TensorError) -> [Value]

/// One row of an operator table: from which opset of its domain on, an operator means what.
///
/// The newest row with `since <= opset` is picked, so only a version whose meaning or types changed
/// needs a row of its own.
package struct OperatorDefinition: Sendable {
  package let domain: String
  package let name: String
  package let since: Int

  /// Makes the kernel of one node when the model is loaded.
  ///
  /// What depends only on attributes and constant inputs (a tree ensemble, a packed weight matrix) is
  /// built here once and held by the returned closure.
  package let prepare: @Sendable (OperatorNode) throws(TensorError) -> Kernel

  /// An operator whose kernel needs no preparation.
  package static func op(
    _ name: String, domain: String = "", since: Int, _ kernel: @escaping Kernel
  ) -> OperatorDefinition {
    OperatorDefinition(domain: domain, name: name, since: since, prepare: { _ in kernel })
  }

  /// An operator that builds its kernel once for each node.
  package static func prepared(
    _ name: String, domain: String = "", since: Int,
    _ prepare: @escaping @Sendable (OperatorNode) throws(TensorError) -> Kernel
  ) -> OperatorDefinition {
    OperatorDefinition(domain: domain, name: name, since: since, prepare: prepare)
  }
}
