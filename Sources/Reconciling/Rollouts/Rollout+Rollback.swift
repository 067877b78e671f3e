import Domain

/// The way back: the champion has everything again, then nothing is left of the candidate.
extension Rollout {
  /// Starts to take the candidate back.
  mutating func takeBack(_ cause: Rollback.Cause, _ problem: StageError) {
    record.rollback = Rollback(cause: cause, problem: problem)
    if cause == .failed, let candidate = record.candidate, let model = candidate.build?.model {
      record.quarantine.removeAll { $0.model == model }
      record.quarantine.append(
        Quarantine(
          model: model, deploymentDigest: candidate.deployment.digest, commit: candidate.deployment.commit,
          reason: "\(problem.reason): \(problem.message)", since: now))
    }
    note(
      cause == .superseded ? problem.reason : "RollingBack", "\(problem.reason): \(problem.message)",
      cause == .superseded ? .normal : .warning)
    let hadTraffic = record.phase != .loading
    _ = enter(hadTraffic && record.champion != nil ? .rollingBack : .unloading)
  }

  mutating func rollingBack() -> Step {
    guard let champion = record.champion else { return enter(.unloading) }
    guard let server = confirmedServer else {
      return awaitServer("the server to take the routes", patience: facts.patience.loading)
    }
    if server.version(champion.number, of: record.name)?.weight != .all {
      guard isOver(facts.patience.loading) else {
        return .wait(
          Wait(
            "the server to give the champion everything", owner: .server,
            until: record.phaseSince + facts.patience.loading))
      }
      note("ChampionNotServing", "The server does not give release \(champion.number) its traffic.", .warning)
    }
    return enter(.unloading)
  }

  mutating func unloading() -> Step {
    guard let candidate = record.candidate, let rollback = record.rollback else { return enter(.idle) }
    guard let server = confirmedServer else {
      return awaitServer("the server to take the routes", patience: facts.patience.loading)
    }
    if let release = candidate.release, server.version(release, of: record.name) != nil {
      guard isOver(facts.patience.draining) else {
        return .wait(
          Wait(
            "release \(release) to answer what it accepted", owner: .server,
            until: record.phaseSince + facts.patience.draining))
      }
      note("DrainTimedOut", "The server still lists release \(release).", .warning)
    }
    record.rollback = nil
    switch rollback.cause {
    case .superseded:
      dropCandidate()
      return enter(.idle)
    case .stopped:
      return block(rollback.problem)
    case .failed:
      return afterFailure(of: candidate, rollback.problem)
    }
  }

  private mutating func afterFailure(of candidate: Candidate, _ problem: StageError) -> Step {
    switch candidate.deployment.spec.rollout.onFailure {
    case .revert:
      record.problem = problem
      return enter(.reverting)
    case .hold:
      return block(quarantined("The policy leaves Git as it is."))
    }
  }

  /// What is said of a candidate that was taken back, with what became of Git.
  func quarantined(_ addition: String) -> StageError {
    let reason = record.candidate?.build.flatMap { build in record.quarantine.first { $0.model == build.model } }?
      .reason
    return StageError(
      .rollingBack, reason: "Quarantined",
      "Release \(record.candidate?.release?.description ?? "?") was taken back: \(reason ?? "it misbehaved.") \(addition)",
      remedy: .changeSpec)
  }
}
