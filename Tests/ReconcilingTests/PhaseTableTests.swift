import Domain
import FoundationEssentials
import Reconciling
import TestSupport
import Testing

/// Every phase against everything that may come from outside.
@Suite struct `Every phase` {
  struct Row: Sendable {
    let phase: String
    let newCommit: String
    let restored: String
    let deleted: String
    let aborted: String

    init(_ phase: String, newCommit: String, restored: String, deleted: String = "Draining", aborted: String) {
      self.phase = phase
      self.newCommit = newCommit
      self.restored = restored
      self.deleted = deleted
      self.aborted = aborted
    }
  }

  static let table: [Row] = [
    Row("Idle", newCommit: "Building", restored: "Idle", aborted: "Idle"),
    Row("Building", newCommit: "Building", restored: "Idle", aborted: "Blocked"),
    Row("Gating", newCommit: "Building", restored: "Idle", aborted: "Blocked"),
    Row("Loading", newCommit: "Unloading", restored: "Unloading", aborted: "Unloading"),
    Row("Canary", newCommit: "RollingBack", restored: "RollingBack", aborted: "RollingBack"),
    Row("Promoting", newCommit: "RollingBack", restored: "RollingBack", aborted: "RollingBack"),
    Row("Settling", newCommit: "Building", restored: "Building", aborted: "Settling"),
    Row("RollingBack", newCommit: "RollingBack", restored: "RollingBack", aborted: "RollingBack"),
    Row("Unloading", newCommit: "Unloading", restored: "Unloading", aborted: "Unloading"),
    // The outcome of a push is learned before anything is concluded from a head.
    Row("Reverting", newCommit: "Reverting", restored: "Reverting", deleted: "Reverting", aborted: "Blocked"),
    Row("Blocked", newCommit: "Building", restored: "Idle", aborted: "Blocked"),
    Row("Draining", newCommit: "Draining", restored: "Draining", aborted: "Draining"),
  ]

  @Test(arguments: table) func `is reached by the story that names it`(row: Row) throws {
    #expect(try Story.with(row.phase).phase == row.phase)
  }

  @Test(arguments: table) func `gives way to a newer commit, which then serves`(row: Row) throws {
    var story = try Story.with(row.phase)
    let third = Story.deployment("v3", commit: "c3")
    story.ask(third)
    story.look()
    #expect(story.phase == row.newCommit)
    if row.phase == "Reverting" { story.finish(.reverted(.headMoved(CommitID("c3")))) }
    try finish(&story, third)
    #expect(story.record?.champion?.deployment.digest == third.digest)
    #expect(story.weights.values.sorted() == ["100%"])
  }

  @Test(arguments: table) func `goes back to the champion when its content is restored`(row: Row) throws {
    var story = try Story.with(row.phase)
    let first = Story.deployment("v1", commit: "c3")
    story.ask(first)
    story.look()
    #expect(story.phase == row.restored)
    if row.phase == "Reverting" { story.finish(.reverted(.headMoved(CommitID("c3")))) }
    try finish(&story, first)
    #expect(story.phase == "Idle")
    #expect(story.record?.champion?.model == Samples.model(of: first))
    #expect(story.weights.values.sorted() == ["100%"])
  }

  @Test(arguments: table) func `drains and unloads what is deleted`(row: Row) throws {
    var story = try Story.with(row.phase)
    story.desired = .absent
    story.head = CommitID("c3")
    story.look()
    #expect(story.phase == row.deleted)
    if row.phase == "Reverting" { story.finish(.reverted(.headMoved(CommitID("c3")))) }
    for _ in 0..<6 {
      story.now = story.now + .seconds(60)
      try story.proceed()
    }
    #expect(story.record == nil)
    #expect(story.weights == [:])
  }

  @Test(arguments: table) func `can be aborted`(row: Row) throws {
    var story = try Story.with(row.phase)
    story.perform(.abort)
    #expect(story.phase == row.aborted)
  }

  @Test(arguments: table) func `is held as it is by an invalid file`(row: Row) throws {
    var story = try Story.with(row.phase)
    let champion = story.record?.champion
    story.desired = .invalid("specs/income.yaml:3:5: unknown field")
    story.look()
    #expect(story.phase == row.phase)
    #expect(story.record?.champion == champion)
    if row.phase == "Idle" {
      #expect(story.condition(.stalled) == "True InvalidSpec")
      #expect(story.condition(.ready) == "True Serving")
    }
    story.perform(.retry)
    story.look()
    #expect(story.record?.champion != nil)
  }

  @Test(arguments: table) func `goes on after a restart with the same actions`(row: Row) throws {
    var story = try Story.with(row.phase)
    story.look()
    let before = story.decision
    let bytes = try JSONEncoder().encode(try #require(story.record))
    story.record = try JSONDecoder().decode(ObjectRecord.self, from: bytes)
    story.look()
    #expect(story.decision == before)
  }

  @Test(arguments: table) func `waits for something with a deadline, or acts`(row: Row) throws {
    var story = try Story.with(row.phase)
    story.look()
    let wait = story.decision.wait
    switch row.phase {
    case "Idle": #expect(wait == nil)
    case "Blocked": #expect(wait?.owner == .person)
    default: #expect(wait?.until != nil)
    }
  }

  /// Does whatever work is asked for, under plenty of traffic.
  private func finish(_ story: inout Story, _ deployment: DesiredDeployment) throws {
    for _ in 0..<20 {
      story.now = story.now + .seconds(20)
      try story.proceed(requests: 4000)
      switch story.decision.actions.last {
      case .build(let asked): story.build(asked)
      case .judge: story.judge()
      default: break
      }
    }
  }
}
