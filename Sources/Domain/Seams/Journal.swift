/// What the controller remembers. Every effect is an intent record, then the effect, then a result record.
package protocol Journal: Sendable {
  /// Everything needed to go on after a start.
  func load() throws(StoreError) -> JournalSnapshot
  /// Makes an intent durable before its effect begins. An intent of the same key that is still open is replaced.
  func begin(_ intent: Intent) throws(StoreError)
  /// Records, in one durable transaction, what came of an effect or a decision.
  func commit(_ transition: JournalTransition) throws(StoreError)
}

/// An effect about to happen, under the key that makes its repetition harmless: object, digest, step.
package struct Intent: Hashable, Sendable, Codable {
  package let key: String
  package let model: ModelName
  package let action: Action
  package let since: Timestamp

  package init(key: String, model: ModelName, action: Action, since: Timestamp) {
    self.key = key
    self.model = model
    self.action = action
    self.since = since
  }
}

/// The state of the journal at one moment.
package struct JournalSnapshot: Hashable, Sendable {
  package let records: [ModelName: ObjectRecord]
  /// Intents without a result, oldest first: effects that may or may not have happened.
  package let openIntents: [Intent]
  package let controller: ControllerRecord
  /// Names without a record that once had one, with the number their next release gets: a number never means two models.
  package let retired: [ModelName: ReleaseNumber]

  package init(
    records: [ModelName: ObjectRecord], openIntents: [Intent], controller: ControllerRecord,
    retired: [ModelName: ReleaseNumber] = [:]
  ) {
    self.records = records
    self.openIntents = openIntents
    self.controller = controller
    self.retired = retired
  }
}

/// One durable step of the journal.
package struct JournalTransition: Hashable, Sendable {
  /// The intent this closes.
  package let closing: String?
  package let saved: [ObjectRecord]
  /// Records to let go, with the number that the next release of each name gets.
  package let removed: [ModelName: ReleaseNumber]
  package let events: [Event]
  package let controller: ControllerRecord?

  package init(
    closing: String? = nil, saved: [ObjectRecord] = [], removed: [ModelName: ReleaseNumber] = [:], events: [Event] = [],
    controller: ControllerRecord? = nil
  ) {
    self.closing = closing
    self.saved = saved
    self.removed = removed
    self.events = events
    self.controller = controller
  }
}

/// What concerns no single object.
package struct ControllerRecord: Hashable, Sendable, Codable {
  /// The last head whose plan was taken up.
  package var appliedCommit: CommitID?
  /// Grows with every route document.
  package var routeGeneration: Int
  /// Grows with every start of a controller.
  package var fencingToken: Int
  /// Commits the controller itself has pushed; they never end a quarantine.
  package var ownCommits: [CommitID]
  /// Data sets and environments of the applied commit, with their digests.
  package var applied: [ObjectID: Digest]

  package init(
    appliedCommit: CommitID? = nil, routeGeneration: Int = 0, fencingToken: Int = 0, ownCommits: [CommitID] = [],
    applied: [ObjectID: Digest] = [:]
  ) {
    self.appliedCommit = appliedCommit
    self.routeGeneration = routeGeneration
    self.fencingToken = fencingToken
    self.ownCommits = ownCommits
    self.applied = applied
  }
}
