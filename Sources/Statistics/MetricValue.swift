/// A measured value, or the reason why there is none, with the counts that it rests on.
///
/// An undefined metric is never replaced by a number: 0/0 is neither good nor bad.
package struct MetricValue: Sendable, Equatable {
  /// The value, always finite; nil where the metric is undefined on these rows.
  package let value: Double?
  /// Why there is no value; nil exactly where there is one.
  package let undefinedReason: String?
  /// Rows measured.
  package let count: Int
  /// Rows with the positive label.
  package let positives: Int
  /// Rows with the negative label.
  package var negatives: Int { count - positives }

  /// Holds a value; one that is not finite becomes undefined.
  package init(value: Double, count: Int, positives: Int) {
    self.value = value.isFinite ? value : nil
    self.undefinedReason = value.isFinite ? nil : "the result is not a finite number"
    self.count = count
    self.positives = positives
  }

  /// Holds the reason why there is no value.
  package init(undefined reason: String, count: Int, positives: Int) {
    self.value = nil
    self.undefinedReason = reason
    self.count = count
    self.positives = positives
  }
}
