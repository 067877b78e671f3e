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

  /// What is missing for a quality metric; nil when there is enough.
  package func shortfall(_ metric: QualityMetric, _ value: MetricValue) -> String? {
    if value.count < rows { return "\(value.count) rows, at least \(rows) are needed" }
    switch metric {
    case .rocAUC:
      return shortfall(value.positives, "positives") ?? shortfall(value.negatives, "negatives")
    case .f1:
      return shortfall(value.positives, "positives")
    case .accuracy, .logLoss, .brier:
      return nil
    }
  }

  /// What is missing for a fairness metric in any group; nil when there is enough.
  package func shortfall(_ metric: FairnessMetric, _ groups: [GroupCounts]) -> String? {
    let count = groups.reduce(0) { $0 + $1.count }
    if count < rows { return "\(count) rows, at least \(rows) are needed" }
    for group in groups {
      let missing =
        metric.conditionsOnLabel
        ? shortfall(group.positives, "positives") ?? shortfall(group.negatives, "negatives")
        : shortfall(group.count, "rows")
      if let missing { return "group \(group.name) (\(group.count) rows): \(missing)" }
    }
    return nil
  }

  private func shortfall(_ count: Int, _ what: String) -> String? {
    count < denominator ? "\(count) \(what), at least \(denominator) are needed" : nil
  }
}
