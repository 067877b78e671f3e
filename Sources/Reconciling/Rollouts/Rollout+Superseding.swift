import Domain

/// What the head says: the beginning of a rollout, and how a newer commit pre-empts every phase.
extension Rollout {
  /// Compares the head with what was last asked for, and stops what is no longer wanted.
  mutating func takeUpDesired() {
    // A push may have arrived although its answer did not. Until it is known whose the next head is, and until the head
    // shows the commit that was pushed, the head proves nothing of what people want.
    if let revert = record.revert, revert.commit == nil || facts.head == revert.request.parent { return }
    switch desired {
    case .unknown:
      return
    case .invalid(let message):
      hold(StageError(.planning, reason: "InvalidSpec", message, remedy: .changeSpec))
    case .absent:
      record.hold = nil
      startDraining()
    case .deployment(let deployment):
      record.hold = nil
      takeUp(deployment)
    }
  }

  private mutating func hold(_ problem: StageError) {
    guard record.hold != problem else { return }
    record.hold = problem
    note(problem.reason, "Held as it is: \(problem.message)", .warning)
  }

  private mutating func takeUp(_ deployment: DesiredDeployment) {
    record.path = deployment.place.path
    if record.desiredDigest != deployment.digest {
      record.desiredDigest = deployment.digest
      record.desiredCommit = deployment.commit
      record.generation += 1
      if !record.quarantine.isEmpty, !facts.ownCommits.contains(deployment.commit) {
        record.quarantine = []
        note("QuarantineEnded", "Commit \(deployment.commit.short) changes the object.")
      }
    }
    followFiles(of: deployment)
    if let candidate = record.candidate, candidate.deployment.digest != deployment.digest {
      supersede()
    }
  }

  /// While Git asks for exactly what serves, the champion's files are those of the head: a comment or a neighbour in the
  /// spec file may change without asking for another model, and a later revert must not undo that.
  private mutating func followFiles(of deployment: DesiredDeployment) {
    guard let champion = record.champion?.deployment, champion.digest == deployment.digest,
      champion.files != deployment.files || champion.neighbours != deployment.neighbours
        || champion.place.path != deployment.place.path || champion.environment != deployment.environment
    else { return }
    record.champion?.deployment = deployment
  }

  private mutating func supersede() {
    let problem = StageError(
      stage, reason: "Superseded", "Git asks for something else since commit \(record.desiredCommit?.short ?? "?").",
      remedy: .changeSpec)
    switch record.phase {
    case .idle, .settling, .draining:
      break
    case .building, .gating, .reverting:
      if record.revert?.commit == nil { note(problem.reason, problem.message) }
      dropCandidate()
      _ = enter(.idle)
    case .blocked:
      dropCandidate()
      _ = enter(.idle)
    case .loading:
      takeBack(.superseded, problem)
    case .canary:
      takeBack(.superseded, problem)
    case .promoting:
      // A first release has nothing to go back to: it is promoted, which takes one answer of the server.
      guard record.champion != nil else { break }
      takeBack(.superseded, problem)
    case .rollingBack, .unloading:
      record.rollback?.cause = .superseded
    }
  }

  private mutating func startDraining() {
    guard record.phase != .draining else { return }
    note("Deleted", "The object is gone from Git: its model is drained and unloaded.")
    dropCandidate()
    _ = enter(.draining)
  }

  /// In step, or at the beginning of a rollout.
  mutating func idle() -> Step {
    guard case .deployment(let deployment) = desired, deployment.digest != record.champion?.deployment.digest else {
      return .rest
    }
    record.candidate = Candidate(deployment: deployment)
    if let quarantine = record.quarantine.first(where: { $0.deploymentDigest == deployment.digest }) {
      return block(.quarantined(quarantine))
    }
    note("RolloutStarted", "Commit \(deployment.commit.short) asks for another model or policy.")
    return enter(.building)
  }

  /// Waits until the server has let go of every version, then ends the record.
  mutating func draining() -> Step {
    let neverRouted = record.routes == nil && record.routedGeneration == 0
    if !neverRouted {
      guard let server = confirmedServer else {
        return awaitServer("the server to let go of every version", patience: facts.patience.draining)
      }
      let left = server.models.first { $0.name == record.name }?.versions.isEmpty == false
      if left, !isOver(facts.patience.draining) {
        return .wait(
          Wait(
            "requests in flight to end", owner: .server, until: record.phaseSince + facts.patience.draining))
      }
      if left { note("DrainTimedOut", "The server still lists a version; the record ends regardless.", .warning) }
    }
    note("Removed", "Nothing of the object is left.")
    guard case .deployment(let deployment) = desired else {
      isGone = true
      return .rest
    }
    // It came back meanwhile. Its release numbers go on, so that an answer's version never means two things.
    let generation = record.routedGeneration
    record = ObjectRecord(
      name: record.name, generation: record.generation + 1, desiredDigest: deployment.digest, phaseSince: now,
      nextRelease: record.nextRelease)
    record.desiredCommit = deployment.commit
    record.path = deployment.place.path
    record.routedGeneration = generation
    return .moved
  }

  /// The stage that the phase belongs to, for problems.
  var stage: Stage {
    switch record.phase {
    case .idle, .blocked: .planning
    case .building: .building
    case .gating: .gating
    case .loading: .loading
    case .canary: .canary
    case .promoting: .promoting
    case .settling: .settling
    case .rollingBack, .unloading: .rollingBack
    case .reverting: .reverting
    case .draining: .draining
    }
  }
}

extension StageError {
  /// Git asks for a model that misbehaved before.
  static func quarantined(_ quarantine: Quarantine) -> StageError {
    StageError(
      .planning, reason: "Quarantined",
      "Model \(quarantine.model.short) was taken back before: \(quarantine.reason) Change the object, or run `headgate retry`.",
      remedy: .changeSpec)
  }
}
