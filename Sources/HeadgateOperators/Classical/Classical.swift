/// The operators of classical machine learning: domain `ai.onnx.ml`.
package enum ClassicalOperators {
  package static let table: [OperatorDefinition] = []
}
