import Domain
import Statistics

/// Judges one quality metric on the rows of a split.
struct QualityGate: Sendable {
  let requirement: GatePolicy.Requirement
  let check: QualityCheck
  let minimums: Minimums

  private var metric: Statistics.QualityMetric {
    switch check.metric {
    case .rocAUC: .rocAUC
    case .accuracy: .accuracy
    case .f1: .f1
    case .logLoss: .logLoss
    case .brier: .brier
    }
  }

  /// The report's fixed parts.
  var draft: ReportDraft {
    var draft = ReportDraft(requirement)
    draft.metric = check.metric.rawValue
    draft.limit =
      switch check.limit {
      case .atLeast(let limit): ">= \(limit)"
      case .atMost(let limit): "<= \(limit)"
      case .notWorseThanChampion(let margin):
        check.metric.smallerIsBetter ? "<= champion + \(margin)" : ">= champion - \(margin)"
      }
    return draft
  }

  /// Judges the candidate alone.
  func judge(_ limit: Limit, candidate: BinaryAnswers, rows: JudgedRows) throws -> GateReport {
    let columns = try measured(candidate)
    let order = rows.canonicalRows(measured: [columns])
    let sample = try sample(columns, rows: rows, order: order)
    let estimate = try bootstrap(rows).estimate(metric, of: sample)
    let decision = Decision.threshold(
      estimate, limit, onInterval: check.confidence != nil, shortfall: minimums.shortfall(metric, estimate.value))
    return draft.report(decision, estimate, what: check.metric.rawValue)
  }

  /// Judges the difference of the candidate to the champion on the same rows.
  func judge(
    margin: Double, candidate: BinaryAnswers, champion: BinaryAnswers, championDigest: Digest, rows: JudgedRows
  ) throws -> GateReport {
    var draft = draft
    draft.championDigest = championDigest
    let challengerColumns = try measured(candidate)
    let championColumns: [Double]
    do {
      championColumns = try measured(champion)
    } catch {
      return Self.championUnusable(draft, error.message)
    }
    let order = rows.canonicalRows(measured: [challengerColumns, championColumns])
    let challengerSample = try sample(challengerColumns, rows: rows, order: order)
    let championSample = try sample(championColumns, rows: rows, order: order)
    let old = metric.measure(championSample)
    if let reason = old.undefinedReason, metric.measure(challengerSample).value != nil {
      return Self.championUnusable(draft, "its \(check.metric.rawValue) is undefined: \(reason)")
    }
    let estimate = try bootstrap(rows).difference(metric, challenger: challengerSample, champion: championSample)
    let decision = Decision.notWorse(
      difference: estimate, margin: margin, largerIsBetter: metric.largerIsBetter,
      shortfall: minimums.shortfall(metric, estimate.value))
    return draft.report(decision, estimate, what: "\(check.metric.rawValue) minus the champion's")
  }

  /// A broken champion never blocks its successor.
  static func championUnusable(_ draft: ReportDraft, _ why: String) -> GateReport {
    draft.report(
      .notApplicable, GateReport.championUnusable,
      "the champion cannot be judged on these rows, so nothing is compared: \(why)")
  }

  /// The one column of a model's answers that the metric reads, in the order of the file.
  private func measured(_ answers: BinaryAnswers) throws(GateError) -> [Double] {
    if metric.usesScores { return try answers.scores.get() }
    return try answers.predictions.get().map { $0 ? 1 : 0 }
  }

  private func sample(_ measured: [Double], rows: JudgedRows, order: [Int]) throws(SampleError) -> BinarySample {
    let labels = order.map { rows.labels[$0] }
    if metric.usesScores { return try BinarySample(labels: labels, scores: order.map { measured[$0] }) }
    return try BinarySample(labels: labels, predictions: order.map { measured[$0] == 1 })
  }

  private func bootstrap(_ rows: JudgedRows) throws(SampleError) -> Bootstrap {
    try Bootstrap(
      seed: ResamplingSeed.bytes(requirement.gate, rows: rows.order.contentDigest), confidence: check.confidence ?? 0.95
    )
  }
}

/// Where the randomness of a verdict comes from: what the rows hold and what the gate asks, and nothing else.
///
/// The digest of the data set's file is left out on purpose: it changes with the order of rows and with quoting.
enum ResamplingSeed {
  static func bytes(_ gate: GateSpec, rows: Digest, attribute: String = "") -> [UInt8] {
    var builder = DigestBuilder("headgate.resampling.v1")
    builder.add(GatePolicy.Requirement(gate: gate, datasetDigest: nil).digest)
    builder.add(rows)
    builder.add(attribute)
    return builder.finish().bytes
  }
}
