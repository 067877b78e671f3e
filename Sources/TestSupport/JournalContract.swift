import Domain

/// What every journal must do. A test opens its own kind and expects no violations:
/// `#expect(try JournalContract.violations { try SQLiteJournal(path) } == [])`.
package enum JournalContract {
  /// Runs the whole contract on one fresh storage. Opening may raise the fencing token, nothing else.
  /// - Parameter open: opens the same storage; it is called again to see what is durable, after the last one was let go.
  /// - Returns: one line for each broken rule.
  package static func violations(open: () throws -> any Journal) throws -> [String] {
    var found: [String] = []
    func expect(_ holds: Bool, _ rule: String) { if !holds { found.append(rule) } }

    let first = try open().load()
    expect(first.records.isEmpty && first.openIntents.isEmpty, "a new journal is empty")
    expect(isSame(first.controller, ControllerRecord()), "a new journal has a controller record without history")

    try fill(try open())
    let second = try open().load()
    let expected = Samples.record()
    expect(second.records[expected.name] == expected, "a record comes back as it was saved")
    expect(second.openIntents.map(\.key) == ["a", "b"], "open intents come back, oldest first")
    expect(second.openIntents.first?.action == Samples.revert, "an intent comes back with its action")
    expect(isSame(second.controller, Samples.controller), "the controller record comes back as it was saved")

    let third = try open()
    try third.begin(
      Intent(key: "a", model: Samples.name, action: .unload(Samples.name), since: Timestamp(milliseconds: 9)))
    let reopened = try third.load().openIntents
    expect(reopened.count == 2, "an intent of a key that is open is replaced")
    expect(
      reopened.first { $0.key == "a" }?.action == .unload(Samples.name), "the newer intent of a key is the one kept")
    var changed = expected
    changed.generation += 1
    try third.commit(
      JournalTransition(closing: "a", saved: [changed], events: [Samples.event], controller: nil))
    let closed = try third.load()
    expect(closed.openIntents.map(\.key) == ["b"], "a transition closes its intent only")
    expect(closed.records[expected.name] == changed, "a transition saves its records")
    expect(isSame(closed.controller, Samples.controller), "a transition without a controller record leaves it alone")
    expect(closed.retired.isEmpty, "no name is retired while its record is there")
    try third.commit(
      JournalTransition(
        closing: "none", removed: [Samples.name: ReleaseNumber(3), ModelName("absent"): ReleaseNumber(1)]))
    let removed = try third.load()
    expect(removed.records.isEmpty, "a transition removes records, and what is absent is no error")
    expect(removed.openIntents.map(\.key) == ["b"], "closing what is not open is no error")
    expect(removed.retired[Samples.name] == ReleaseNumber(3), "a removed record leaves the number of its next release")
    try third.commit(JournalTransition(saved: [expected]))
    expect(try third.load().retired[Samples.name] == nil, "a name that came back is not retired")
    return found
  }

  private static func isSame(_ found: ControllerRecord, _ expected: ControllerRecord) -> Bool {
    var expected = expected
    expected.fencingToken = max(expected.fencingToken, found.fencingToken)
    return found == expected
  }

  private static func fill(_ journal: any Journal) throws {
    try journal.begin(
      Intent(key: "a", model: Samples.name, action: Samples.revert, since: Timestamp(milliseconds: 5)))
    try journal.begin(
      Intent(key: "b", model: Samples.name, action: .unload(Samples.name), since: Timestamp(milliseconds: 6)))
    try journal.commit(
      JournalTransition(saved: [Samples.record()], events: [Samples.event], controller: Samples.controller))
  }
}

extension Samples {
  static let name = ModelName("income")

  static let event = Event(
    time: Timestamp(milliseconds: 7), object: ObjectID(.modelDeployment, "income"), severity: .warning,
    reason: "RollingBack", message: "\"quotes\", ünïcode\nand lines", commit: CommitID("c1"), release: ReleaseNumber(2))

  static let revert = Action.revert(
    RevertRequest(
      parent: CommitID("c2"),
      files: [path("specs/income.yaml"): BlobID("b1"), path("specs/moved.yaml"): nil],
      message: "Revert income to release 1\n\nbecause", time: 1_700_000_000))

  static var controller: ControllerRecord {
    ControllerRecord(
      appliedCommit: CommitID("c2"), routeGeneration: 7, fencingToken: 3, ownCommits: [CommitID("c9")],
      applied: [ObjectID(.dataset, "adult"): .sha256(of: "adult")])
  }

  /// A record with every field set.
  static func record() -> ObjectRecord {
    let deployment = deployment("income", model: "v1")
    let model = Digest.sha256(of: "model v1")
    let problem = StageError(.canary, reason: "LatencyAboveLimit", "too slow", remedy: .wait(seconds: 2.5))
    var record = ObjectRecord(
      name: name, generation: 4, desiredDigest: deployment.digest, phase: .canary(step: 1),
      phaseSince: Timestamp(milliseconds: 1234),
      candidate: Candidate(
        deployment: deployment,
        build: BuildResult(model: model, inputs: model, log: model, reused: true, isolation: .reduced),
        evidence: model, verdict: .pass,
        reports: [
          GateReport(
            gate: "quality/roc_auc", kind: "quality", gateDigest: model, verdict: .pass, reason: "WithinLimit",
            message: "0.91", metric: "roc_auc", value: 0.1 + 0.2,
            interval: Interval(low: 0.9, high: 0.92, confidence: 0.95, method: "bootstrap"), limit: ">= 0.9",
            rowCount: 10, denominators: ["positives": 4])
        ], release: ReleaseNumber(2)),
      champion: Release(number: ReleaseNumber(1), deployment: deployment, model: model, evidence: model),
      nextRelease: ReleaseNumber(3),
      quarantine: [
        Quarantine(
          model: model, deploymentDigest: deployment.digest, commit: CommitID("c1"), reason: "slow",
          since: Timestamp(milliseconds: 1))
      ])
    record.desiredCommit = CommitID("c1")
    record.path = deployment.place.path
    record.window = TrafficWindow(
      since: Timestamp(milliseconds: 2), deadline: Timestamp(milliseconds: 3), instance: "i1",
      baseline: TrafficCounters(
        requests: 3, errors: 1, latency: LatencyHistogram(counts: [(bucket: 3, count: 2), (bucket: 900, count: 1)])))
    record.retry = Retry(attempts: 2, notBefore: Timestamp(milliseconds: 8), problem: problem)
    record.problem = problem
    record.rollback = Rollback(cause: .failed, problem: problem)
    if case .revert(let request) = revert { record.revert = Revert(request: request, commit: CommitID("c3")) }
    record.hold = problem
    record.routes = record.wantedRoute
    record.routedGeneration = 6
    record.championFault = "refused"
    return record
  }
}
