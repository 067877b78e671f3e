import HeadgateTensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a model does to its raw scores before it gives them out.
///
/// Computed in single precision in the order of ONNX Runtime, also for models in double precision.
enum PostTransform: Int, Sendable {
  // The raw values are those of TreeEnsemble from ai.onnx.ml 5 on.
  case none = 0
  case softmax = 1
  case logistic = 2
  case softmaxZero = 3
  case probit = 4

  /// Reads the attribute `post_transform` of the operators that name it by a string.
  init(_ attributes: Attributes) throws(TensorError) {
    switch try attributes.string("post_transform") {
    case nil, "NONE": self = .none
    case "SOFTMAX": self = .softmax
    case "LOGISTIC": self = .logistic
    case "SOFTMAX_ZERO": self = .softmaxZero
    case "PROBIT": self = .probit
    case .some(let other): throw TensorError(.invalidValue, "attribute 'post_transform' is '\(other)'")
    }
  }

  /// Transforms the scores of one row.
  func apply(_ scores: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .none: break
    case .logistic: for index in scores.indices { scores[index] = Self.logistic(scores[index]) }
    case .probit: for index in scores.indices { scores[index] = Self.probit(scores[index]) }
    case .softmax: Self.softmax(scores)
    case .softmaxZero: Self.softmaxZero(scores)
    }
  }

  static func logistic(_ value: Float) -> Float {
    let positive = 1 / (1 + exp(-abs(value)))
    return value < 0 ? 1 - positive : positive
  }

  /// The quantile of the normal distribution, by the approximation of the inverse error function of Winitzki.
  static func probit(_ value: Float) -> Float {
    let signed = 2 * value - 1
    let logarithm = log((1 - signed) * (1 + signed))
    let a: Float = 0.147
    let first = 2 / (Float.pi * a) + 0.5 * logarithm
    let second = 1 / a * logarithm
    let inverse = (-first + (first * first - second).squareRoot()).squareRoot()
    return Float(2).squareRoot() * (signed < 0 ? -inverse : inverse)
  }

  private static func softmax(_ scores: UnsafeMutableBufferPointer<Float>) {
    var greatest = -Float.greatestFiniteMagnitude
    for score in scores where score > greatest { greatest = score }
    var sum: Float = 0
    for index in scores.indices {
      scores[index] = exp(scores[index] - greatest)
      sum += scores[index]
    }
    for index in scores.indices { scores[index] /= sum }
  }

  /// Softmax in which a score of zero stays out of the sum.
  private static func softmaxZero(_ scores: UnsafeMutableBufferPointer<Float>) {
    var greatest = -Float.greatestFiniteMagnitude
    for score in scores where score > greatest { greatest = score }
    let scale = exp(-greatest)
    var sum: Float = 0
    for index in scores.indices {
      let score = scores[index]
      if score > 1e-7 || score < -1e-7 {
        scores[index] = exp(score - greatest)
        sum += scores[index]
      } else {
        scores[index] = score * scale
      }
    }
    for index in scores.indices { scores[index] /= sum }
  }
}
