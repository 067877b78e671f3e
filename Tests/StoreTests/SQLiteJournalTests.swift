import Domain
import Foundation
import Synchronization
import Testing

import enum TestSupport.JournalContract

@testable import Store

@Suite struct `The journal in SQLite` {
  let state = TemporaryState()

  /// Keeps the one journal of the state open, and closes it to open it again.
  private final class Holder {
    let folder: StateFolder
    private var journal: SQLiteJournal?
    init(_ folder: StateFolder) { self.folder = folder }

    func open() throws -> any Journal & Memo & History {
      journal = nil
      let opened = try SQLiteJournal(folder: folder)
      journal = opened
      return Forwarder { [unowned opened] in opened }
    }
  }

  /// Holds no journal itself, so that the state is free when the holder lets go.
  private struct Forwarder: Journal, Memo, History {
    let journal: @Sendable () -> SQLiteJournal
    func load() throws(StoreError) -> JournalSnapshot { try journal().load() }
    func begin(_ intent: Intent) throws(StoreError) { try journal().begin(intent) }
    func commit(_ transition: JournalTransition) throws(StoreError) { try journal().commit(transition) }
    func events(of object: ObjectID?, limit: Int) throws(StoreError) -> [Event] {
      try journal().events(of: object, limit: limit)
    }
    func value(of key: Digest, in namespace: String) throws(StoreError) -> String? {
      try journal().value(of: key, in: namespace)
    }
    func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError) {
      try journal().remember(value, for: key, in: namespace)
    }
  }

  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
  }

  @Test func `keeps the contract of every journal`() throws {
    let holder = Holder(state.folder)
    #expect(try JournalContract.violations(open: holder.open) == [])
  }

  @Test func `brings a journal of the first format along`() throws {
    try FileManager.default.createDirectory(atPath: state.folder.root, withIntermediateDirectories: true)
    do {
      let old = try Database(path: state.folder.journal)
      try old.execute(Schema.steps[0])
      try old.execute("UPDATE controller SET applied_commit = 'c9', route_generation = 12")
      try old.execute("PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = 1")
    }
    let holder = Holder(state.folder)
    let journal = try holder.open()
    var controller = try journal.load().controller
    #expect(controller.appliedCommit == CommitID("c9"))
    #expect(controller.routeGeneration == 12)
    #expect(controller.applied.isEmpty)
    controller.applied = [ObjectID(.dataset, "adult"): Samples.digest]
    try journal.commit(JournalTransition(controller: controller))
    #expect(try holder.open().load().controller.applied == controller.applied)
  }

  @Test func `remembers every kind of action`() throws {
    let holder = Holder(state.folder)
    let journal = try holder.open()
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
    let again = try holder.open()
    let snapshot = try again.load()
    controller.fencingToken = 2
    #expect(snapshot.records == Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0) }))
    #expect(snapshot.openIntents == intents)
    #expect(snapshot.controller == controller)
    #expect(try again.events(of: nil, limit: 10) == [Samples.event(1)])
  }

  @Test func `has counters that never go back`() throws {
    let holder = Holder(state.folder)
    let journal = try holder.open()
    try journal.commit(JournalTransition(controller: ControllerRecord(routeGeneration: 7, fencingToken: 3)))
    try journal.commit(JournalTransition(controller: ControllerRecord(routeGeneration: 5, fencingToken: 1)))
    let controller = try journal.load().controller
    #expect(controller.routeGeneration == 7)
    #expect(controller.fencingToken == 3)
    #expect(try holder.open().load().controller.fencingToken == 4)
  }

  @Test func `shows the newest events first`() throws {
    let holder = Holder(state.folder)
    let journal = try holder.open()
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

  @Test func `remembers results by namespace and digest`() throws {
    let holder = Holder(state.folder)
    let journal = try holder.open()
    let other = Digest.sha256(of: "other")
    #expect(try journal.value(of: Samples.digest, in: "build") == nil)
    try journal.remember("one", for: Samples.digest, in: "build")
    try journal.remember("two", for: Samples.digest, in: "gate")
    try journal.remember("new", for: Samples.digest, in: "build")
    let again = try holder.open()
    #expect(try again.value(of: Samples.digest, in: "build") == "new")
    #expect(try again.value(of: Samples.digest, in: "gate") == "two")
    #expect(try again.value(of: other, in: "build") == nil)
  }

  @Test func `is written through to the disk at each commit`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    #expect(try journal.database.access { try $0.integer("PRAGMA synchronous") } == 2)
    #expect(try journal.database.access { try $0.text("PRAGMA journal_mode") } == "wal")
    try journal.begin(Samples.intent("a"))
    #expect(try journal.database.access { try $0.integer("PRAGMA synchronous") } == 2)
  }

  @Test func `survives a kill at any byte of its log`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    for generation in 1...20 {
      try journal.commit(
        JournalTransition(
          saved: [Samples.record("a", generation: generation), Samples.record("b", generation: generation)],
          events: [Samples.event(generation)]))
    }
    let log = try Data(contentsOf: URL(fileURLWithPath: state.folder.journal + "-wal"))
    let pages = try Data(contentsOf: URL(fileURLWithPath: state.folder.journal))
    var seen: Set<Int> = []
    for step in 0...40 {
      let copy = TemporaryState()
      try FileManager.default.createDirectory(atPath: copy.folder.root, withIntermediateDirectories: true)
      try pages.write(to: URL(fileURLWithPath: copy.folder.journal))
      try log.prefix(log.count * step / 40).write(to: URL(fileURLWithPath: copy.folder.journal + "-wal"))
      let again = try SQLiteJournal(folder: copy.folder)
      let snapshot = try again.load()
      let generations = Set(snapshot.records.values.map(\.generation))
      // Both objects or none: a transition is never torn.
      #expect(generations.count <= 1)
      #expect(snapshot.records.count == 2 || generations.isEmpty)
      let generation = generations.first ?? 0
      #expect(try again.events(of: nil, limit: 100).count == generation)
      #expect(seen.allSatisfy { $0 <= generation })
      seen.insert(generation)
    }
    #expect(seen.contains(20))
    #expect(seen.count > 5)
  }

  @Test func `can be read whole while it is written`() async throws {
    let journal = try SQLiteJournal(folder: state.folder)
    try journal.commit(
      JournalTransition(saved: [Samples.record("a", generation: 0), Samples.record("b", generation: 0)]))
    let done = Flag()
    let folder = state.folder
    let reads = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask {
        defer { done.raise() }
        for generation in 1...150 {
          try journal.commit(
            JournalTransition(saved: [
              Samples.record("a", generation: generation), Samples.record("b", generation: generation),
            ]))
        }
        return 0
      }
      group.addTask {
        let reader = try JournalReader(folder: folder)
        var count = 0
        var last = 0
        repeat {
          let generations = Set(try reader.load().records.values.map(\.generation))
          #expect(generations.count == 1)
          #expect(generations.first.map { $0 >= last } == true)
          last = generations.first ?? last
          count += 1
          await Task.yield()
        } while !done.isRaised
        return count
      }
      return try await group.reduce(0, +)
    }
    #expect(reads > 0)
    #expect(try JournalReader(folder: folder).load().records[ModelName("b")]?.generation == 150)
  }

  @Test func `can be read without a controller, and only read`() throws {
    do {
      let journal = try SQLiteJournal(folder: state.folder)
      try journal.commit(JournalTransition(saved: [Samples.record("income")], events: [Samples.event(1)]))
      try journal.remember("kept", for: Samples.digest, in: "build")
    }
    let reader = try JournalReader(folder: state.folder)
    #expect(try reader.load().records.count == 1)
    #expect(try reader.load().controller.fencingToken == 1)
    #expect(try reader.events(of: nil, limit: 10) == [Samples.event(1)])
    #expect(try reader.value(of: Samples.digest, in: "build") == "kept")
    expectStoreError(.failed, "only to be read") { try reader.remember("x", for: Samples.digest, in: "build") }
  }

  @Test func `can be read after its controller was killed`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    try journal.commit(JournalTransition(saved: [Samples.record("income")]))
    // What a killed controller leaves: the pages and the log, not the index of the log.
    let copy = TemporaryState()
    try FileManager.default.createDirectory(atPath: copy.folder.root, withIntermediateDirectories: true)
    for end in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: state.folder.journal + end, toPath: copy.folder.journal + end)
    }
    #expect(try JournalReader(folder: copy.folder).load().records.count == 1)
  }

  @Test func `is not read where there is none`() {
    expectStoreError(.notFound, "no journal", "--state") { _ = try JournalReader(folder: state.folder) }
    #expect(!FileManager.default.fileExists(atPath: state.folder.journal))
  }

  @Test func `names the controller that has the folder already`() throws {
    let first = try SQLiteJournal(folder: state.folder)
    expectStoreError(.locked, "process \(getpid())", state.folder.root) { _ = try SQLiteJournal(folder: state.folder) }
    #expect(try first.load().controller.fencingToken == 1)
  }

  @Test func `counts every start in the fencing token`() throws {
    for start in 1...3 {
      let journal = try SQLiteJournal(folder: state.folder)
      #expect(try journal.load().controller.fencingToken == start)
    }
  }

  @Test(arguments: ["the whole file", "its beginning", "its middle"])
  func `says what to do when it is damaged`(part: String) throws {
    do {
      let journal = try SQLiteJournal(folder: state.folder)
      for number in 1...200 { try journal.commit(JournalTransition(events: [Samples.event(number)])) }
    }
    let url = URL(fileURLWithPath: state.folder.journal)
    var bytes = try Data(contentsOf: url)
    switch part {
    case "the whole file": bytes = Data("this is not a database, but it is long enough to be one".utf8)
    case "its beginning": bytes.replaceSubrange(0..<16, with: Data(count: 16))
    default:
      bytes.replaceSubrange(
        bytes.count / 3..<bytes.count, with: Data(repeating: 0xa5, count: bytes.count - bytes.count / 3))
    }
    try bytes.write(to: url)
    let before = try Data(contentsOf: url)
    expectStoreError(.damaged, state.folder.journal, "move it away") { _ = try SQLiteJournal(folder: state.folder) }
    #expect(try Data(contentsOf: url) == before)
  }

  @Test func `is not opened by an older version`() throws {
    try SQLiteJournal(folder: state.folder).database.access { try $0.execute("PRAGMA user_version = 99") }
    expectStoreError(.newerFormat, "format 99", "upgrade") { _ = try SQLiteJournal(folder: state.folder) }
    expectStoreError(.newerFormat, "format 99", "upgrade") { _ = try JournalReader(folder: state.folder) }
  }

  @Test func `is not put into a database of something else`() throws {
    try FileManager.default.createDirectory(atPath: state.folder.root, withIntermediateDirectories: true)
    try Database(path: state.folder.journal).execute("CREATE TABLE precious (id)")
    expectStoreError(.damaged, "not a journal of Headgate") { _ = try SQLiteJournal(folder: state.folder) }
    expectStoreError(.damaged, "not a journal of Headgate") { _ = try JournalReader(folder: state.folder) }
  }

  @Test func `names the record that cannot be read`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    try journal.database.access { try $0.execute("INSERT INTO objects VALUES ('income', '{}')") }
    expectStoreError(.damaged, "record of income") { _ = try journal.load() }
  }

  @Test func `loses nothing when the disk is full, and goes on when it is not`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    try journal.commit(JournalTransition(saved: [Samples.record("income", generation: 1)]))
    try journal.begin(Samples.intent("a"))
    let pages = try journal.database.access { try $0.integer("PRAGMA page_count") } ?? 0
    try journal.database.access { try $0.execute("PRAGMA max_page_count = \(pages)") }
    let events = (1...2000).map { Samples.event($0) }
    expectStoreError(.full, "disk is full", "free space") {
      try journal.commit(
        JournalTransition(closing: "a", saved: [Samples.record("income", generation: 2)], events: events))
    }
    #expect(try journal.load().records[ModelName("income")]?.generation == 1)
    #expect(try journal.load().openIntents.count == 1)
    try journal.database.access { try $0.execute("PRAGMA max_page_count = 1000000") }
    try journal.commit(
      JournalTransition(closing: "a", saved: [Samples.record("income", generation: 2)], events: events))
    #expect(try journal.load().records[ModelName("income")]?.generation == 2)
  }

  @Test func `refuses a result too large to remember`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    let large = String(repeating: "x", count: SQLiteJournal.memoByteLimit + 1)
    expectStoreError(.tooLarge) { try journal.remember(large, for: Samples.digest, in: "build") }
  }

  @Test func `forgets the oldest events`() throws {
    let journal = try SQLiteJournal(folder: state.folder)
    try journal.database.access { database in
      try database.run(
        "INSERT INTO events (id, kind, name, event) VALUES (1, 'k', 'n', '{}'), (?, 'k', 'n', '{}')",
        [.integer(JournalRows.keptEventCount)])
    }
    try journal.commit(JournalTransition(events: [Samples.event(1)]))
    let ids = try journal.database.access { database in
      try database.rows("SELECT id FROM events ORDER BY id") { try $0.integer(0) }
    }
    #expect(ids == [JournalRows.keptEventCount, JournalRows.keptEventCount + 1])
  }
}
