import Domain
import Testing

/// What every journal keeps to. `reopen` ends the present use of a journal and opens the same state again.
struct JournalContract {
  let open: () throws -> any Journal & Memo & History
  let reopen: (any Journal & Memo & History) throws -> any Journal & Memo & History

  func startsEmpty() throws {
    let snapshot = try open().load()
    #expect(snapshot.records.isEmpty)
    #expect(snapshot.openIntents.isEmpty)
    #expect(snapshot.controller.appliedCommit == nil)
    #expect(snapshot.controller.routeGeneration == 0)
    #expect(snapshot.controller.fencingToken == 1)
  }

  func remembersEverything() throws {
    let journal = try open()
    let deployment = try Samples.deployment()
    let actions: [Action] = [
      .build(deployment), .judge(GateRequest(deployment: deployment, candidate: Samples.digest, champion: nil)),
      .route(ModelRoute(name: ModelName("income"), versions: [])), .unload(ModelName("income")),
      .revert(try Samples.revert()),
    ]
    let intents = try actions.enumerated().map { try Samples.intent("key \($0)", action: $1) }
    for intent in intents { try journal.begin(intent) }
    let records = [try Samples.record("income"), try Samples.record("churn")]
    var controller = ControllerRecord(
      appliedCommit: CommitID("c9"), routeGeneration: 12, fencingToken: 1,
      ownCommits: [CommitID("c8"), CommitID("c7")],
      applied: [ObjectID(.dataset, "adult"): Samples.digest])
    try journal.commit(
      JournalTransition(saved: records, events: [Samples.event(1)], controller: controller))
    let again = try reopen(journal)
    let snapshot = try again.load()
    controller.fencingToken = 2
    #expect(snapshot.records == Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0) }))
    #expect(snapshot.openIntents == intents)
    #expect(snapshot.controller == controller)
    #expect(try again.events(of: nil, limit: 10) == [Samples.event(1)])
  }

  func closesAnIntentWithItsResult() throws {
    let journal = try open()
    try journal.begin(Samples.intent("a"))
    try journal.begin(Samples.intent("b"))
    try journal.commit(JournalTransition(closing: "a", saved: [Samples.record("income")]))
    #expect(try journal.load().openIntents.map(\.key) == ["b"])
    // A repeat, or a result without an intent, is harmless.
    try journal.commit(JournalTransition(closing: "a"))
    try journal.commit(JournalTransition(closing: "never begun"))
    #expect(try reopen(journal).load().openIntents.map(\.key) == ["b"])
  }

  func replacesAnOpenIntentOfTheSameKey() throws {
    let journal = try open()
    try journal.begin(Samples.intent("a"))
    try journal.begin(Samples.intent("a", action: .unload(ModelName("income"))))
    #expect(try journal.load().openIntents == [Samples.intent("a", action: .unload(ModelName("income")))])
  }

  func replacesAndRemovesRecords() throws {
    let journal = try open()
    try journal.commit(JournalTransition(saved: [Samples.record("income"), Samples.record("churn")]))
    try journal.commit(
      JournalTransition(saved: [Samples.record("income", generation: 2)], removed: [ModelName("churn")]))
    try journal.commit(JournalTransition(removed: [ModelName("never there")]))
    #expect(try journal.load().records == [ModelName("income"): Samples.record("income", generation: 2)])
  }

  func countersNeverGoBack() throws {
    let journal = try open()
    try journal.commit(JournalTransition(controller: ControllerRecord(routeGeneration: 7, fencingToken: 3)))
    try journal.commit(JournalTransition(controller: ControllerRecord(routeGeneration: 5, fencingToken: 1)))
    let controller = try journal.load().controller
    #expect(controller.routeGeneration == 7)
    #expect(controller.fencingToken == 3)
    #expect(try reopen(journal).load().controller.fencingToken == 4)
  }

  func showsTheNewestEventsFirst() throws {
    let journal = try open()
    for number in 1...5 {
      try journal.commit(
        JournalTransition(events: [Samples.event(number), Samples.event(number + 100, of: "churn")]))
    }
    let income = ObjectID(.modelDeployment, "income")
    #expect(try journal.events(of: income, limit: 3).map(\.message) == ["event 5", "event 4", "event 3"])
    #expect(try journal.events(of: nil, limit: 3).map(\.message) == ["event 105", "event 5", "event 104"])
    #expect(try journal.events(of: ObjectID(.dataset, "income"), limit: 3).isEmpty)
    #expect(try journal.events(of: nil, limit: 0).isEmpty)
    #expect(try journal.events(of: nil, limit: -1).isEmpty)
  }

  func remembersResultsByNamespaceAndDigest() throws {
    let journal = try open()
    let other = Digest.sha256(of: "other")
    #expect(try journal.value(of: Samples.digest, in: "build") == nil)
    try journal.remember("one", for: Samples.digest, in: "build")
    try journal.remember("two", for: Samples.digest, in: "gate")
    try journal.remember("new", for: Samples.digest, in: "build")
    let again = try reopen(journal)
    #expect(try again.value(of: Samples.digest, in: "build") == "new")
    #expect(try again.value(of: Samples.digest, in: "gate") == "two")
    #expect(try again.value(of: other, in: "build") == nil)
  }
}
