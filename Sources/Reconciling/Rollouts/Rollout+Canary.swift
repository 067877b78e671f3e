import Domain

/// From a loaded version to all of the traffic.
extension Rollout {
  /// The candidate has no traffic yet; the server checks the evidence and warms it up.
  mutating func loading() -> Step {
    guard let candidate = record.candidate else { return enter(.idle) }
    guard let server = confirmedServer else {
      return awaitServer("the server to take the routes", patience: facts.patience.loading)
    }
    let status = candidateStatus(in: server)
    switch status?.state {
    case .refused, .failed:
      takeBack(.stopped, .notLoaded(status?.message))
      return .moved
    case .ready:
      if record.champion == nil || championIsBroken {
        // Nothing that serves is left to be compared with, or to be protected by small steps.
        return enter(.promoting)
      }
      return enterStep(0, of: candidate.deployment.spec.rollout, status: status, server: server)
    case .loading, .draining, nil:
      guard isOver(facts.patience.loading) else {
        return .wait(
          Wait(
            "the server to load the model", owner: .server, until: record.phaseSince + facts.patience.loading))
      }
      takeBack(
        .stopped,
        StageError(
          .loading, reason: "LoadTimedOut",
          "The server did not have the model ready in time; see its log, then run `headgate retry \(record.name)`.",
          remedy: .changeSpec))
      return .moved
    }
  }

  private mutating func enterStep(
    _ index: Int, of rollout: RolloutSpec, status: VersionStatus?, server: ServerStatus
  ) -> Step {
    guard rollout.steps.indices.contains(index), rollout.steps[index] < .all else { return enter(.promoting) }
    let step = enter(.canary(step: index))
    record.window = TrafficWindow(
      since: now, deadline: now + rollout.advance.deadline, instance: server.instance,
      baseline: status?.traffic ?? .none)
    note("CanaryStep", "Release \(record.candidate?.release?.description ?? "?") gets \(rollout.steps[index]).")
    return step
  }

  mutating func canary(step index: Int) -> Step {
    guard let candidate = record.candidate, let window = record.window else { return enter(.idle) }
    let rollout = candidate.deployment.spec.rollout
    guard let server = confirmedServer, let status = candidateStatus(in: server) else {
      return endOfWindow(window, rollout)
        ?? .wait(
          Wait("the server to report on the candidate", owner: .server, until: window.deadline))
    }
    if status.state == .refused || status.state == .failed {
      takeBack(.stopped, .notLoaded(status.message))
      return .moved
    }
    record.window?.read(status.traffic, of: server.instance)
    let counted = record.window?.counted ?? .none
    switch TrafficJudgement(counted, limits: rollout.advance) {
    case .failed(let reason, let message):
      takeBack(.failed, StageError(.canary, reason: reason, message, remedy: .changeSpec))
      return .moved
    case .passed:
      note("StepPassed", TrafficJudgement.summary(of: counted))
      return enterStep(index + 1, of: rollout, status: status, server: server)
    case .undecided(let missing):
      return endOfWindow(window, rollout)
        ?? .wait(
          Wait(
            "\(missing) more answers of release \(status.version) at \(record.canaryWeight(index))", owner: .traffic,
            until: record.window?.deadline ?? window.deadline))
    }
  }

  /// What the policy says when the samples did not come in time; `nil` while there is time, or when it holds.
  private mutating func endOfWindow(_ window: TrafficWindow, _ rollout: RolloutSpec) -> Step? {
    guard now >= window.deadline else { return nil }
    let message =
      "\(record.window?.counted.requests ?? 0) of \(rollout.advance.minSamples) answers came within the step's deadline."
    switch rollout.onDeadline {
    case .rollback:
      takeBack(
        .stopped,
        StageError(
          .canary, reason: "InsufficientSamples", message + " `headgate retry \(record.name)` tries again.",
          remedy: .changeSpec))
      return .moved
    case .hold:
      record.window?.deadline = now + rollout.advance.deadline
      note("InsufficientSamples", message + " The policy holds the step.", .warning)
      return nil
    }
  }

  mutating func promoting() -> Step {
    guard let candidate = record.candidate else { return enter(.idle) }
    guard let server = confirmedServer else {
      return awaitServer("the server to take the routes", patience: facts.patience.loading)
    }
    let status = candidateStatus(in: server)
    switch status?.state {
    case .ready where status?.weight == .all:
      return promote(candidate)
    case .refused, .failed:
      takeBack(.stopped, .notLoaded(status?.message))
      return .moved
    default:
      guard isOver(facts.patience.loading) else {
        return .wait(
          Wait(
            "the server to give it everything", owner: .server, until: record.phaseSince + facts.patience.loading))
      }
      takeBack(
        .stopped,
        StageError(
          .promoting, reason: "PromotionTimedOut", "The server did not give the release its traffic in time.",
          remedy: .changeSpec))
      return .moved
    }
  }

  private mutating func promote(_ candidate: Candidate) -> Step {
    guard let number = candidate.release, let build = candidate.build, let evidence = candidate.evidence else {
      return enter(.idle)
    }
    note("Promoted", "Release \(number) (model \(build.model.short)) serves everything.")
    record.champion = Release(
      number: number, deployment: candidate.deployment, model: build.model, evidence: evidence,
      isolation: build.isolation)
    record.championFault = nil
    dropCandidate()
    return enter(.settling)
  }

  /// The predecessor answers what it has accepted, then the server forgets it.
  mutating func settling() -> Step {
    if case .deployment(let deployment) = desired, deployment.digest != record.champion?.deployment.digest {
      // The next rollout need not wait for the last answers of the one before the last.
      return enter(.idle)
    }
    guard let server = confirmedServer else {
      return awaitServer("the server to take the routes", patience: facts.patience.loading)
    }
    let listed = server.models.first { $0.name == record.name }?.versions ?? []
    if listed.contains(where: { $0.version != record.champion?.number }) {
      guard isOver(facts.patience.draining) else {
        return .wait(
          Wait(
            "the predecessor to answer what it accepted", owner: .server,
            until: record.phaseSince + facts.patience.draining))
      }
      note("DrainTimedOut", "The server still lists the predecessor; the rollout ends regardless.", .warning)
    }
    if let champion = record.champion, server.version(champion.number, of: record.name)?.state == .loading,
      !isOver(facts.patience.loading)
    {
      // After a change of policy alone the server asks its admission again.
      return .wait(
        Wait(
          "the server to admit release \(champion.number)", owner: .server,
          until: record.phaseSince + facts.patience.loading))
    }
    note("RolloutFinished", "Release \(record.champion?.number.description ?? "?") is what Git asks for.")
    return enter(.idle)
  }

  func candidateStatus(in server: ServerStatus) -> VersionStatus? {
    guard let candidate = record.candidate, let release = candidate.release,
      let status = server.version(release, of: record.name), status.digest == candidate.build?.model
    else { return nil }
    return status
  }
}

extension StageError {
  fileprivate static func notLoaded(_ message: String?) -> StageError {
    StageError(
      .loading, reason: "ServerRefused", message ?? "The server does not serve it and does not say why.",
      remedy: .changeSpec)
  }
}
