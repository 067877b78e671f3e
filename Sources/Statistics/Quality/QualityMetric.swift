/// A measure of a two-class model's quality on labelled rows.
///
/// Raw values are the names that specs use, which are scikit-learn's.
package enum QualityMetric: String, Sendable, CaseIterable {
  /// Area under the ROC curve, 0 to 1; 0.5 is chance. Ties count one half.
  case rocAUC = "roc_auc"
  /// Share of rows whose predicted class is the label, 0 to 1.
  case accuracy
  /// Harmonic mean of precision and recall of the positive class, 0 to 1.
  case f1
  /// Mean negative log-likelihood in nats, 0 or more; 0 is perfect.
  case logLoss = "log_loss"
  /// Mean squared error of the score as a probability, 0 to 1; 0 is perfect.
  case brier

  /// Whether a larger value is a better model.
  package var largerIsBetter: Bool {
    switch self {
    case .rocAUC, .accuracy, .f1: true
    case .logLoss, .brier: false
    }
  }

  /// Whether the metric reads scores; the others read predicted classes.
  package var usesScores: Bool {
    switch self {
    case .rocAUC, .logLoss, .brier: true
    case .accuracy, .f1: false
    }
  }

  /// Whether scores must be probabilities; ROC AUC takes any ranking.
  package var usesProbabilities: Bool { self == .logLoss || self == .brier }

  /// Measures the sample.
  ///
  /// Undefined: no rows or no weight, a missing column, a score that is not finite (or, for log-loss
  /// and Brier, outside 0...1), ROC AUC with one class only, F1 without positives among labels and predictions.
  package func measure(_ sample: BinarySample) -> MetricValue {
    let positives = sample.positives
    if let reason = obstacle(in: sample) {
      return MetricValue(undefined: reason, count: sample.count, positives: positives)
    }
    guard let value = definedValue(of: sample) else {
      return MetricValue(undefined: undefinedReason, count: sample.count, positives: positives)
    }
    return MetricValue(value: value, count: sample.count, positives: positives)
  }

  /// Why the sample cannot be measured at all, whatever its values.
  func obstacle(in sample: BinarySample) -> String? {
    if sample.count == 0 { return "there are no rows" }
    if let weights = sample.weights, !weights.contains(where: { $0 > 0 }) { return "all weights are zero" }
    guard usesScores else {
      return sample.predictions == nil ? "\(rawValue) needs predicted classes and the model gives none" : nil
    }
    guard let scores = sample.scores else { return "\(rawValue) needs scores and the model gives none" }
    if let row = scores.firstIndex(where: { !$0.isFinite }) {
      return "the score of row \(row + 1) is \(scores[row]), not a finite number"
    }
    if usesProbabilities, let row = scores.firstIndex(where: { $0 < 0 || $0 > 1 }) {
      return "\(rawValue) needs probabilities and the score of row \(row + 1) is \(scores[row])"
    }
    return nil
  }

  private func definedValue(of sample: BinarySample) -> Double? {
    switch self {
    case .rocAUC: RankedScores(sample).area
    case .f1: ConfusionCounts(sample).f1
    case .accuracy, .logLoss, .brier: weightedMean(rowValues(of: sample), sample.weights)
    }
  }

  /// Why a sample that can be read still has no value.
  var undefinedReason: String {
    switch self {
    case .rocAUC: "only one class has rows; roc_auc needs positives and negatives"
    case .f1: "no positives among labels and predictions; f1 is 0/0"
    case .accuracy, .logLoss, .brier: "all weights are zero"
    }
  }

  /// Each row's contribution to a metric that is a mean over rows; empty for the others.
  ///
  /// Log-loss clips as scikit-learn 1.5 and later: to [eps, 1 - eps] with the eps of float64.
  func rowValues(of sample: BinarySample) -> [Double] {
    switch self {
    case .accuracy:
      zip(sample.labels, sample.predictions ?? []).map { $0 == $1 ? 1 : 0 }
    case .logLoss:
      zip(sample.labels, sample.scores ?? []).map { label, score in
        let chosen = label ? score : 1 - score
        return -naturalLogarithm(min(max(chosen, .ulpOfOne), 1 - .ulpOfOne))
      }
    case .brier:
      zip(sample.labels, sample.scores ?? []).map { label, score in
        let error = (label ? 1 : 0) - score
        return error * error
      }
    case .rocAUC, .f1: []
    }
  }
}

/// The mean of values under optional weights, `[rows]` each; nil when the weights add up to zero.
func weightedMean(_ values: [Double], _ weights: [Double]?) -> Double? {
  guard !values.isEmpty else { return nil }
  guard let weights else { return values.reduce(0, +) / Double(values.count) }
  var sum = 0.0
  var total = 0.0
  for (value, weight) in zip(values, weights) {
    sum += value * weight
    total += weight
  }
  return total > 0 ? sum / total : nil
}
