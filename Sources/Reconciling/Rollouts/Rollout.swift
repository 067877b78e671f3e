import Domain

/// One object while it is decided on: its record, what is known around it, and the events that arise.
///
/// Each phase has one method that either moves to another phase or says what is awaited.
struct Rollout {
  /// What a phase comes to.
  enum Step {
    /// The phase changed: look again.
    case moved
    /// Nothing to do.
    case rest
    case wait(Wait)
  }

  var record: ObjectRecord
  let desired: Desired
  let observation: ServerStatus?
  let facts: ReconcileFacts
  let now: Timestamp
  private(set) var events: [Event] = []
  /// Nothing is left of the object: its record can go.
  var isGone = false

  init(record: ObjectRecord, desired: Desired, observation: ServerStatus?, facts: ReconcileFacts, now: Timestamp) {
    self.record = record
    self.desired = desired
    self.observation = observation
    self.facts = facts
    self.now = now
  }

  /// Goes from phase to phase until something has to be awaited.
  mutating func settle() -> Wait? {
    noteChampionHealth()
    takeUpDesired()
    // Every path from phase to phase is shorter; the bound only keeps a mistake here from hanging the controller.
    for _ in 0..<16 {
      switch step() {
      case .moved: continue
      case .rest: return nil
      case .wait(let wait): return wait
      }
    }
    return Wait("another look at the object", owner: .controller, until: now + facts.patience.firstBackoff)
  }

  private mutating func step() -> Step {
    guard !isGone else { return .rest }
    return switch record.phase {
    case .idle: idle()
    case .building: building()
    case .gating: gating()
    case .loading: loading()
    case .canary(let index): canary(step: index)
    case .promoting: promoting()
    case .settling: settling()
    case .rollingBack: rollingBack()
    case .unloading: unloading()
    case .reverting: reverting()
    case .blocked:
      .wait(Wait("a commit that changes it, or `headgate retry \(record.name)`", owner: .person, until: nil))
    case .draining: draining()
    }
  }

  /// The effects the record asks for: first the routes, then the work of its phase.
  func actions() -> [Action] {
    var actions: [Action] = []
    let wanted = wantedRoute
    if wanted != record.routes {
      actions.append(wanted.map(Action.route) ?? .unload(record.name))
    }
    if let work { actions.append(work) }
    return actions
  }

  private var work: Action? {
    if let retry = record.retry, now < retry.notBefore { return nil }
    switch record.phase {
    case .building:
      return record.candidate.map { .build($0.deployment) }
    case .gating:
      guard let candidate = record.candidate, let model = candidate.build?.model else { return nil }
      return .judge(
        GateRequest(
          deployment: candidate.deployment, candidate: model, champion: record.champion?.model,
          championServing: record.champion?.deployment.spec.serving))
    case .reverting:
      guard let revert = record.revert, revert.commit == nil else { return nil }
      return .revert(revert.request)
    default:
      return nil
    }
  }

  // MARK: Moving

  mutating func enter(_ phase: Phase) -> Step {
    record.phase = phase
    record.phaseSince = now
    record.retry = nil
    record.window = nil
    return .moved
  }

  mutating func note(_ reason: String, _ message: String, _ severity: Event.Severity = .normal) {
    events.append(
      Event(
        time: now, object: ObjectID(.modelDeployment, record.name.text), severity: severity, reason: reason,
        message: message, commit: record.candidate?.deployment.commit ?? record.desiredCommit,
        release: record.candidate?.release ?? record.champion?.number))
  }

  /// Stops until a person acts.
  mutating func block(_ problem: StageError) -> Step {
    record.problem = problem
    note(problem.reason, problem.message, .warning)
    return enter(.blocked)
  }

  /// Counts a failed attempt and puts off the next one.
  mutating func putOff(_ problem: StageError, for pause: Duration? = nil) {
    let attempts = (record.retry?.attempts ?? 0) + 1
    let pause = pause ?? facts.patience.backoff(after: attempts, jitter: facts.jitter)
    record.retry = Retry(attempts: attempts, notBefore: now + pause, problem: problem)
    note(problem.reason, "\(problem.message) (attempt \(attempts), the next follows)", .warning)
  }

  /// Waits for an attempt that was put off.
  func pause() -> Step? {
    guard let retry = record.retry, now < retry.notBefore else { return nil }
    return .wait(
      Wait(
        "the next attempt after \(retry.problem.reason) (\(retry.attempts) so far)", owner: .controller,
        until: retry.notBefore))
  }

  func isOver(_ limit: Duration) -> Bool { now >= record.phaseSince + limit }

  /// Forgets the candidate and everything that was going on with it.
  mutating func dropCandidate() {
    record.candidate = nil
    record.window = nil
    record.retry = nil
    record.problem = nil
    record.rollback = nil
    record.revert = nil
  }
}
