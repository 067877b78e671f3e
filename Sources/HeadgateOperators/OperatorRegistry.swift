/// All operators that this version knows, joined from the tables of the families.
package struct OperatorRegistry: Sendable {
  private struct Key: Hashable {
    let domain: String
    let name: String
  }

  /// For each operator its rows, newest first.
  private let rows: [Key: [OperatorDefinition]]

  package init(_ tables: [[OperatorDefinition]]) {
    rows = Dictionary(grouping: tables.joined()) { Key(domain: $0.domain, name: $0.name) }
      .mapValues { $0.sorted { $0.since > $1.since } }
  }

  /// The operators that ship with the library.
  package static let standard = OperatorRegistry(
    [Softmax.table, Convolution.table, Pooling.table, CrossEntropy.table].map(\.computingInSingle)
      + [
        Arithmetic.table, RealFunctions.table, Activation.table, Reduction.table, Ranking.table,
        MatrixOperators.table, Comparison.table, Casting.table, Quantization.table,
        Reshaping.table, Arranging.table, Gathering.table, Generation.table,
        Normalization.table, TextOperators.table, ControlFlow.table, Sequences.table, Optionals.table,
        ClassicalOperators.table,
        QuantizedProducts.table, AttentionOperators.table, RecurrentOperators.table,
        SignalOperators.table, RandomNumbers.table, Optimizers.table, Reversing.table,
        ImageOperators.table,
      ] + ContributedOperators.tables)

  /// The newest row with `since <= opset`, or nil when there is none.
  ///
  /// - Parameter domain: empty for `ai.onnx`, which may be written both ways.
  package func definition(domain: String, name: String, opset: Int) -> OperatorDefinition? {
    rows[Key(domain: domain == "ai.onnx" ? "" : domain, name: name)]?.first { $0.since <= opset }
  }

  /// Every row, sorted by domain, name and version.
  package var definitions: [OperatorDefinition] {
    rows.values.joined().sorted { ($0.domain, $0.name, $0.since) < ($1.domain, $1.name, $1.since) }
  }
}
