/// A two-sided interval for a metric.
package struct Interval: Sendable, Equatable {
  package let lower: Double
  package let upper: Double
  /// The share of repeated samples whose interval is meant to hold the true value, such as 0.95.
  package let confidence: Double
  /// How it was computed, for people: method, strata, number of replicates.
  package let method: String

  package init(lower: Double, upper: Double, confidence: Double, method: String) {
    self.lower = lower
    self.upper = upper
    self.confidence = confidence
    self.method = method
  }
}

/// A metric's value with its interval.
package struct Estimate: Sendable, Equatable {
  /// The value on the rows as they are.
  package let value: MetricValue
  /// The interval; nil when the value is undefined, or too many replicates are.
  package let interval: Interval?
  /// Why there is no interval; nil exactly where there is one.
  package let intervalReason: String?

  package init(value: MetricValue, interval: Interval?, intervalReason: String?) {
    self.value = value
    self.interval = interval
    self.intervalReason = intervalReason
  }
}
