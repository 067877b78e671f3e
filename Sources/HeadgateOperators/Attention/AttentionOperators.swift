import HeadgateTensors

/// Attention over sequences, and what models put around it.
enum AttentionOperators {
  static let table: [OperatorDefinition] = [
    .prepared("Attention", since: 23, Attention.prepare(padsShortMasks: false)),
    .prepared("Attention", since: 24, Attention.prepare(padsShortMasks: true)),
    .prepared("LinearAttention", since: 27, LinearAttention.prepare),
    .prepared("FlexAttention", domain: "ai.onnx.preview", since: 1, FlexAttention.prepare),
    .op("RotaryEmbedding", since: 23, RotaryEmbedding.rotate).computingInSingle(),
    .op("TensorScatter", since: 24, CacheUpdate.scatter),
  ]
}
