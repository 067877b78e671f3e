import Datasets
import Domain
import Statistics

/// Judges one fairness metric for each sensitive attribute of a gate; the worst decides.
struct FairnessGate: Sendable {
  let requirement: GatePolicy.Requirement
  let check: FairnessCheck
  let minimums: Minimums

  private var metric: Statistics.FairnessMetric {
    switch check.metric {
    case .demographicParityDifference: .demographicParityDifference
    case .demographicParityRatio: .demographicParityRatio
    case .equalizedOddsDifference: .equalizedOddsDifference
    }
  }

  private var limit: Limit {
    switch check.limit {
    case .atMost(let limit): .atMost(limit)
    case .atLeast(let limit): .atLeast(limit)
    }
  }

  /// The report's fixed parts.
  var draft: ReportDraft {
    var draft = ReportDraft(requirement)
    draft.metric = check.metric.rawValue
    draft.limit =
      switch check.limit {
      case .atMost(let limit): "<= \(limit)"
      case .atLeast(let limit): ">= \(limit)"
      }
    return draft
  }

  /// Judges the candidate.
  func judge(_ candidate: BinaryAnswers, rows: JudgedRows) throws -> GateReport {
    let predictions = try candidate.predictions.get()
    var judged: [(attribute: String, estimate: Estimate, decision: Decision)] = []
    var groups: [GroupReport] = []
    for attribute in check.by {
      let column = try rows.split.groups(by: attribute)
      let sample = try GroupedSample(
        labels: rows.labels, predictions: predictions, groups: column.codes, names: column.names)
      groups += sample.counts.map { Self.report($0, attribute) }
      // A bin without rows is listed and not compared: nobody was treated in any way.
      let present = try Self.withoutEmptyGroups(sample)
      let bootstrap = try Bootstrap(
        seed: ResamplingSeed.bytes(requirement.gate, rows: rows.order.contentDigest, attribute: attribute),
        confidence: check.confidence ?? 0.95)
      let estimate = bootstrap.estimate(metric, of: present)
      let decision = Decision.threshold(
        estimate, limit, onInterval: check.confidence != nil, shortfall: minimums.shortfall(metric, present.counts))
      judged.append((attribute, estimate, decision))
    }
    guard let worst = judged.max(by: { isBetter($0.estimate, $0.decision, than: $1.estimate, $1.decision) }) else {
      return draft.report(
        GateError(.measurementFailed, "the gate names no sensitive attribute; list one or more under `by`"))
    }
    return draft.report(
      worst.decision, worst.estimate, what: "\(check.metric.rawValue) by \(worst.attribute)", groups: groups)
  }

  /// Whether the first is nearer to a pass than the second: by outcome, then by value.
  private func isBetter(_ first: Estimate, _ firstDecision: Decision, than second: Estimate, _ secondDecision: Decision)
    -> Bool
  {
    let ranks: [Decision.Outcome: Int] = [.pass: 0, .inconclusive: 1, .fail: 2]
    let firstRank = ranks[firstDecision.outcome] ?? 0
    let secondRank = ranks[secondDecision.outcome] ?? 0
    guard firstRank == secondRank else { return firstRank < secondRank }
    guard let firstValue = first.value.value else { return false }
    guard let secondValue = second.value.value else { return true }
    return metric.largerIsBetter ? firstValue > secondValue : firstValue < secondValue
  }

  private static func withoutEmptyGroups(_ sample: GroupedSample) throws(SampleError) -> GroupedSample {
    var kept: [String] = []
    var numbers: [Int] = []
    for group in sample.counts {
      numbers.append(kept.count)
      if group.count > 0 { kept.append(group.name) }
    }
    return try GroupedSample(
      labels: sample.labels, predictions: sample.predictions, groups: sample.groups.map { numbers[$0] }, names: kept)
  }

  private static func report(_ group: GroupCounts, _ attribute: String) -> GroupReport {
    GroupReport(
      attribute: attribute, group: group.name, rowCount: group.count, positives: Double(group.positives),
      negatives: Double(group.negatives), selectionRate: group.selectionRate,
      truePositiveRate: group.truePositiveRate, falsePositiveRate: group.falsePositiveRate)
  }
}
