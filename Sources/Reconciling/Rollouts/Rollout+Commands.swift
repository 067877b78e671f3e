import Domain

/// What a person may ask for in any phase.
extension Rollout {
  mutating func abort() {
    let problem = StageError(
      stage, reason: "Aborted", "Aborted by command; `headgate retry \(record.name)` tries again.",
      remedy: .changeSpec)
    switch record.phase {
    case .building, .gating:
      _ = block(problem)
    case .loading:
      takeBack(.stopped, problem)
    case .canary:
      takeBack(.failed, problem)
    case .promoting:
      // Without a champion there is nothing Git could be taken back to.
      takeBack(record.champion == nil ? .stopped : .failed, problem)
    case .reverting:
      record.revert = nil
      _ = block(quarantined("The revert was aborted; Git was left as it is."))
    case .idle, .settling, .rollingBack, .unloading, .blocked, .draining:
      note("NothingToAbort", "Nothing is under way that could be taken back (\(record.phase.name)).")
    }
  }

  mutating func retry() {
    if !record.quarantine.isEmpty, record.phase == .idle || record.phase == .blocked {
      record.quarantine = []
      note("QuarantineEnded", "Ended by `headgate retry`.")
    }
    if record.phase == .blocked {
      note("Retry", "Trying again by command.")
      dropCandidate()
      _ = enter(.idle)
    } else if let waiting = record.retry {
      note("Retry", "Trying again at once by command.")
      record.retry = Retry(attempts: waiting.attempts, notBefore: now, problem: waiting.problem)
    } else {
      note("NothingToRetry", "Nothing is blocked (\(record.phase.name)).")
    }
  }
}
