/// What measured values say about a requirement.
///
/// Absence of data is neither pass nor fail: an undefined value, a missing interval and too few rows are
/// inconclusive.
package struct Decision: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case pass, fail, inconclusive
  }

  /// Why; the raw values are the words that reports show.
  package enum Cause: String, Sendable {
    case keepsLimit = "KeepsLimit"
    case belowLimit = "BelowLimit"
    case aboveLimit = "AboveLimit"
    /// The limit lies inside of the interval.
    case intervalSpansLimit = "IntervalSpansLimit"
    case notWorse = "NotWorse"
    case worseThanChampion = "WorseThanChampion"
    /// The margin lies inside of the interval of the difference.
    case intervalSpansMargin = "IntervalSpansMargin"
    case tooFewRows = "TooFewRows"
    case tooFewPositives = "TooFewPositives"
    case tooFewNegatives = "TooFewNegatives"
    /// The metric has no value on these rows.
    case undefined = "Undefined"
    /// The metric has a value, but too many replicates have none.
    case noInterval = "NoInterval"
  }

  package let outcome: Outcome
  package let cause: Cause
  /// One clause for people.
  package let reason: String

  package init(_ outcome: Outcome, _ cause: Cause, _ reason: String) {
    self.outcome = outcome
    self.cause = cause
    self.reason = reason
  }

  /// Decides whether a metric keeps a limit.
  ///
  /// With `onInterval`, the whole interval must lie on one side of the limit to decide (touching it is on the good
  /// side); otherwise the value alone decides. `shortfall` says what data is missing, if any.
  package static func threshold(
    _ estimate: Estimate, _ limit: Limit, onInterval: Bool, shortfall: Minimums.Shortfall? = nil
  ) -> Decision {
    if let lack = lack(in: estimate, shortfall, needsInterval: onInterval) { return lack }
    guard let value = estimate.value.value else { return Decision(.inconclusive, .undefined, "it has no value") }
    let broken = limit.isLower ? Cause.belowLimit : .aboveLimit
    guard onInterval, let interval = estimate.interval else {
      return limit.allows(value)
        ? Decision(.pass, .keepsLimit, "the value keeps the limit")
        : Decision(.fail, broken, "the value breaks the limit")
    }
    switch (limit.allows(interval.lower), limit.allows(interval.upper)) {
    case (true, true): return Decision(.pass, .keepsLimit, "the whole interval keeps the limit")
    case (false, false): return Decision(.fail, broken, "the whole interval breaks the limit")
    default:
      return Decision(.inconclusive, .intervalSpansLimit, "the interval spans the limit; more rows would decide")
    }
  }

  /// Decides whether a challenger is not worse than the champion by more than the margin, from the interval
  /// of challenger - champion on the same rows.
  ///
  /// Where larger is better: pass if the lower end is at least -margin, fail if the upper end is below -margin,
  /// otherwise inconclusive. Where smaller is better, mirrored.
  package static func notWorse(
    difference estimate: Estimate, margin: Double, largerIsBetter: Bool, shortfall: Minimums.Shortfall? = nil
  ) -> Decision {
    if let lack = lack(in: estimate, shortfall, needsInterval: true) { return lack }
    guard let interval = estimate.interval else { return Decision(.inconclusive, .noInterval, "it has no interval") }
    let limit: Limit = largerIsBetter ? .atLeast(-margin) : .atMost(margin)
    switch (limit.allows(interval.lower), limit.allows(interval.upper)) {
    case (true, true): return Decision(.pass, .notWorse, "the whole interval of the difference is within the margin")
    case (false, false):
      return Decision(.fail, .worseThanChampion, "the whole interval of the difference is beyond the margin")
    default:
      return Decision(
        .inconclusive, .intervalSpansMargin, "the interval of the difference spans the margin; more rows would decide")
    }
  }

  /// Why nothing can be decided, nil when something can.
  private static func lack(in estimate: Estimate, _ shortfall: Minimums.Shortfall?, needsInterval: Bool) -> Decision? {
    if let shortfall { return Decision(.inconclusive, shortfall.cause, "too little data: \(shortfall.text)") }
    if let reason = estimate.value.undefinedReason {
      return Decision(.inconclusive, .undefined, "it is undefined: \(reason)")
    }
    if needsInterval, estimate.interval == nil {
      return Decision(.inconclusive, .noInterval, "there is no interval: \(estimate.intervalReason ?? "not computed")")
    }
    return nil
  }
}
