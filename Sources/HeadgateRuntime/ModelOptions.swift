/// How a model is loaded and run.
public struct ModelOptions: Sendable, Hashable {
  /// The most bytes that the tensors of one run may take at one time.
  public var maxRunBytes: Int
  /// Whether weights may be read from other files inside the model's folder.
  ///
  /// A digest of the model file says nothing about those files, so a caller that verifies digests
  /// turns this off, or verifies the files that `ModelInspection.externalData` lists.
  public var allowsExternalData: Bool
  /// Whether a model of XGBoost or LightGBM also gives its raw scores, as the output `score` `[rows, scores]`.
  public var givesRawScores: Bool
  /// What the products of constant float weights are computed in: MatMul, Gemm, Conv but for depthwise ones, RNN, GRU and
  /// LSTM. All other operators, and products of two values of a run, stay as they are.
  ///
  /// A model that has no such weights is refused in another precision than float32, which would do nothing.
  public var precision: Precision

  /// The most threads that a run may use, that of its caller included; nil for as many as there are processors.
  ///
  /// A run shares its work with threads that all models have in common, as far as other runs leave processors idle; it
  /// gives the same bits on any number of threads.
  public var maxThreads: Int?
  /// The most threads that loading may use, that of its caller included; nil for as many as there are processors.
  ///
  /// Models of XGBoost and LightGBM are read by several; what is loaded is the same on any number.
  public var maxLoadingThreads: Int?

  public init(
    maxRunBytes: Int = 4 << 30, allowsExternalData: Bool = true, givesRawScores: Bool = false,
    precision: Precision = .float32, maxThreads: Int? = nil, maxLoadingThreads: Int? = nil
  ) {
    self.maxThreads = maxThreads
    self.maxLoadingThreads = maxLoadingThreads
    self.maxRunBytes = maxRunBytes
    self.allowsExternalData = allowsExternalData
    self.givesRawScores = givesRawScores
    self.precision = precision
  }
}
