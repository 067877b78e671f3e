/// What one gate found, with everything needed to check it again.
package struct GateReport: Hashable, Sendable, Codable {
  package let gate: String
  package let kind: String
  package let gateDigest: Digest
  package let verdict: Verdict
  /// One CamelCase word, such as `AboveLimit`, `NoChampion`, `TooFewPositives`.
  package let reason: String
  /// One line for people, with the figures.
  package let message: String
  package let metric: String?
  /// The measured value; `nil` when it is undefined. For a comparison, challenger minus champion.
  package let value: Double?
  package let interval: Interval?
  /// Such as `>= 0.9`, `<= 0.12`, `>= champion - 0.005`.
  package let limit: String?
  /// Rows judged.
  package let rowCount: Int?
  /// Named denominators, such as `positives`.
  package let denominators: [String: Double]
  /// Values by group, for fairness.
  package let groups: [GroupReport]
  /// What a scanner found, for security.
  package let findings: [Finding]
  package let datasetDigest: Digest?
  package let championDigest: Digest?

  /// The reason of a comparison that was left out because nothing served.
  package static let noChampion = "NoChampion"
  /// The reason of a comparison that was left out because what served cannot be judged.
  package static let championUnusable = "ChampionUnusable"

  package init(
    gate: String, kind: String, gateDigest: Digest, verdict: Verdict, reason: String, message: String,
    metric: String? = nil, value: Double? = nil, interval: Interval? = nil, limit: String? = nil, rowCount: Int? = nil,
    denominators: [String: Double] = [:], groups: [GroupReport] = [], findings: [Finding] = [],
    datasetDigest: Digest? = nil, championDigest: Digest? = nil
  ) {
    self.gate = gate
    self.kind = kind
    self.gateDigest = gateDigest
    self.verdict = verdict
    self.reason = reason
    self.message = message
    self.metric = metric
    self.value = value
    self.interval = interval
    self.limit = limit
    self.rowCount = rowCount
    self.denominators = denominators
    self.groups = groups
    self.findings = findings
    self.datasetDigest = datasetDigest
    self.championDigest = championDigest
  }
}

/// One group of a sensitive attribute.
package struct GroupReport: Hashable, Sendable, Codable {
  package let attribute: String
  package let group: String
  package let rowCount: Int
  package let positives: Double
  package let negatives: Double
  package let selectionRate: Double?
  package let truePositiveRate: Double?
  package let falsePositiveRate: Double?

  package init(
    attribute: String, group: String, rowCount: Int, positives: Double, negatives: Double, selectionRate: Double?,
    truePositiveRate: Double?, falsePositiveRate: Double?
  ) {
    self.attribute = attribute
    self.group = group
    self.rowCount = rowCount
    self.positives = positives
    self.negatives = negatives
    self.selectionRate = selectionRate
    self.truePositiveRate = truePositiveRate
    self.falsePositiveRate = falsePositiveRate
  }
}

/// Something a scanner of foreign files saw.
package struct Finding: Hashable, Sendable, Codable {
  /// One CamelCase word, such as `Pickle`, `ExternalDataOutsideBundle`.
  package let rule: String
  /// A blocking finding fails the gate.
  package let blocks: Bool
  package let message: String

  package init(rule: String, blocks: Bool, message: String) {
    self.rule = rule
    self.blocks = blocks
    self.message = message
  }
}
