import Domain

/// One deployment as `get`, `describe` and `explain` show it.
package struct ObjectStatus: Hashable, Sendable, Codable {
  package let name: ModelName
  package let generation: Int
  /// Such as `Canary`.
  package let phase: String
  package let phaseSince: Timestamp
  package let conditions: [Condition]
  /// The commit that asked for the present generation.
  package let commit: CommitID?
  package let path: RepositoryPath?
  package let champion: ReleaseStatus?
  package let candidate: ReleaseStatus?
  /// The last verdicts on the candidate; those on the champion are in its evidence file.
  package let gates: [GateReport]
  /// The stored output of the candidate's build.
  package let buildLog: Digest?
  package let quarantine: [Quarantine]
  package let wait: Wait?
  /// Why it is blocked, waits for another attempt, or is held.
  package let problem: StageError?

  /// The view on a record.
  /// - Parameter wait: what the last decision said is awaited.
  package init(_ record: ObjectRecord, wait: Wait?) {
    name = record.name
    generation = record.generation
    phase = record.phase.name
    phaseSince = record.phaseSince
    conditions = record.conditions
    commit = record.desiredCommit
    path = record.path
    champion = record.champion.map { release in
      ReleaseStatus(
        number: release.number, model: release.model, deployment: release.deployment.digest,
        commit: release.deployment.commit, weight: record.weight(of: release.number), evidence: release.evidence,
        counted: nil)
    }
    candidate = record.candidate.map { candidate in
      ReleaseStatus(
        number: candidate.release, model: candidate.build?.model, deployment: candidate.deployment.digest,
        commit: candidate.deployment.commit, weight: candidate.release.flatMap { record.weight(of: $0) },
        evidence: candidate.evidence, counted: record.window.map { StepTraffic($0.counted) })
    }
    gates = record.candidate?.reports ?? []
    buildLog = record.candidate?.build?.log
    quarantine = record.quarantine
    self.wait = wait
    problem = (record.phase == .blocked ? record.problem : record.retry?.problem) ?? record.hold
  }
}

extension ObjectStatus {
  /// The view on a record without a controller that could say what is awaited: it is found as a controller that knows
  /// neither Git nor the server would find it.
  package init(offline record: ObjectRecord, now: Timestamp) {
    let decision = Reconciler.next(
      record.name, desired: .unknown, record: record, observation: nil, facts: ReconcileFacts(), now: now)
    self.init(record, wait: decision.wait)
  }
}

/// A release, or a candidate on its way to become one.
package struct ReleaseStatus: Hashable, Sendable, Codable {
  /// Given when the gates have passed.
  package let number: ReleaseNumber?
  package let model: Digest?
  /// Of what Git asked for.
  package let deployment: Digest
  package let commit: CommitID
  /// The share of traffic the server was last told to give it; `nil` when it is not loaded.
  package let weight: Share?
  package let evidence: Digest?
  /// The candidate's answers in the present canary step.
  package let counted: StepTraffic?
}

/// What a candidate answered in one step.
package struct StepTraffic: Hashable, Sendable, Codable {
  package let answers: Int
  package let errors: Int
  package let p99Microseconds: Double?

  init(_ counted: TrafficCounters) {
    answers = counted.requests
    errors = counted.errors
    p99Microseconds = counted.latency.quantile(0.99)
  }
}

extension ObjectRecord {
  fileprivate func weight(of number: ReleaseNumber) -> Share? {
    routes?.versions.first { $0.version == number }?.weight
  }
}
