import Domain

/// The records of all objects, kept equal to the journal: every change is durable before anything is done upon it.
///
/// Effects happen between `begin` and `finish`: an intent, the effect under its key, the result. Whoever calls carries
/// out the effects; everything here is bookkeeping without any, so that a simulation can stop it at each boundary.
package struct Reconciliation: Sendable {
  private let journal: any Journal
  private let patience: Patience
  package private(set) var records: [ModelName: ObjectRecord]
  package private(set) var controller: ControllerRecord
  /// Intents without a result, by key.
  package private(set) var openIntents: [String: Intent]
  package private(set) var waits: [ModelName: Wait] = [:]
  /// What each object asks for at present.
  package private(set) var actions: [ModelName: [Action]] = [:]
  private var ownCommits: Set<CommitID>
  private var retired: [ModelName: ReleaseNumber]
  /// Keys of intents whose effects run in this process.
  private var begunHere: Set<String> = []

  /// How many own commits are remembered.
  private static let ownCommitLimit = 1000

  /// Takes over a journal, with a new fencing token.
  package init(journal: any Journal, patience: Patience = Patience()) throws(StoreError) {
    self.journal = journal
    self.patience = patience
    let snapshot = try journal.load()
    records = snapshot.records
    controller = snapshot.controller
    retired = snapshot.retired
    controller.fencingToken += 1
    openIntents = Dictionary(snapshot.openIntents.map { ($0.key, $0) }, uniquingKeysWith: { _, last in last })
    ownCommits = Set(controller.ownCommits)
    try journal.commit(JournalTransition(controller: controller))
  }

  /// The state to plan against.
  package var actual: ActualState {
    ActualState(commit: controller.appliedCommit, deployments: records, applied: controller.applied)
  }

  /// Whether anything is under way or awaited from others than a person.
  package func isActive(_ name: ModelName) -> Bool {
    if actions[name]?.isEmpty == false { return true }
    guard let wait = waits[name] else { return false }
    return wait.owner != .person
  }

  // MARK: Deciding

  /// Decides on one object and records the decision.
  package mutating func advance(
    _ name: ModelName, desired: Desired, observation: ServerStatus?, head: CommitID?, revert: RevertFacts?,
    jitter: Double, now: Timestamp
  ) throws(StoreError) {
    let record = records[name]
    let decision = Reconciler.next(
      name, desired: desired, record: record, observation: observation,
      facts: facts(head: head, revert: revert, jitter: jitter, firstRelease: retired[name]), now: now)
    try save(decision.record, over: record, name: name, events: decision.events)
    actions[name] = decision.actions.isEmpty ? nil : decision.actions
    waits[name] = decision.wait
    try abandonUnasked(of: name)
  }

  /// Closes intents that an earlier process left open and that nobody asks for any more.
  private mutating func abandonUnasked(of name: ModelName) throws(StoreError) {
    let open = openIntents.values.filter { $0.model == name && !begunHere.contains($0.key) }
    guard !open.isEmpty else { return }
    let asked = Set((actions[name] ?? []).map { $0.key(of: name) })
    for intent in open where !asked.contains(intent.key) { try abandon(intent) }
  }

  /// Carries out a command; `false` when the object is not known.
  package mutating func perform(_ command: Command, on name: ModelName, now: Timestamp) throws(StoreError) -> Bool {
    guard let record = records[name] else { return false }
    let (changed, events) = Reconciler.perform(
      command, record: record, facts: facts(head: nil, revert: nil, jitter: 0.5), now: now)
    try save(changed, over: record, name: name, events: events)
    return true
  }

  /// Records that a head was taken up.
  package mutating func apply(_ state: DesiredState) throws(StoreError) {
    var changed = controller
    changed.appliedCommit = state.commit
    let digests = state.namedDigests
    // An object in a file with errors is held, not forgotten.
    let held = controller.applied.filter { state.holding(of: $0.key, lastSeenIn: nil) != nil }
    changed.applied = held.merging(digests, uniquingKeysWith: { _, new in new })
    guard changed != controller else { return }
    try journal.commit(JournalTransition(controller: changed))
    controller = changed
  }

  // MARK: Effects

  /// Makes an intent durable. Until `finish`, a restart carries the effect out again under the same key.
  package mutating func begin(_ action: Action, of name: ModelName, now: Timestamp) throws(StoreError) -> Intent {
    let key = action.key(of: name)
    begunHere.insert(key)
    if let open = openIntents[key] { return open }
    let intent = Intent(key: key, model: name, action: action, since: now)
    failPoint("intent.before", action)
    try journal.begin(intent)
    openIntents[key] = intent
    failPoint("intent.after", action)
    return intent
  }

  /// Records what came of an effect.
  package mutating func finish(_ intent: Intent, _ outcome: ActionOutcome, jitter: Double, now: Timestamp)
    throws(StoreError)
  {
    failPoint("effect.after", intent.action)
    if case .reverted(.pushed(let commit)) = outcome, !ownCommits.contains(commit) {
      controller.ownCommits = (controller.ownCommits + [commit]).suffix(Self.ownCommitLimit)
      ownCommits = Set(controller.ownCommits)
    }
    let record = records[intent.model]
    let absorbed = record.map { record in
      Reconciler.absorb(
        outcome, of: intent.action, record: record, facts: facts(head: nil, revert: nil, jitter: jitter), now: now)
    }
    try journal.commit(
      JournalTransition(
        closing: intent.key, saved: [absorbed?.record].compactMap(\.self), events: absorbed?.events ?? [],
        controller: controller))
    openIntents[intent.key] = nil
    begunHere.remove(intent.key)
    if let changed = absorbed?.record { records[intent.model] = changed }
    failPoint("record.after", intent.action)
  }

  /// Leaves an intent open whose effect may or may not have happened, and does not run any more.
  package mutating func release(_ intent: Intent) {
    begunHere.remove(intent.key)
  }

  /// Closes an intent whose effect is no longer asked for and harmless if it happened: a build or a judgement.
  package mutating func abandon(_ intent: Intent) throws(StoreError) {
    try journal.commit(JournalTransition(closing: intent.key))
    openIntents[intent.key] = nil
    begunHere.remove(intent.key)
  }

  /// The one document for all models, with these changes, under a new generation that is durable before the document
  /// leaves.
  /// - Parameters:
  ///   - changes: what models are about to be told, `nil` for none of their versions; the others keep what they were told.
  ///   - observed: the generation the server has; the new one is above it in any case.
  package mutating func document(changing changes: [ModelName: ModelRoute?], observed: Int) throws(StoreError)
    -> RouteDocument
  {
    var changed = controller
    changed.routeGeneration = max(controller.routeGeneration, observed) + 1
    try journal.commit(JournalTransition(controller: changed))
    controller = changed
    var routes: [ModelRoute] = []
    for (name, record) in records {
      if let change = changes[name] {
        if let change { routes.append(change) }
      } else if let route = record.routes {
        routes.append(route)
      }
    }
    return RouteDocument(
      fencingToken: controller.fencingToken, generation: controller.routeGeneration,
      models: routes.sorted { $0.name < $1.name })
  }

  // MARK: Private

  private func facts(
    head: CommitID?, revert: RevertFacts?, jitter: Double, firstRelease: ReleaseNumber? = nil
  ) -> ReconcileFacts {
    ReconcileFacts(
      head: head, ownCommits: ownCommits, revert: revert, jitter: jitter, patience: patience,
      firstRelease: firstRelease ?? ReleaseNumber(1))
  }

  private mutating func save(_ changed: ObjectRecord?, over record: ObjectRecord?, name: ModelName, events: [Event])
    throws(StoreError)
  {
    guard changed != record || !events.isEmpty else { return }
    // Readings alone are not worth a write: after a restart the server still has the counters they came from.
    if events.isEmpty, let changed, let record, changed.isSame(exceptReadingsOf: record) {
      records[name] = changed
      return
    }
    let removed = changed == nil ? record.map { [name: $0.nextRelease] } : nil
    try journal.commit(
      JournalTransition(saved: [changed].compactMap(\.self), removed: removed ?? [:], events: events))
    records[name] = changed
    if changed == nil {
      retired.merge(removed ?? [:]) { _, new in new }
      actions[name] = nil
      waits[name] = nil
    }
  }

  private func failPoint(_ place: String, _ action: Action) {
    #if HEADGATE_FAILPOINTS
      FailPoint.hit(place)
      FailPoint.hit("\(place).\(action.name)")
    #endif
  }
}

extension ObjectRecord {
  fileprivate func isSame(exceptReadingsOf other: ObjectRecord) -> Bool {
    var changed = self
    changed.window = other.window
    // A deadline that was put off, or another process to read from, is more than a reading.
    return changed == other && window?.deadline == other.window?.deadline && window?.instance == other.window?.instance
  }
}
