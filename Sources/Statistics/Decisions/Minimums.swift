/// How much data a verdict needs, counted where it matters: in the denominators.
package struct Minimums: Sendable, Equatable {
  /// Rows of the whole sample.
  package let rows: Int
  /// Rows in each denominator: positives, negatives, a group's rows, as the metric divides by them.
  package let denominator: Int

  package init(rows: Int, denominator: Int) {
    self.rows = rows
    self.denominator = denominator
  }

  /// What is missing, where.
  package struct Shortfall: Sendable, Equatable {
    /// One of the causes that begin with `tooFew`.
    package let cause: Decision.Cause
    /// The count and the need, for people.
    package let text: String
  }

  /// What is missing for a quality metric; nil when there is enough.
  package func shortfall(_ metric: QualityMetric, _ value: MetricValue) -> Shortfall? {
    if let missing = Self.shortfall(.tooFewRows, value.count, "rows", atLeast: rows) { return missing }
    switch metric {
    case .rocAUC:
      return shortfall(.tooFewPositives, value.positives, "positives")
        ?? shortfall(.tooFewNegatives, value.negatives, "negatives")
    case .f1:
      return shortfall(.tooFewPositives, value.positives, "positives")
    case .accuracy, .logLoss, .brier:
      return nil
    }
  }

  /// What is missing for a fairness metric in any group; nil when there is enough.
  package func shortfall(_ metric: FairnessMetric, _ groups: [GroupCounts]) -> Shortfall? {
    let count = groups.reduce(0) { $0 + $1.count }
    if let missing = Self.shortfall(.tooFewRows, count, "rows", atLeast: rows) { return missing }
    for group in groups {
      let missing =
        metric.conditionsOnLabel
        ? shortfall(.tooFewPositives, group.positives, "positives")
          ?? shortfall(.tooFewNegatives, group.negatives, "negatives")
        : shortfall(.tooFewRows, group.count, "rows")
      if let missing {
        return Shortfall(cause: missing.cause, text: "group \(group.name) (\(group.count) rows): \(missing.text)")
      }
    }
    return nil
  }

  private func shortfall(_ cause: Decision.Cause, _ count: Int, _ what: String) -> Shortfall? {
    Self.shortfall(cause, count, what, atLeast: denominator)
  }

  private static func shortfall(_ cause: Decision.Cause, _ count: Int, _ what: String, atLeast need: Int) -> Shortfall?
  {
    count < need ? Shortfall(cause: cause, text: "\(count) \(what), at least \(need) are needed") : nil
  }
}
