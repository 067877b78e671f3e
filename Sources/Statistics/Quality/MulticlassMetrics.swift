/// Measures of a model with any number of classes, labels being class numbers from 0.
package enum MulticlassMetrics {
  /// The share of rows whose predicted class is the label, 0 to 1; nil without rows or weight.
  ///
  /// - Throws: ``SampleError`` for unequal lengths or unusable weights.
  package static func accuracy(labels: [Int], predictions: [Int], weights: [Double]? = nil) throws(SampleError)
    -> Double?
  {
    try BinarySample.check(rows: labels.count, weights: weights)
    guard predictions.count == labels.count else {
      throw SampleError("\(predictions.count) predictions for \(labels.count) labels: give one prediction a row")
    }
    return weightedMean(zip(labels, predictions).map { $0 == $1 ? 1 : 0 }, weights)
  }

  /// The mean negative log-probability of the labels in nats, 0 or more; nil without rows or weight.
  ///
  /// `probabilities` is row-major `[rows, classes]`, clipped to [eps, 1 - eps] of float64 and not
  /// normalised, as scikit-learn 1.5 and later.
  ///
  /// - Throws: ``SampleError`` for a wrong number of probabilities, one outside 0...1, or a label that is no class.
  package static func logLoss(labels: [Int], probabilities: [Double], classes: Int, weights: [Double]? = nil)
    throws(SampleError) -> Double?
  {
    try BinarySample.check(rows: labels.count, weights: weights)
    let (expected, overflow) = labels.count.multipliedReportingOverflow(by: classes)
    guard classes > 0, !overflow, probabilities.count == expected else {
      throw SampleError("\(probabilities.count) probabilities for \(labels.count) rows of \(classes) classes")
    }
    guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw SampleError("log_loss needs probabilities between 0 and 1")
    }
    guard labels.allSatisfy({ (0..<classes).contains($0) }) else {
      throw SampleError("a label is not one of the \(classes) classes")
    }
    let losses = labels.enumerated().map { row, label in
      -naturalLogarithm(min(max(probabilities[row * classes + label], .ulpOfOne), 1 - .ulpOfOne))
    }
    return weightedMean(losses, weights)
  }
}
