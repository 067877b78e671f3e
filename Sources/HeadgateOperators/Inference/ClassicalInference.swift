import HeadgateTensors

/// The operators of `ai.onnx.ml` whose outputs follow from attributes and the number of rows.
enum ClassicalInference {
  static let rules: [InferenceRow] =
    [
      ("ai.onnx.ml.LinearRegressor", regressor("targets")),
      ("ai.onnx.ml.TreeEnsembleRegressor", regressor("n_targets")),
      ("ai.onnx.ml.Normalizer", SharedRule.sameShape(.float)), ("ai.onnx.ml.Scaler", SharedRule.sameShape(.float)),
      ("ai.onnx.ml.Imputer", SharedRule.sameAsFirst), ("ai.onnx.ml.Binarizer", SharedRule.sameAsFirst),
      ("ai.onnx.ml.LabelEncoder", SharedRule.sameShape(nil)),
      ("ai.onnx.ml.ArrayFeatureExtractor", typeOnly),
    ]
    + [
      "ai.onnx.ml.TreeEnsembleClassifier", "ai.onnx.ml.LinearClassifier", "ai.onnx.ml.SVMClassifier",
    ].rows(classifier)

  private static func rows(_ call: InferenceCall) -> Int? {
    guard let shape = call.shape(0) else { return nil }
    // A vector is one row.
    return shape.count == 2 ? shape[0] : nil
  }

  private static func regressor(_ attribute: String) -> InferenceRule {
    { (call) throws(TensorError) in
      try call.require(0, .numbers)
      let isDouble = call.type(0) == .double
      // Trees of old versions give floats whatever they take; newer ones may give doubles.
      return [InferredValue(isDouble ? nil : .float, [rows(call), try call.attributes.int(attribute) ?? 1])]
    }
  }

  private static let classifier: InferenceRule = { (call) throws(TensorError) in
    try call.require(0, .numbers)
    var labels: (type: ElementType?, count: Int?) = (nil, nil)
    for name in ["classlabels_strings", "classlabels_int64s", "classlabels_ints"] {
      switch call.attributes[name] {
      case .strings(let texts)? where !texts.isEmpty: labels = (.string, texts.count)
      case .ints(let numbers)? where !numbers.isEmpty: labels = (.int64, numbers.count)
      default: continue
      }
      break
    }
    return [
      InferredValue(labels.type, [rows(call)]),
      // One column of scores may stand for two classes.
      InferredValue(nil, [rows(call), labels.count.flatMap { $0 > 2 ? $0 : nil }]),
    ]
  }

  private static let typeOnly: InferenceRule = { (call) throws(TensorError) in [InferredValue(call.type(0))] }
}
