/// The verdicts on one model under one policy: what the server reads before it gives a digest traffic.
package struct Evidence: Hashable, Sendable, Codable {
  package static let currentFormat = "headgate.evidence.v1"

  package let format: String
  package let model: ModelName
  package let modelDigest: Digest
  package let policyDigest: Digest
  package let reports: [GateReport]
  /// The champion the model was compared with.
  package let championDigest: Digest?
  package let runtimeVersion: String
  package let instructionSet: String
  /// What the model computed in when it was judged; `nil` is float32.
  package let precision: ReducedPrecision?

  package init(
    model: ModelName, modelDigest: Digest, policyDigest: Digest, reports: [GateReport], championDigest: Digest?,
    runtimeVersion: String, instructionSet: String, precision: ReducedPrecision? = nil
  ) {
    format = Self.currentFormat
    self.model = model
    self.modelDigest = modelDigest
    self.policyDigest = policyDigest
    self.reports = reports
    self.championDigest = championDigest
    self.runtimeVersion = runtimeVersion
    self.instructionSet = instructionSet
    self.precision = precision
  }

  /// The verdict on the whole: the worst of the gates, an error before a failure before an inconclusive one.
  package var verdict: Verdict {
    let verdicts = Set(reports.map(\.verdict))
    return [Verdict.error, .fail, .inconclusive].first(where: verdicts.contains) ?? .pass
  }
}
