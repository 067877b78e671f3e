/// A measure of how differently a model treats groups.
///
/// Raw values are the names that specs use, which are Fairlearn's.
package enum FairnessMetric: String, Sendable, CaseIterable {
  /// Largest selection rate minus the smallest, 0 to 1; 0 is parity.
  case demographicParityDifference = "demographic_parity_difference"
  /// Smallest selection rate divided by the largest, 0 to 1; 1 is parity.
  case demographicParityRatio = "demographic_parity_ratio"
  /// The larger of the spreads (largest minus smallest) of the true and the false positive rate, 0 to 1; 0 is
  /// parity. Fairlearn's `agg="worst_case"`.
  case equalizedOddsDifference = "equalized_odds_difference"

  /// Whether a larger value is fairer.
  package var largerIsBetter: Bool { self == .demographicParityRatio }

  /// What a rate divides by in a group: all rows, or positives and negatives apart.
  package var conditionsOnLabel: Bool { self == .equalizedOddsDifference }

  /// What becomes of a rate whose denominator is zero.
  package enum ZeroDenominator: Sendable {
    /// The metric is undefined: absence of data is neither fair nor unfair.
    case undefined
    /// The rate is 0 and one group alone is at parity, as in Fairlearn; a ratio 0/0 stays undefined.
    case fairlearn
  }

  /// Measures the groups.
  ///
  /// Undefined by default: fewer than two groups, a group in which a rate has no denominator, and a ratio
  /// when no group has a selected row.
  package func measure(_ groups: [GroupCounts], zeroDenominator: ZeroDenominator = .undefined) -> MetricValue {
    let count = groups.reduce(0) { $0 + $1.count }
    let positives = groups.reduce(0) { $0 + $1.positives }
    if let reason = obstacle(in: groups, zeroDenominator) {
      return MetricValue(undefined: reason, count: count, positives: positives)
    }
    guard let value = combine(groups.map(rates)) else {
      return MetricValue(
        undefined: "no group has a selected row; the ratio is 0/0", count: count, positives: positives)
    }
    return MetricValue(value: value, count: count, positives: positives)
  }

  /// The one or two rates of a group that the metric compares.
  struct Rates: Sendable, Equatable {
    var first: Double
    var second = 0.0
  }

  /// The metric from every group's rates; nil for a ratio 0/0 or without groups.
  func combine(_ rates: [Rates]) -> Double? {
    guard var low = rates.first, var high = rates.first else { return nil }
    for rate in rates {
      low.first = min(low.first, rate.first)
      high.first = max(high.first, rate.first)
      low.second = min(low.second, rate.second)
      high.second = max(high.second, rate.second)
    }
    switch self {
    case .demographicParityDifference: return high.first - low.first
    case .demographicParityRatio: return high.first > 0 ? low.first / high.first : nil
    case .equalizedOddsDifference: return max(high.first - low.first, high.second - low.second)
    }
  }

  private func rates(of group: GroupCounts) -> Rates {
    conditionsOnLabel
      ? Rates(first: group.truePositiveRate ?? 0, second: group.falsePositiveRate ?? 0)
      : Rates(first: group.selectionRate ?? 0)
  }

  private func obstacle(in groups: [GroupCounts], _ zeroDenominator: ZeroDenominator) -> String? {
    guard !groups.isEmpty else { return "there are no groups" }
    guard zeroDenominator == .undefined else { return nil }
    guard groups.count > 1 else { return "only one group has rows; there is nothing to compare" }
    for group in groups {
      let counted = "group \(group.name) (\(group.count) rows, \(group.positives) positives)"
      if group.selectionRate == nil { return "\(counted) has no rows to count" }
      guard conditionsOnLabel else { continue }
      if group.truePositiveRate == nil { return "\(counted) has no positives; its true positive rate is 0/0" }
      if group.falsePositiveRate == nil { return "\(counted) has no negatives; its false positive rate is 0/0" }
    }
    return nil
  }
}
