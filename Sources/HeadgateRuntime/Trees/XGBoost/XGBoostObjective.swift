import Glibc

/// What the objective of an XGBoost model says of its scores.
struct XGBoostObjective: Sendable {
  /// How the base score, given in the unit of the prediction, becomes a raw score.
  enum Base: Sendable { case identity, logit, logarithm }

  let base: Base
  let answer: TreeAnswer<Float>

  /// - Throws: `ModelFileError.unsupported` for an objective that this version does not know.
  init(_ name: String, scoreCount: Int) throws(ModelFileError) {
    switch name {
    case "binary:logistic": self.init(.logit, scoreCount > 1 ? .labels(.logistic) : .binary(.logistic))
    // Its base score is a raw one already.
    case "binary:logitraw": self.init(.identity, scoreCount > 1 ? .prediction(.identity) : .margin)
    case "binary:hinge": self.init(.identity, scoreCount > 1 ? .labels(.step) : .binary(.step))
    case "multi:softprob": self.init(.identity, .classes(byMargin: false))
    case "multi:softmax": self.init(.identity, .classes(byMargin: true))
    case "reg:logistic": self.init(.logit, .prediction(.logistic))
    case "reg:gamma", "reg:tweedie", "count:poisson", "survival:cox", "survival:aft":
      self.init(.logarithm, .prediction(.exponential))
    case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
      "reg:quantileerror", "reg:expectileerror", "rank:ndcg", "rank:map", "rank:pairwise":
      self.init(.identity, .prediction(.identity))
    default:
      throw ModelFileError(
        .unsupported,
        "XGBoost model: objective '\(name.prefix(60))' is not known to this version; "
          + "what its raw scores mean cannot be told")
    }
  }

  private init(_ base: Base, _ answer: TreeAnswer<Float>) {
    self.base = base
    self.answer = answer
  }

  /// The raw score that sums begin with; NaN for a base that does not suit the objective.
  func margin(_ base: Float) -> Float {
    switch self.base {
    case .identity: base
    // The ends, where all labels were the same, are moved inwards.
    case .logit: (0...1).contains(base) ? -log(1 / min(max(base, 1e-6), 1 - 1e-6) - 1) : .nan
    case .logarithm: log(base)
    }
  }
}
