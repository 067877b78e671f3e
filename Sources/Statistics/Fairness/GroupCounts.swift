/// What a model did within one group, with the denominators of its rates.
package struct GroupCounts: Sendable, Equatable {
  package let name: String
  /// Rows in the group.
  package private(set) var count = 0
  /// Rows of the group with the positive label: the denominator of the true positive rate.
  package private(set) var positives = 0
  /// Rows of the group that the model chose.
  package private(set) var selected = 0
  /// The confusion matrix; weighted where the sample is.
  package private(set) var confusion = ConfusionCounts()

  /// Rows of the group with the negative label: the denominator of the false positive rate.
  package var negatives: Int { count - positives }

  init(name: String) {
    self.name = name
  }

  /// The share of rows chosen, 0 to 1: (TP + FP) / all; nil for 0/0.
  package var selectionRate: Double? {
    let chosen = confusion.truePositive + confusion.falsePositive
    return Self.ratio(chosen, chosen + confusion.falseNegative + confusion.trueNegative)
  }

  /// The share of positive rows chosen, 0 to 1: TP / (TP + FN); nil for 0/0.
  package var truePositiveRate: Double? {
    Self.ratio(confusion.truePositive, confusion.truePositive + confusion.falseNegative)
  }

  /// The share of negative rows chosen, 0 to 1: FP / (FP + TN); nil for 0/0.
  package var falsePositiveRate: Double? {
    Self.ratio(confusion.falsePositive, confusion.falsePositive + confusion.trueNegative)
  }

  mutating func add(label: Bool, prediction: Bool, weight: Double) {
    count += 1
    if label { positives += 1 }
    if prediction { selected += 1 }
    confusion.add(label: label, prediction: prediction, weight: weight)
  }

  private static func ratio(_ part: Double, _ whole: Double) -> Double? {
    whole > 0 ? part / whole : nil
  }
}
