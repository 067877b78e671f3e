/// What measured values say about a requirement.
///
/// Absence of data is neither pass nor fail: an undefined value, a missing interval and too few rows are
/// inconclusive.
package struct Decision: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case pass, fail, inconclusive
  }

  package let outcome: Outcome
  /// One sentence for people.
  package let reason: String

  package init(_ outcome: Outcome, _ reason: String) {
    self.outcome = outcome
    self.reason = reason
  }

  /// Decides whether a metric keeps a limit.
  ///
  /// With `onInterval`, the whole interval must lie on one side of the limit to decide (touching it is on the good
  /// side); otherwise the value alone decides. `shortfall` says what data is missing, if any.
  package static func threshold(
    _ estimate: Estimate, _ limit: Limit, onInterval: Bool, shortfall: String? = nil
  ) -> Decision {
    guard let value = estimate.value.value else {
      return Decision(.inconclusive, "undefined: \(estimate.value.undefinedReason ?? "no value")")
    }
    if let shortfall { return Decision(.inconclusive, "too little data: \(shortfall)") }
    guard onInterval else {
      return limit.allows(value)
        ? Decision(.pass, "the value keeps the limit") : Decision(.fail, "the value breaks the limit")
    }
    guard let interval = estimate.interval else {
      return Decision(.inconclusive, "no interval: \(estimate.intervalReason ?? "not computed")")
    }
    switch (limit.allows(interval.lower), limit.allows(interval.upper)) {
    case (true, true): return Decision(.pass, "the whole interval keeps the limit")
    case (false, false): return Decision(.fail, "the whole interval breaks the limit")
    default: return Decision(.inconclusive, "the interval spans the limit: more rows are needed to decide")
    }
  }

  /// Decides whether a challenger is not worse than the champion by more than the margin, from the interval
  /// of challenger - champion on the same rows.
  ///
  /// Where larger is better: pass if the lower end is at least -margin, fail if the upper end is below -margin,
  /// otherwise inconclusive. Where smaller is better, mirrored.
  package static func notWorse(
    difference estimate: Estimate, margin: Double, largerIsBetter: Bool, shortfall: String? = nil
  ) -> Decision {
    guard estimate.value.value != nil else {
      return Decision(.inconclusive, "undefined: \(estimate.value.undefinedReason ?? "no value")")
    }
    if let shortfall { return Decision(.inconclusive, "too little data: \(shortfall)") }
    guard let interval = estimate.interval else {
      return Decision(.inconclusive, "no interval: \(estimate.intervalReason ?? "not computed")")
    }
    let limit: Limit = largerIsBetter ? .atLeast(-margin) : .atMost(margin)
    switch (limit.allows(interval.lower), limit.allows(interval.upper)) {
    case (true, true): return Decision(.pass, "the whole interval of the difference is within the margin")
    case (false, false): return Decision(.fail, "the whole interval of the difference is beyond the margin")
    default: return Decision(.inconclusive, "the interval of the difference spans the margin")
    }
  }
}
