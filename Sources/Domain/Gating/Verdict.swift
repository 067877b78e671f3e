/// How one gate ended. Absence of data is neither pass nor fail.
package enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
  case pass, fail, inconclusive, error, notApplicable

  /// Whether a deployment may go on with this verdict.
  package var permits: Bool { self == .pass || self == .notApplicable }
}

/// A two-sided interval and how it was found.
package struct Interval: Hashable, Sendable, Codable {
  package let low: Double
  package let high: Double
  package let confidence: Double
  /// For instance `bootstrap percentile, stratified, 1000 replicates`.
  package let method: String

  package init(low: Double, high: Double, confidence: Double, method: String) {
    self.low = low
    self.high = high
    self.confidence = confidence
    self.method = method
  }
}
