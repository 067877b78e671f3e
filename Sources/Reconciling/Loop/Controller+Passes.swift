import Domain

/// One pass: look at the server, decide on every object that is due, start and stop work, tell the server its routes.
extension Controller {
  func handle(_ signal: Signal, in group: inout DiscardingTaskGroup) async {
    do throws(StoreError) {
      // News of one object is no reason to look at all the others; the next tick does.
      var isNewsOfOne = false
      switch signal {
      case .trigger(.poll):
        startPoll(in: &group)
      case .trigger(.tick), .triggersEnded:
        break
      case .polled(let outcome):
        try take(outcome)
        if wantsPoll { startPoll(in: &group) }
      case .finished(let intent, let outcome):
        isNewsOfOne = true
        try finish(intent, outcome, in: &group)
      }
      try await pass(ofAll: !isNewsOfOne, in: &group)
      storeError = nil
    } catch {
      // Nothing is done that could not be recorded. What was not recorded is asked for again at the next tick.
      storeError = error.message
    }
  }

  private func finish(_ intent: Intent, _ outcome: ActionOutcome?, in group: inout DiscardingTaskGroup)
    throws(StoreError)
  {
    queue.end(intent.model)
    stops[intent.model] = nil
    dirty.insert(intent.model)
    guard let outcome else {
      try reconciliation.abandon(intent)
      return
    }
    try reconciliation.finish(intent, outcome, jitter: draw(), now: wallTime())
    if case .reverted = outcome { startPoll(in: &group) }
  }

  private func pass(ofAll: Bool, in group: inout DiscardingTaskGroup) async throws(StoreError) {
    // Twice, because routes that were taken over often let an object go on at once.
    for round in 0..<2 {
      await observeIfDue()
      guard !dirty.isEmpty || !active.isEmpty || mustRoute else { return }
      let names = ofAll && round == 0 ? dirty.union(active) : dirty
      try await decide(names.sorted())
      try startWork(of: names, in: &group)
      // When many objects move, their routes go out together: every document holds all models.
      guard ofAll || active.count <= Self.fewObjects else { return }
      guard try await route() else { return }
      lastObserved = nil
    }
  }

  /// Up to so many moving objects, a document is sent as soon as one of them asks for it.
  private static let fewObjects = 16

  // MARK: Deciding

  private func decide(_ names: [ModelName]) async throws(StoreError) {
    for name in names {
      let revert = await revertFacts(for: name)
      let path = reconciliation.records[name]?.path
      try reconciliation.advance(
        name, desired: Desired(name, in: desired, lastSeenIn: path), observation: observation, head: head,
        revert: revert, jitter: draw(), now: wallTime())
      dirty.remove(name)
      if reconciliation.isActive(name) { active.insert(name) } else { active.remove(name) }
    }
  }

  private func startWork(of names: Set<ModelName>, in group: inout DiscardingTaskGroup) throws(StoreError) {
    for name in names.sorted() {
      let work = reconciliation.actions[name]?.first(where: \.isLong)
      if queue.ask(name, for: work) { stops[name]?.finish() }
    }
    for (name, action) in queue.start() {
      let intent: Intent
      do throws(StoreError) {
        intent = try reconciliation.begin(action, of: name, now: wallTime())
      } catch {
        queue.end(name)
        dirty.insert(name)
        throw error
      }
      let (stop, continuation) = AsyncStream<Never>.makeStream()
      stops[name] = continuation
      let effects = effects
      let signals = signals
      group.addTask {
        signals.yield(.finished(intent, await effects.outcome(of: action, stoppedBy: stop)))
      }
    }
  }

  // MARK: The server

  private func observeIfDue() async {
    let now = wallTime()
    if let targetNotBefore, now < targetNotBefore { return }
    // What the server says of all models costs more than a change of one spec. An object that a commit touches is
    // decided on with what was last seen; once it moves, and so counts on the server, it is active.
    let isCalm = active.isEmpty && (dirty.isEmpty || observation != nil)
    let interval = isCalm ? settings.idleObserveInterval : settings.observeInterval
    if let lastObserved, now < lastObserved + interval { return }
    guard !reconciliation.records.isEmpty || !dirty.isEmpty else { return }
    do throws(StageError) {
      let status = try await seams.target.observe()
      observation = status
      lastObserved = now
      targetError = nil
      targetFailures = 0
      targetNotBefore = nil
      noteHealth(status)
      let known = reconciliation.controller
      if status.generation < known.routeGeneration || status.fencingToken < known.fencingToken {
        mustRoute = mustRoute || reconciliation.records.values.contains { $0.routes != nil }
      }
    } catch {
      noteTargetFailure(error)
    }
  }

  /// Looks again at objects whose champion stopped serving, or had done so.
  private func noteHealth(_ status: ServerStatus) {
    for model in status.models
    where model.versions.contains(where: { $0.state == .refused || $0.state == .failed }) {
      if reconciliation.records[model.name] != nil { dirty.insert(model.name) }
    }
    for (name, record) in reconciliation.records where record.championFault != nil { dirty.insert(name) }
  }

  private func noteTargetFailure(_ error: StageError) {
    observation = nil
    targetError = error.message
    targetFailures += 1
    // A server that restarts is back within a second: look often at first.
    let pause = min(
      settings.observeInterval * (1 << min(targetFailures - 1, 4)), settings.patience.longestBackoff)
    targetNotBefore = wallTime() + pause
  }

  /// Sends one document when any object asks for other routes or the server has lost them.
  /// - Returns: whether the server took a document.
  private func route() async throws(StoreError) -> Bool {
    if let targetNotBefore, wallTime() < targetNotBefore { return false }
    var changes: [ModelName: ModelRoute?] = [:]
    var intents: [Intent] = []
    for name in active.sorted() {
      guard let action = reconciliation.actions[name]?.first(where: { !$0.isLong }) else { continue }
      intents.append(try reconciliation.begin(action, of: name, now: wallTime()))
      if case .route(let route) = action {
        changes[name] = .some(route)
      } else {
        changes[name] = .some(nil)
      }
    }
    guard !intents.isEmpty || mustRoute else { return false }
    let document = try reconciliation.document(changing: changes, observed: observation?.generation ?? 0)
    do throws(StageError) {
      try await seams.target.apply(document)
    } catch {
      // The intents stay open, to be repeated under their keys; one that is no longer asked for is closed then.
      for intent in intents { reconciliation.release(intent) }
      noteTargetFailure(error)
      return false
    }
    mustRoute = false
    targetNotBefore = nil
    for intent in intents {
      try reconciliation.finish(intent, .routed(generation: document.generation), jitter: draw(), now: wallTime())
      dirty.insert(intent.model)
    }
    return true
  }
}

extension Action {
  /// Whether it runs beside the loop; routes go out within it, all in one document.
  fileprivate var isLong: Bool {
    switch self {
    case .build, .judge, .revert: true
    case .route, .unload: false
    }
  }
}
