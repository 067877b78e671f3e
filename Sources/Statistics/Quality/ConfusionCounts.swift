/// The four cells of a two-class confusion matrix; weighted where the sample is.
package struct ConfusionCounts: Sendable, Equatable {
  package var truePositive = 0.0
  package var falsePositive = 0.0
  package var falseNegative = 0.0
  package var trueNegative = 0.0

  /// Starts empty.
  package init() {}

  /// Counts the sample's rows; empty when it has no predictions.
  package init(_ sample: BinarySample) {
    guard let predictions = sample.predictions else { return }
    for row in sample.labels.indices {
      add(label: sample.labels[row], prediction: predictions[row], weight: sample.weights?[row] ?? 1)
    }
  }

  /// Adds one row.
  package mutating func add(label: Bool, prediction: Bool, weight: Double) {
    switch (label, prediction) {
    case (true, true): truePositive += weight
    case (false, true): falsePositive += weight
    case (true, false): falseNegative += weight
    case (false, false): trueNegative += weight
    }
  }

  /// 2TP / (2TP + FP + FN), 0 to 1; nil for 0/0, where scikit-learn warns and gives 0.
  package var f1: Double? {
    let denominator = 2 * truePositive + falsePositive + falseNegative
    return denominator > 0 ? 2 * truePositive / denominator : nil
  }
}
