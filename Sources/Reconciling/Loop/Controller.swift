import Domain

/// Watches a branch and keeps what is served equal to it.
///
/// It decides nothing: it gathers what is known, asks `Reconciler` through `Reconciliation`, and carries out the actions.
/// Decisions are taken here one after another; builds, judgements, pushes and polls run beside them.
package actor Controller {
  /// What wakes the loop.
  enum Signal: Sendable {
    case trigger(ControllerTrigger)
    case triggersEnded
    case polled(PollOutcome)
    /// `nil` when the work was stopped.
    case finished(Intent, ActionOutcome?)
  }

  let seams: ControllerSeams
  let settings: ControllerSettings
  let clock: any Clock<Duration>
  /// Wall time, asked for only here.
  let wallTime: @Sendable () -> Timestamp
  let effects: Effects
  var random: any RandomNumberGenerator & Sendable
  let inbox: AsyncStream<Signal>
  nonisolated let signals: AsyncStream<Signal>.Continuation

  var reconciliation: Reconciliation
  var queue: WorkQueue
  /// Ends the work of an object when its continuation finishes.
  var stops: [ModelName: AsyncStream<Never>.Continuation] = [:]
  /// Objects to be looked at in the next pass, besides those that wait.
  var dirty: Set<ModelName>
  var active: Set<ModelName> = []

  var desired: DesiredState?
  var head: CommitID?
  var refusedHead: CommitID?
  var isPolling = false
  var wantsPoll = false
  var acceptsRewrite = false
  var lastPoll: Timestamp?
  var gitError: String?

  var observation: ServerStatus?
  var lastObserved: Timestamp?
  var targetError: String?
  var targetFailures = 0
  var targetNotBefore: Timestamp?
  /// The server must be told all routes again: at the start, and when it has lost them.
  var mustRoute: Bool
  var storeError: String?

  /// Takes over a journal. Its open intents are finished in the first pass.
  /// - Throws: `StoreError`, such as `locked` when another controller holds the state folder.
  package init(
    seams: ControllerSeams, settings: ControllerSettings = ControllerSettings(),
    clock: any Clock<Duration> = ContinuousClock(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    wallTime: @escaping @Sendable () -> Timestamp
  ) throws(StoreError) {
    self.seams = seams
    self.settings = settings
    self.clock = clock
    self.random = random
    self.wallTime = wallTime
    effects = Effects(seams: seams)
    (inbox, signals) = AsyncStream.makeStream()
    let reconciliation = try Reconciliation(journal: seams.journal, patience: settings.patience)
    self.reconciliation = reconciliation
    queue = WorkQueue(workWidth: settings.workWidth, pushWidth: settings.pushWidth)
    dirty = Set(reconciliation.records.keys)
    mustRoute = reconciliation.records.values.contains { $0.routes != nil }
  }

  // MARK: Running

  /// Polls, observes and reconciles until cancelled. Cancelling stops builds with all their children; the server goes on.
  /// A controller runs once: after a cancellation, make another from the journal.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.keepTime() }
      await takeSignals()
      group.cancelAll()
    }
  }

  /// The same, driven by the caller. When the triggers end, what is under way is brought to its end, but nothing is
  /// waited for any more.
  package func run(triggers: some AsyncSequence<ControllerTrigger, Never> & Sendable) async {
    await withDiscardingTaskGroup { group in
      let signals = signals
      group.addTask {
        for await trigger in triggers { signals.yield(.trigger(trigger)) }
        signals.yield(.triggersEnded)
      }
      await takeSignals()
      group.cancelAll()
    }
  }

  private func takeSignals() async {
    await withDiscardingTaskGroup { group in
      var isEnding = false
      for await signal in inbox {
        if case .triggersEnded = signal { isEnding = true }
        await handle(signal, in: &group)
        if isEnding, !isPolling, queue.isEmpty { break }
      }
      group.cancelAll()
    }
  }

  private func keepTime() async {
    polling: while !Task.isCancelled {
      signals.yield(.trigger(.poll))
      let interval = settings.pollInterval * (0.9 + 0.2 * draw())
      let ticks = Self.tickCount(in: interval, every: settings.observeInterval)
      for tick in 1...ticks {
        do { try await clock.sleep(for: interval / ticks) } catch { break polling }
        if tick < ticks { signals.yield(.trigger(.tick)) }
      }
    }
    signals.yield(.triggersEnded)
  }

  /// How many ticks there are from one poll to the next, which is the last of them. Spread evenly, none comes sooner
  /// after another than it may look at the server again.
  static func tickCount(in interval: Duration, every least: Duration) -> Int {
    least > .zero ? max(1, Int((interval / least).rounded(.down))) : 1
  }

  /// From 0 to below 1.
  func draw() -> Double {
    Double.random(in: 0..<1, using: &random)
  }

  // MARK: Asking

  /// Looks at the branch now instead of at the next poll.
  /// - Parameter acceptRewrite: takes up a head that does not descend from the applied commit, this once.
  package func reconcile(acceptRewrite: Bool = false) {
    acceptsRewrite = acceptsRewrite || acceptRewrite
    wantsPoll = true
    signals.yield(.trigger(.poll))
  }

  /// Carries out a command at once; `false` when no such object is known.
  package func perform(_ command: Command, on name: ModelName) throws(StoreError) -> Bool {
    guard try reconciliation.perform(command, on: name, now: wallTime()) else { return false }
    dirty.insert(name)
    signals.yield(.trigger(.tick))
    return true
  }

  /// What a plan of a desired state against live state would say now.
  package func plan(_ state: DesiredState) -> Plan {
    Planner.plan(desired: state, actual: reconciliation.actual)
  }

  /// Everything there is to show.
  package var snapshot: ControllerSnapshot {
    let objects = reconciliation.records.values.sorted { $0.name < $1.name }.map { record in
      ObjectStatus(record, wait: reconciliation.waits[record.name])
    }
    return ControllerSnapshot(
      objects: objects, diagnostics: desired?.diagnostics ?? [], head: head,
      appliedCommit: reconciliation.controller.appliedCommit, lastPoll: lastPoll, gitError: gitError,
      targetError: targetError, storeError: storeError, refusedHead: refusedHead,
      routeGeneration: reconciliation.controller.routeGeneration, fencingToken: reconciliation.controller.fencingToken)
  }
}
