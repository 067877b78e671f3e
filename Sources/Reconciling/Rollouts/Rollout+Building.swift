import Domain

/// From a commit to a model that passed its gates: no traffic changes here, and nothing is reverted.
extension Rollout {
  mutating func building() -> Step {
    guard let candidate = record.candidate else { return enter(.idle) }
    if let pause = pause() { return pause }
    let limit = facts.patience.buildAllowance + candidate.deployment.spec.model.timeout
    return awaitWork("the build of commit \(candidate.deployment.commit.short)", owner: .builder, limit: limit)
  }

  mutating func gating() -> Step {
    guard let candidate = record.candidate, candidate.build != nil else { return enter(.idle) }
    if let pause = pause() { return pause }
    let count = candidate.deployment.spec.gates.count
    return awaitWork("the verdicts of \(count) gates", owner: .gatekeeper, limit: facts.patience.gating)
  }

  /// Waits for work that says itself when it is done. When it stays silent too long it is given up and begun again:
  /// whatever still runs is then no longer asked for, and so is cancelled.
  private mutating func awaitWork(_ what: String, owner: Wait.Owner, limit: Duration) -> Step {
    let begun = record.retry?.notBefore ?? record.phaseSince
    guard now >= begun + limit else { return .wait(Wait(what, owner: owner, until: begun + limit)) }
    tryAgain(StageError(stage, reason: "TimedOut", "There was no result within its time.", remedy: .retry))
    return pause() ?? .moved
  }

  // MARK: Results

  mutating func take(_ result: BuildResult) {
    if let quarantine = record.quarantine.first(where: { $0.model == result.model }) {
      record.candidate?.build = result
      _ = block(.quarantined(quarantine))
      return
    }
    record.candidate?.build = result
    note("Built", "Model \(result.model.short)\(result.reused ? ", built before" : "").")
    _ = enter(.gating)
  }

  mutating func take(_ evidence: Evidence, storedAs digest: Digest) {
    guard let candidate = record.candidate, let build = candidate.build else { return }
    guard evidence.model == record.name, evidence.modelDigest == build.model,
      evidence.policyDigest == GatePolicy(of: candidate.deployment).digest
    else {
      tryAgain(
        StageError(
          .gating, reason: "EvidenceMismatch", "The evidence speaks of another model or policy than asked for.",
          remedy: .retry))
      return
    }
    record.candidate?.evidence = digest
    record.candidate?.verdict = evidence.verdict
    record.candidate?.reports = evidence.reports
    switch evidence.verdict {
    case .pass, .notApplicable:
      pass(candidate.deployment, build, evidence: digest)
    case .fail:
      _ = block(.gates(evidence, .fail, reason: "GateFailed"))
    case .inconclusive:
      _ = block(.gates(evidence, .inconclusive, reason: "Inconclusive"))
    case .error:
      tryAgain(.gates(evidence, .error, reason: "GateError"))
    }
  }

  private mutating func pass(_ deployment: DesiredDeployment, _ build: BuildResult, evidence: Digest) {
    if let champion = record.champion, champion.model == build.model {
      // The same bytes serve already: nothing is split, only what admits them may have changed.
      note("PolicyUpdated", "The model that serves passes the gates of commit \(deployment.commit.short) too.")
      record.champion = Release(
        number: champion.number, deployment: deployment, model: champion.model, evidence: evidence,
        isolation: build.isolation)
      dropCandidate()
      _ = enter(.settling)
      return
    }
    record.candidate?.release = record.nextRelease
    record.nextRelease = record.nextRelease.next
    note("GatesPassed", "Model \(build.model.short) may be served.")
    _ = enter(.loading)
  }

  /// A build or a gate that could not run is an error, not a refusal: it is tried again, but not for ever.
  mutating func tryAgain(_ problem: StageError) {
    let limit = record.phase == .gating ? facts.patience.gateAttempts : facts.patience.buildAttempts
    if (record.retry?.attempts ?? 0) + 1 >= limit {
      _ = block(problem)
    } else {
      putOff(problem)
    }
  }
}

extension ModelSource {
  /// The longest the steps may take together.
  fileprivate var timeout: Duration {
    guard case .build(let build) = self else { return .zero }
    return build.steps.reduce(.zero) { $0 + $1.limits.timeout }
  }
}

extension StageError {
  /// What the gates of one verdict say, each with its own message.
  fileprivate static func gates(_ evidence: Evidence, _ verdict: Verdict, reason: String) -> StageError {
    let messages = evidence.reports.filter { $0.verdict == verdict }.map { "\($0.gate): \($0.message)" }
    return StageError(.gating, reason: reason, messages.joined(separator: "; "), remedy: .changeSpec)
  }
}
