import HeadgateTensors

/// The operators of ONNX Runtime, domain `com.microsoft`, that its optimisers and quantisers put into models.
///
/// Not here are those that generate text in a loop of their own (BeamSearch, GreedySearch, Sampling), those that
/// only training uses, and those whose weights have the layout of one device.
enum ContributedOperators {
  static let domain = "com.microsoft"

  static let tables: [[OperatorDefinition]] = [
    FusedProducts.table, BiasedActivations.table, SkipNormalization.table, EmbeddedTokens.table,
    FusedAttention.table, BlockQuantization.table, QuantizedArithmetic.table, QuantizedImages.table,
    QuantizedMatrices.table, DynamicQuantization.table, EarlyOperators.table, Renamed.table, MatrixInverse.table,
    Hashing.table, CroppedImages.table, RepeatedTokens.table, Tokenizer.table,
  ]
}

extension OperatorDefinition {
  /// An operator of ONNX Runtime's own domain, in which all have version 1.
  static func contributed(_ name: String, _ kernel: @escaping Kernel) -> OperatorDefinition {
    .op(name, domain: ContributedOperators.domain, since: 1, kernel)
  }
}
