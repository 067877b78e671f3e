import Domain
import FoundationEssentials
import Reconciling
import TestSupport
import Testing

@Suite struct `A plan` {
  private let before = Samples.state(
    "c1",
    [
      Samples.deployment("kept", model: "v1"), Samples.deployment("tuned", model: "v1"),
      Samples.deployment("trained", model: "v1"), Samples.deployment("dropped", model: "v1"),
      Samples.deployment("broken", model: "v1"),
    ])
  private let after = Samples.state(
    "c2",
    [
      Samples.deployment("kept", model: "v1"), Samples.deployment("tuned", model: "v1", policy: "score"),
      Samples.deployment("trained", model: "v2"), Samples.deployment("fresh", model: "v1"),
    ], invalid: [Samples.path("specs/broken.yaml"), Samples.path("specs/unheard.yaml")])

  @Test func `tells apart what is created, updated, replaced, deleted and blocked`() {
    let plan = Planner.plan(base: before, head: after)
    let found = plan.entries.map { "\($0.action.rawValue) \($0.object?.name ?? $0.path?.text ?? "")" }
    #expect(
      found == [
        "blocked broken", "delete dropped", "create fresh", "replace trained", "update tuned",
        "blocked specs/unheard.yaml",
      ])
    #expect(plan.unchangedCount == 1)
    #expect(
      PlanRenderer().counts(of: plan) == "1 to create, 1 to update, 1 to replace, 1 to delete, 2 blocked, 1 unchanged")
  }

  private static let moved = Samples.path("specs/models/income.yaml")
  private static let income = ObjectID(.modelDeployment, "income")

  @Test(arguments: [
    Samples.state("c2", [], invalid: [moved], held: [income: moved]),
    Samples.state("c2", [], invalid: [moved], obscure: [moved]),
  ]) func `holds what was moved into a file with errors`(head: DesiredState) throws {
    let record = try #require(try Story.with("Idle").record)
    let live = Planner.plan(desired: head, actual: ActualState(deployments: [record.name: record]))
    let review = Planner.plan(base: Samples.state("c1", [Story.deployment("v1")]), head: head)
    for plan in [live, review] {
      #expect(plan.entries.first?.object == Self.income)
      #expect(plan.entries.map(\.action).allSatisfy { $0 == .blocked })
      #expect(plan.entries.contains { $0.path == Self.moved })
    }
  }

  @Test func `deletes what a readable file with errors does not name`() throws {
    let record = try #require(try Story.with("Idle").record)
    let other = ObjectID(.modelDeployment, "other")
    let plan = Planner.plan(
      desired: Samples.state("c2", [], invalid: [Self.moved], held: [other: Self.moved]),
      actual: ActualState(deployments: [record.name: record]))
    #expect(plan.entries.map(\.action) == [.delete, .blocked])
  }

  @Test func `shows old and new fields`() {
    let plan = Planner.plan(base: before, head: after)
    let text = PlanRenderer().render(plan)
    #expect(
      text.contains(
        "-/+ ModelDeployment/trained  (specs/trained.yaml)\n      files.specs/trained.py: train v1 -> train v2\n"))
    #expect(
      text.contains("  ~ ModelDeployment/tuned  (specs/tuned.yaml)\n      serving.outputs.score: (none) -> score\n"))
    #expect(text.contains("  + ModelDeployment/fresh"))
    #expect(text.contains("  - ModelDeployment/dropped"))
    #expect(text.contains("  ! ModelDeployment/broken"))
  }

  @Test func `comes back from JSON as it was`() throws {
    let plan = Planner.plan(base: before, head: after)
    #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
  }

  @Test(arguments: ["Idle", "Canary", "Reverting", "Blocked"]) func `against live state has what does not serve yet`(
    phase: String
  ) throws {
    let story = try Story.with(phase)
    let record = try #require(story.record)
    let actual = ActualState(commit: CommitID("c2"), deployments: [record.name: record])
    let asked = Story.deployment(phase == "Idle" ? "v1" : "v2", commit: "c2")
    let plan = Planner.plan(desired: Samples.state("c2", [asked]), actual: actual)
    let expected: [String: [PlanAction]] = [
      "Idle": [], "Canary": [.replace], "Reverting": [.blocked], "Blocked": [.replace],
    ]
    #expect(plan.entries.map(\.action) == expected[phase])
    #expect(plan.hasChanges == (phase != "Idle"))
  }

  @Test func `of the head gives no changes after a promotion and after a revert`() throws {
    for (model, phase) in [("v2", "Settling"), ("v1", "Reverting")] {
      var story = try Story.with(phase)
      if phase == "Reverting" {
        story.finish(.reverted(.pushed(CommitID("own"))))
        story.ownCommits = [CommitID("own")]
        story.ask(Story.deployment("v1", commit: "own"))
      }
      try story.proceed()
      try story.proceed()
      let record = try #require(story.record)
      #expect(story.phase == "Idle")
      let plan = Planner.plan(
        desired: Samples.state("own", [Story.deployment(model, commit: "own")]),
        actual: ActualState(deployments: [record.name: record]))
      #expect(!plan.hasChanges)
    }
  }

  @Test func `remembers data sets and environments that were applied`() {
    let place = SourcePlace(path: Samples.path("data.yaml"), line: 1, column: 1)
    let dataset = DatasetSpec(name: DatasetName("adult"), file: Samples.path("a.csv"), digest: .sha256(of: "a"))
    let object = DesiredObject(spec: dataset, place: place, digest: .sha256(of: "adult"))
    let state = DesiredState(commit: CommitID("c1"), datasets: [dataset.name: object])
    let fresh = Planner.plan(desired: state, actual: ActualState())
    #expect(fresh.entries.map(\.action) == [.create])
    let applied = ActualState(commit: CommitID("c1"), applied: [ObjectID(.dataset, "adult"): object.digest])
    #expect(!Planner.plan(desired: state, actual: applied).hasChanges)
    let gone = Planner.plan(desired: DesiredState(commit: CommitID("c2")), actual: applied)
    #expect(gone.entries.map(\.action) == [.delete])
  }

  @Test func `is stale once anything it was bound to has moved`() throws {
    let record = try #require(try Story.with("Idle").record)
    let state = Samples.state("c2", [Story.deployment("v2", commit: "c2")])
    let actual = ActualState(commit: CommitID("c1"), deployments: [record.name: record])
    let plan = Planner.plan(desired: state, actual: actual)
    #expect(!plan.isStale(against: PlanBasis(desired: state, actual: actual)))
    let promoted = try #require(try Story.with("Settling").record)
    let moved = ActualState(commit: CommitID("c1"), deployments: [promoted.name: promoted])
    #expect(plan.isStale(against: PlanBasis(desired: state, actual: moved)))
  }

  @Test func `of a thousand objects has the changed ones alone`() {
    let old = Samples.state("c1", (0..<1000).map { Samples.deployment("m\($0)", model: "v1") })
    let new = Samples.state("c2", (0..<1000).map { Samples.deployment("m\($0)", model: $0 % 100 == 0 ? "v2" : "v1") })
    let plan = Planner.plan(base: old, head: new)
    #expect(plan.count(of: .replace) == 10)
    #expect(PlanAction.allCases.map(plan.count(of:)).reduce(0, +) == 1000)
  }
}
