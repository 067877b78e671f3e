/// Labels of a two-class test set with one model's answers, row by row.
///
/// Arrays have one entry a row, `[rows]`. Scores and predictions are each optional because a model
/// may give only one of them; a metric that lacks its column is undefined and says so.
package struct BinarySample: Sendable, Equatable {
  /// True for the positive class.
  package let labels: [Bool]
  /// The model's score of the positive class; larger means more positive.
  package let scores: [Double]?
  /// The class that the model chose; true for the positive class.
  package let predictions: [Bool]?
  /// Row weights, finite and not negative; nil counts every row once.
  package let weights: [Double]?

  /// Checks that all columns have the same length and that weights are usable.
  ///
  /// - Throws: ``SampleError`` for unequal lengths, too many rows, or a weight that is negative or not finite.
  package init(
    labels: [Bool], scores: [Double]? = nil, predictions: [Bool]? = nil, weights: [Double]? = nil
  ) throws(SampleError) {
    try Self.check(rows: labels.count, weights: weights)
    if let scores, scores.count != labels.count {
      throw SampleError("\(scores.count) scores for \(labels.count) labels: give one score a row")
    }
    if let predictions, predictions.count != labels.count {
      throw SampleError("\(predictions.count) predictions for \(labels.count) labels: give one prediction a row")
    }
    self.labels = labels
    self.scores = scores
    self.predictions = predictions
    self.weights = weights
  }

  /// Rows in the sample.
  package var count: Int { labels.count }

  /// Rows with the positive label.
  package var positives: Int { labels.reduce(0) { $0 + ($1 ? 1 : 0) } }

  /// Refuses what would overflow 32-bit replicate counts or make a weighted sum meaningless.
  static func check(rows: Int, weights: [Double]?) throws(SampleError) {
    guard rows <= Int(Int32.max) else {
      throw SampleError("\(rows) rows are more than \(Int32.max): measure a part of them")
    }
    guard let weights else { return }
    guard weights.count == rows else {
      throw SampleError("\(weights.count) weights for \(rows) labels: give one weight a row")
    }
    if let row = weights.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
      throw SampleError("the weight of row \(row + 1) is \(weights[row]): weights are finite and not negative")
    }
  }
}
