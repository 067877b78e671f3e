import Domain

/// The pure core: what Git asks for, what is remembered and what is observed go in, the next step comes out.
///
/// It has no clock, no randomness and does no I/O. It is level-triggered: calling it again without news gives the same
/// record and the same actions, so that a lost trigger, a repeated one or a restart never matters.
package enum Reconciler {
  /// Decides on one object.
  /// - Parameters:
  ///   - record: what the journal remembers; `nil` for an object that was never seen.
  ///   - observation: the server's last report; `nil` while it cannot be reached.
  package static func next(
    _ name: ModelName, desired: Desired, record: ObjectRecord?, observation: ServerStatus?, facts: ReconcileFacts,
    now: Timestamp
  ) -> Decision {
    let known = record != nil
    if !known {
      guard case .deployment = desired else { return Decision(record: nil) }
    }
    var rollout = Rollout(
      record: record ?? ObjectRecord(name: name, phaseSince: now, nextRelease: facts.firstRelease), desired: desired,
      observation: observation, facts: facts, now: now)
    let wait = rollout.settle()
    guard !rollout.isGone else { return Decision(record: nil, events: rollout.events) }
    return Decision(record: rollout.record, events: rollout.events, actions: rollout.actions(), wait: wait)
  }

  /// Takes in what came of an action. A result that the record no longer asks for changes nothing, except that a pushed
  /// commit is a fact whoever waits for it.
  package static func absorb(
    _ outcome: ActionOutcome, of action: Action, record: ObjectRecord, facts: ReconcileFacts, now: Timestamp
  ) -> (record: ObjectRecord, events: [Event]) {
    var rollout = Rollout(record: record, desired: .unknown, observation: nil, facts: facts, now: now)
    rollout.take(outcome, of: action)
    return (rollout.record, rollout.events)
  }

  /// Carries out a person's command on a record.
  package static func perform(_ command: Command, record: ObjectRecord, facts: ReconcileFacts, now: Timestamp) -> (
    record: ObjectRecord, events: [Event]
  ) {
    var rollout = Rollout(record: record, desired: .unknown, observation: nil, facts: facts, now: now)
    switch command {
    case .abort: rollout.abort()
    case .retry: rollout.retry()
    }
    return (rollout.record, rollout.events)
  }
}
