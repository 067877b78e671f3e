import Domain

/// Results of actions. One that the record no longer asks for is dropped.
extension Rollout {
  mutating func take(_ outcome: ActionOutcome, of action: Action) {
    switch action {
    case .route, .unload:
      take(outcome, ofRoutes: action)
    case .build, .judge, .revert:
      guard isAsked(action) else { return }
      takeWork(outcome)
    }
  }

  /// The server took the routes: a fact, whatever the record asks for by now.
  private mutating func take(_ outcome: ActionOutcome, ofRoutes action: Action) {
    guard case .routed(let generation) = outcome else { return }
    if case .route(let route) = action {
      record.routes = route
    } else {
      record.routes = nil
    }
    record.routedGeneration = max(record.routedGeneration, generation)
    // What is awaited from the server begins now.
    record.phaseSince = now
  }

  private func isAsked(_ action: Action) -> Bool {
    switch (action, record.phase) {
    case (.build(let deployment), .building):
      return record.candidate?.deployment.digest == deployment.digest
    case (.judge(let request), .gating):
      return record.candidate?.deployment.digest == request.deployment.digest
        && record.candidate?.build?.model == request.candidate
    case (.revert(let request), .reverting):
      return record.revert?.request == request && record.revert?.commit == nil
    default:
      return false
    }
  }

  private mutating func takeWork(_ outcome: ActionOutcome) {
    switch outcome {
    case .built(let result): take(result)
    case .judged(let evidence, let digest): take(evidence, storedAs: digest)
    case .reverted(let outcome): take(outcome)
    case .failed(let problem): take(problem)
    case .routed: break
    }
  }

  /// A build, a judgement or a push failed: the remedy decides, never the message.
  private mutating func take(_ problem: StageError) {
    switch problem.remedy {
    case .changeSpec:
      if record.phase == .reverting {
        note(problem.reason, problem.message, .warning)
        record.revert = nil
        _ = block(quarantined("Git was left as it is: \(problem.message)"))
      } else {
        _ = block(problem)
      }
    case .retry:
      // What could not be pushed must be: Git would go on asking for what was taken back.
      if record.phase == .reverting { putOff(problem) } else { tryAgain(problem) }
    case .wait(let seconds):
      // Bounded, because it comes from outside: no wait is endless.
      let pause = Duration.seconds(seconds.isFinite ? min(max(seconds, 0), 86_400) : 60)
      putOff(problem, for: pause)
    }
  }
}
