/// The operators whose kernels take part in recordings, see `StepRecorder`.
///
/// Their kernels were looked through for what they read of an input's elements outside of their work: nothing, or it is
/// noted. All others are called again in each run, whatever helpers they share with these.
package enum RepeatableOperators {
  package static func contains(_ node: OperatorNode) -> Bool {
    switch node.domain {
    case "", "ai.onnx": standard.contains(node.operatorName)
    case "ai.onnx.ml": classical.contains(node.operatorName)
    default: node.domain == "ai.headgate" || node.domain == ChannelsLast.domain
    }
  }

  private static let classical: Set = ["TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"]

  private static let standard = Set(
    arithmetic + functions + activations + comparisons + reductions + movements + layers)

  private static let arithmetic = [
    "Add", "Sub", "Mul", "Div", "Mod", "Pow", "Min", "Max", "Sum", "Mean", "PRelu", "Cast",
  ]
  private static let functions = [
    "Abs", "Neg", "Sign", "Reciprocal", "Sqrt", "Exp", "Log", "Erf", "Floor", "Ceil", "Round", "Sin", "Cos", "Tan",
    "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh", "Asinh", "Acosh", "Atanh",
  ]
  private static let activations = [
    "Relu", "Sigmoid", "Softplus", "Softsign", "HardSwish", "Mish", "LeakyRelu", "ThresholdedRelu", "Elu", "Celu",
    "Selu", "HardSigmoid", "Shrink", "Swish", "Gelu", "Clip", "Softmax", "LogSoftmax", "Hardmax",
  ]
  private static let comparisons = [
    "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf", "Where",
  ]
  private static let reductions = [
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    "ReduceLogSum", "ReduceLogSumExp", "LayerNormalization", "RMSNormalization",
  ]
  private static let movements = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Shape", "Size", "Transpose", "Slice", "Expand", "Tile", "Concat",
    "Split", "Trilu", "DepthToSpace", "SpaceToDepth", "Gather",
  ]
  private static let layers = [
    "MatMul", "Gemm", "Conv", "MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool",
    "Attention", "RNN", "GRU", "LSTM",
  ]
}
