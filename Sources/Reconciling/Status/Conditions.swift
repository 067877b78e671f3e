import Domain

extension ObjectRecord {
  /// What can be said of the object, after the kstatus convention, from its record alone.
  package var conditions: [Condition] {
    var conditions = [ready, inSync, reconciling, stalled]
    if usesReducedSandbox {
      conditions.append(
        condition(
          .sandboxReduced, true, "SandboxReduced", "Build steps ran in a clean environment without namespaces."))
    }
    return conditions
  }

  private var ready: Condition {
    if phase == .draining { return condition(.ready, false, "Deleted", "Its model is being unloaded.") }
    guard let champion else { return condition(.ready, false, "NoRelease", "Nothing of it serves yet.") }
    if let championFault { return condition(.ready, false, "ChampionNotServing", championFault) }
    return condition(.ready, true, "Serving", "Release \(champion.number) serves.")
  }

  private var inSync: Condition {
    if let hold { return condition(.inSync, .unknown, hold.reason, hold.message) }
    if phase == .draining { return condition(.inSync, false, "Draining", "Git has no such object any more.") }
    if let champion, champion.deployment.digest == desiredDigest, candidate == nil || revert?.commit != nil {
      return condition(.inSync, true, "InSync", "What serves is what Git asks for.")
    }
    if let problem, phase == .blocked { return condition(.inSync, false, problem.reason, problem.message) }
    return condition(.inSync, false, phase.name, "Git asks for something else than what serves.")
  }

  private var reconciling: Condition {
    guard phase.isActive else { return condition(.reconciling, false, phase.name, "Nothing is under way.") }
    if let retry { return condition(.reconciling, true, retry.problem.reason, retry.problem.message) }
    return condition(.reconciling, true, phase.name, "Under way.")
  }

  private var stalled: Condition {
    if phase == .blocked, let problem { return condition(.stalled, true, problem.reason, problem.message) }
    if let hold { return condition(.stalled, true, hold.reason, hold.message) }
    if isHeldAtStep {
      return condition(
        .stalled, true, "InsufficientSamples", "The step's deadline passed without enough answers; the policy holds.")
    }
    return condition(.stalled, false, "NotStalled", "Nothing keeps it from going on.")
  }

  /// Whether the deadline of the present canary step was put off.
  private var isHeldAtStep: Bool {
    guard case .canary = phase, let window, let limit = candidate?.deployment.spec.rollout.advance.deadline else {
      return false
    }
    return window.deadline > window.since + limit
  }

  private var usesReducedSandbox: Bool {
    champion?.isolation == .reduced || candidate?.build?.isolation == .reduced
  }

  private func condition(_ type: Condition.Kind, _ holds: Bool, _ reason: String, _ message: String) -> Condition {
    condition(type, holds ? .yes : .no, reason, message)
  }

  private func condition(
    _ type: Condition.Kind, _ status: Condition.Status, _ reason: String, _ message: String
  ) -> Condition {
    Condition(type: type, status: status, reason: reason, message: message, observedGeneration: generation)
  }
}
