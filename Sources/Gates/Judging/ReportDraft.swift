import Domain
import Statistics

/// What all reports of one gate have in common.
struct ReportDraft: Sendable {
  let requirement: GatePolicy.Requirement
  var metric: String?
  var limit: String?
  var championDigest: Digest?

  init(_ requirement: GatePolicy.Requirement) {
    self.requirement = requirement
  }

  /// A report without measured values.
  func report(_ verdict: Verdict, _ reason: String, _ message: String, findings: [Finding] = []) -> GateReport {
    GateReport(
      gate: requirement.gate.name, kind: requirement.gate.check.kind, gateDigest: requirement.digest,
      verdict: verdict, reason: reason, message: message, metric: metric, limit: limit, findings: findings,
      datasetDigest: requirement.datasetDigest, championDigest: championDigest)
  }

  /// The report of a gate that could not run.
  func report(_ error: GateError) -> GateReport {
    report(.error, error.reason.rawValue, error.message)
  }

  /// A report of a measured estimate.
  func report(
    _ decision: Decision, _ estimate: Estimate, what: String, groups: [GroupReport] = []
  ) -> GateReport {
    let interval = estimate.interval.map {
      Domain.Interval(low: $0.lower, high: $0.upper, confidence: $0.confidence, method: $0.method)
    }
    var message = what
    if let value = estimate.value.value { message += " is \(Figures.text(value))" }
    if let interval {
      message +=
        " (\(Figures.percent(interval.confidence)) interval \(Figures.text(interval.low)) to \(Figures.text(interval.high)))"
    }
    if let limit { message += ", limit \(limit)" }
    message += ", \(estimate.value.count) rows (\(estimate.value.positives) positive): \(decision.reason)"
    let verdict: Verdict =
      switch decision.outcome {
      case .pass: .pass
      case .fail: .fail
      case .inconclusive: .inconclusive
      }
    return GateReport(
      gate: requirement.gate.name, kind: requirement.gate.check.kind, gateDigest: requirement.digest,
      verdict: verdict, reason: decision.cause.rawValue, message: message, metric: metric,
      value: estimate.value.value, interval: interval, limit: limit, rowCount: estimate.value.count,
      denominators: [
        "positives": Double(estimate.value.positives), "negatives": Double(estimate.value.negatives),
      ],
      groups: groups, datasetDigest: requirement.datasetDigest, championDigest: championDigest)
  }
}
