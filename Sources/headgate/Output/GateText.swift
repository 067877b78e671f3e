import Domain

/// Gate reports for people: the verdict, the figures, and for fairness every group.
enum GateText {
  /// The verdict on the whole, and what the model computed in if that was not float32.
  static func verdict(_ evidence: Evidence) -> String {
    evidence.verdict.rawValue + (evidence.precision.map { " in \($0.rawValue)" } ?? "")
  }

  /// The verdict with its figures, then a line for each group and each finding.
  static func lines(_ report: GateReport) -> [String] {
    var lines = ["  \(report.verdict.rawValue)  \(report.gate)  \(figures(report))", "      \(report.message)"]
    for group in report.groups {
      lines.append(
        "      \(group.attribute)=\(group.group): n \(group.rowCount), selection rate \(number(group.selectionRate)), "
          + "true positive rate \(number(group.truePositiveRate)), false positive rate \(number(group.falsePositiveRate))"
      )
    }
    for finding in report.findings {
      lines.append("      \(finding.blocks ? "blocks" : "notes"): \(finding.rule): \(finding.message)")
    }
    // A report names what is in model files and data sets.
    return lines.map { Terminal.plain($0) }
  }

  /// Metric, value, interval and limit on one line.
  static func figures(_ report: GateReport) -> String {
    guard let metric = report.metric else { return report.reason }
    var text = "\(metric) \(number(report.value))"
    if let interval = report.interval {
      text += " [\(number(interval.low)), \(number(interval.high))] at \(percent(interval.confidence))"
    }
    if let limit = report.limit { text += ", limit \(limit)" }
    return text + " (\(report.reason))"
  }

  private static func number(_ value: Double?) -> String {
    guard let value else { return "undefined" }
    let scaled = (value * 10_000).rounded() / 10_000
    return "\(scaled)"
  }

  private static func percent(_ fraction: Double) -> String {
    let value = (fraction * 1000).rounded() / 10
    return value == value.rounded() ? "\(Int(value))%" : "\(value)%"
  }
}
