import Glibc
import HeadgateOperators
import HeadgateTensors

/// What a boosting model makes of the raw scores of its rows, and under which names it gives it out.
///
/// - A classifier gives `label`, the index of the class as int64 `[rows]`, and `probabilities` `[rows, classes]`, two
///   columns also for two classes: what scikit-learn's exports give, so that it binds like them.
/// - A model of several yes-or-no questions gives both as `[rows, questions]`.
/// - A classifier of raw margins gives `label` and `score` `[rows, 1]`.
/// - All others give `prediction` `[rows, targets]`.
enum TreeAnswer<Scalar: AnswerScalar>: Sendable {
  case prediction(ScoreLink<Scalar>)
  /// The score is the second class's.
  case binary(ScoreLink<Scalar>)
  /// Each score is a class's. The class is that of the greatest probability, or by the margin of the greatest raw
  /// score.
  case classes(ScoreLink<Scalar> = .softmax, byMargin: Bool)
  /// Each score answers a question of its own.
  case labels(ScoreLink<Scalar>)
  case margin

  /// What the model declares.
  func outputs(scoreCount: Int) -> [ValueInfo] {
    func numbers(_ name: String, _ width: Int) -> ValueInfo {
      ValueInfo(name: name, kind: .tensor, elementType: Scalar.elementType, shape: [nil, width])
    }
    func label(_ shape: [Int?]) -> ValueInfo {
      ValueInfo(name: "label", kind: .tensor, elementType: .int64, shape: shape)
    }
    return switch self {
    case .prediction: [numbers("prediction", scoreCount)]
    case .binary: [label([nil]), numbers("probabilities", 2)]
    case .classes: [label([nil]), numbers("probabilities", scoreCount)]
    case .labels: [label([nil, scoreCount]), numbers("probabilities", scoreCount)]
    case .margin: [label([nil]), numbers("score", 1)]
    }
  }

  /// Makes the outputs of raw scores, `[rows, scores]`.
  func values(of scores: Tensor, _ call: OperatorCall) throws(TensorError) -> [Value] {
    let (rows, width) = (scores.shape[0], scores.shape[1])
    let raw = try scores.elements(Scalar.self)
    func numbers(
      _ shape: Shape, _ fill: @escaping (UnsafeMutableBufferPointer<Scalar>) -> Void
    ) throws(TensorError) -> Tensor {
      try call.produce(Scalar.self, shape, reading: scores) { fill($0) }
    }
    /// The label of each place, read from some numbers.
    func labels(
      of numbers: Tensor, _ shape: Shape, _ label: @escaping (UnsafeBufferPointer<Scalar>, Int) -> Int
    ) throws(TensorError) -> Value {
      let elements = try numbers.elements(Scalar.self)
      return .tensor(
        try call.produce(Int64.self, shape, reading: numbers) { output in
          for index in output.indices { output[index] = Int64(label(elements, index)) }
        })
    }
    switch self {
    case .prediction(.identity): return [.tensor(scores)]
    case .margin: return [try labels(of: scores, [rows]) { $0[$1] > 0 ? 1 : 0 }, .tensor(scores)]
    case .prediction(let link):
      return [
        .tensor(try numbers([rows, width]) { for index in raw.indices { $0[index] = link.transform(raw[index]) } })
      ]
    case .labels(let link):
      let probabilities = try numbers([rows, width]) {
        for index in raw.indices { $0[index] = link.transform(raw[index]) }
      }
      return [try labels(of: probabilities, [rows, width]) { $0[$1] > 0.5 ? 1 : 0 }, .tensor(probabilities)]
    case .binary(let link):
      let probabilities = try numbers([rows, 2]) { output in
        for row in 0..<rows {
          let positive = link.transform(raw[row])
          (output[2 * row], output[2 * row + 1]) = (1 - positive, positive)
        }
      }
      return [try labels(of: probabilities, [rows]) { $0[2 * $1 + 1] > 0.5 ? 1 : 0 }, .tensor(probabilities)]
    case .classes(let link, let isByMargin):
      let probabilities = try numbers([rows, width]) { output in
        for row in 0..<rows {
          for index in row * width..<(row + 1) * width { output[index] = link.transform(raw[index]) }
          if case .softmax = link {
            Self.softmax(UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width]))
          }
        }
      }
      let classes = try labels(of: isByMargin ? scores : probabilities, [rows]) { judged, row in
        var best = 0
        for column in 1..<max(width, 1) where judged[row * width + column] > judged[row * width + best] {
          best = column
        }
        return best
      }
      return [classes, .tensor(probabilities)]
    }
  }

  private static func softmax(_ scores: UnsafeMutableBufferPointer<Scalar>) {
    var greatest = -Scalar.infinity
    for score in scores where score > greatest { greatest = score }
    var sum = 0.0
    for index in scores.indices {
      scores[index] = (scores[index] - greatest).exponential
      sum += Double(scores[index])
    }
    for index in scores.indices { scores[index] /= Scalar(sum) }
  }
}

/// How one raw score becomes a prediction.
enum ScoreLink<Scalar: AnswerScalar>: Sendable {
  case identity
  /// XGBoost's: bounded, and never quite zero below the fraction.
  case logistic
  /// LightGBM's, with its factor.
  case sigmoid(Scalar)
  case step
  case exponential
  case signedSquare
  /// `log(1 + exp(score))`.
  case softplus
  /// Leaves the score to a transformation of all scores of a row.
  case softmax

  func transform(_ score: Scalar) -> Scalar {
    switch self {
    case .identity, .softmax: score
    case .logistic: 1 / (min(-score, 88.7).exponential + 1 + 1e-16)
    case .sigmoid(let factor): 1 / (1 + (-factor * score).exponential)
    case .step: score > 0 ? 1 : 0
    case .exponential: score.exponential
    case .signedSquare: score < 0 ? -score * score : score * score
    case .softplus: score.exponential.logarithmOfOnePlus
    }
  }
}

/// The types that boosting models give their predictions in.
protocol AnswerScalar: BinaryFloatingPoint, TensorElement {
  var exponential: Self { get }
  var logarithmOfOnePlus: Self { get }
}

extension Float: AnswerScalar {
  var exponential: Float { exp(self) }
  var logarithmOfOnePlus: Float { log1p(self) }
}

extension Double: AnswerScalar {
  var exponential: Double { exp(self) }
  var logarithmOfOnePlus: Double { log1p(self) }
}
