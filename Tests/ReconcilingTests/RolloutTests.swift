import Domain
import Foundation
import Reconciling
import TestSupport
import Testing

@Suite struct `A rollout` {
  @Test func `gives a first release everything once it is loaded`() throws {
    var story = Story()
    let deployment = Story.deployment("v1")
    story.ask(deployment)
    story.look()
    #expect(story.decision.actions == [.build(deployment)])
    story.build(deployment)
    #expect(story.phase == "Gating")
    story.judge()
    #expect(story.phase == "Loading")
    try story.lookAndRoute()
    #expect(story.weights == [1: "0%"])
    try story.proceed()
    #expect(story.phase == "Promoting")
    try story.proceed()
    try story.proceed()
    #expect(story.phase == "Idle")
    #expect(story.weights == [1: "100%"])
    #expect(story.condition(.ready) == "True Serving")
    #expect(story.condition(.inSync) == "True InSync")
  }

  @Test func `has the champion judged as it is served, not as the candidate is`() throws {
    var story = try Story.serving()
    let candidate = Story.deployment("v2", policy: "renamed", commit: "c2")
    story.ask(candidate)
    story.look()
    story.build(candidate)
    guard case .judge(let request)? = story.decision.actions.last else {
      Issue.record("nothing is judged: \(story.decision.actions)")
      return
    }
    #expect(request.deployment.spec.serving == ServingSpec(scoreOutput: "renamed"))
    #expect(request.servingOfChampion == ServingSpec())
    // What the champion is read by belongs to the effect, unless it is the same.
    let key = Action.judge(request).key(of: Story.name)
    let alike = GateRequest(deployment: candidate, candidate: request.candidate, champion: request.champion)
    #expect(Action.judge(alike).key(of: Story.name) != key)
    let named = GateRequest(
      deployment: candidate, candidate: request.candidate, champion: request.champion,
      championServing: candidate.spec.serving)
    #expect(Action.judge(alike).key(of: Story.name) == Action.judge(named).key(of: Story.name))
  }

  @Test func `reads requests of a journal that says nothing of the champion's serving`() throws {
    let deployment = Story.deployment("v2")
    let digest = Samples.model(of: deployment)
    let request = GateRequest(
      deployment: deployment, candidate: digest, champion: digest, championServing: ServingSpec(features: ["a"]))
    let data = try JSONEncoder().encode(request)
    #expect(try JSONDecoder().decode(GateRequest.self, from: data) == request)
    var fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(fields.removeValue(forKey: "championServing") != nil)
    let old = try JSONDecoder().decode(GateRequest.self, from: JSONSerialization.data(withJSONObject: fields))
    #expect(old == GateRequest(deployment: deployment, candidate: digest, champion: digest))
  }

  @Test func `goes up step by step, each on its own answers`() throws {
    var story = try Story.with("Canary")
    try story.lookAndRoute()
    #expect(story.weights == [1: "95%", 2: "5%"])
    try story.proceed(requests: 1000)
    #expect(story.record?.phase == .canary(step: 0), "50 answers are too few")
    #expect(story.decision.wait?.owner == .traffic)
    #expect(story.decision.wait?.what == "50 more answers of release 2 at 5%")
    try story.proceed(requests: 1000)
    #expect(story.record?.phase == .canary(step: 1))
    try story.proceed(requests: 200)
    #expect(story.record?.phase == .canary(step: 1), "the answers of the step before do not count")
    try story.proceed(requests: 200)
    #expect(story.phase == "Promoting")
    try story.proceed()
    #expect(story.phase == "Settling")
    #expect(story.record?.champion?.number == ReleaseNumber(2))
    try story.proceed()
    try story.proceed()
    #expect(story.phase == "Idle")
    #expect(story.weights == [2: "100%"])
  }

  @Test(arguments: [true, false]) func `goes on serving what was moved into a file with errors`(isNamed: Bool) throws {
    let moved = Samples.path("specs/models/income.yaml")
    var story = try Story.with("Idle")
    let weights = story.weights
    let head = Samples.state(
      "c2", [], invalid: [moved], held: isNamed ? [ObjectID(.modelDeployment, "income"): moved] : [:],
      obscure: isNamed ? [] : [moved])
    story.desired = Desired(Story.name, in: head, lastSeenIn: story.record?.path)
    story.head = head.commit
    try story.proceed()
    #expect(story.phase == "Idle")
    #expect(story.weights == weights)
    #expect(story.condition(.stalled) == "True InvalidSpec")
  }

  @Test func `keeps what was counted when the server restarts`() throws {
    var story = try Story.with("Canary")
    try story.proceed(requests: 1200)
    story.server.restart()
    story.server.tick(requests: 0)
    try story.proceed(requests: 600)
    #expect(story.record?.window?.counted.requests == 90)
    try story.proceed(requests: 600)
    #expect(story.record?.phase == .canary(step: 1))
  }

  @Test func `goes back at the first failed window, quarantines and reverts`() throws {
    var story = try Story.with("Reverting")
    let model = Samples.model(of: Story.deployment("v2", commit: "c2"))
    #expect(story.record?.quarantine.map(\.model) == [model])
    #expect(story.weights == [1: "100%"])
    guard case .revert(let request) = story.decision.actions.last else {
      Issue.record("no revert is asked for")
      return
    }
    #expect(request.parent == CommitID("c2"))
    #expect(request.files == [Samples.path("specs/income.py"): BlobID("train v1")])
    #expect(request.message.hasPrefix("Revert income to release 1\n"))
    story.finish(.reverted(.pushed(CommitID("own"))))
    story.look()
    #expect(story.phase == "Reverting", "the old head still asks for what is undone")
    story.ownCommits = [CommitID("own")]
    story.ask(Story.deployment("v1", commit: "own"))
    story.look()
    #expect(story.phase == "Idle")
    #expect(story.record?.quarantine.count == 1)
    #expect(story.condition(.inSync) == "True InSync")
  }

  @Test func `pushes the same revert again when the answer was lost`() throws {
    var story = try Story.with("Reverting")
    let first = story.decision.actions.last
    story.finish(.failed(StageError(.reverting, reason: "RevertFailed", "timeout", remedy: .retry)))
    // The head may be the own commit, or not: nothing is concluded from it.
    story.ask(Story.deployment("v1", commit: "unknown"))
    story.look()
    #expect(story.record?.quarantine.count == 1)
    story.now = story.now + .seconds(60)
    story.look()
    #expect(story.decision.actions.last == first)
  }

  @Test func `decides again when the branch moved before the push`() throws {
    var story = try Story.with("Reverting")
    story.finish(.reverted(.headMoved(CommitID("c3"))))
    story.now = story.now + .seconds(60)
    story.head = CommitID("c3")
    story.revertFacts = RevertFacts(head: CommitID("c3"), blobs: Story.deployment("v2", commit: "c2").files)
    story.look()
    guard case .revert(let request) = story.decision.actions.last else {
      Issue.record("no revert is asked for")
      return
    }
    #expect(request.parent == CommitID("c3"))
  }

  @Test(arguments: [
    (RolloutSpec.OnFailure.hold, EnvironmentSpec.WriteBack.push), (.revert, .none),
  ])
  func `holds with a quarantine when Git is not to be written`(
    onFailure: RolloutSpec.OnFailure, writeBack: EnvironmentSpec.WriteBack
  ) throws {
    let rollout = RolloutSpec(
      steps: Story.rollout.steps, advance: Story.rollout.advance, onFailure: onFailure, onDeadline: .rollback)
    let candidate = Story.deployment(
      "v2", commit: "c2", rollout: rollout, environment: EnvironmentSpec(writeBack: writeBack))
    var story = try Story.with("Reverting", candidate: candidate)
    story.look()
    #expect(story.phase == "Blocked")
    #expect(story.reason == "Quarantined")
    #expect(story.condition(.stalled) == "True Quarantined")
    #expect(story.condition(.ready) == "True Serving")
    #expect(story.weights == [1: "100%"])
  }

  @Test func `is refused by a gate without any change of traffic or Git`() throws {
    var story = try Story.with("Gating")
    story.judge(.fail)
    #expect(story.phase == "Blocked")
    #expect(story.condition(.inSync) == "False GateFailed")
    #expect(story.record?.quarantine == [])
    #expect(story.decision.actions == [])
    #expect(story.weights == [1: "100%"])
    #expect(story.record?.candidate?.reports.first?.verdict == .fail)
  }

  @Test func `ends at an inconclusive gate until something changes`() throws {
    var story = try Story.with("Gating")
    story.judge(.inconclusive)
    #expect(story.condition(.stalled) == "True Inconclusive")
    story.now = story.now + .seconds(1_000_000)
    story.look()
    #expect(story.phase == "Blocked")
    #expect(story.decision.wait?.owner == .person)
    story.ask(Story.deployment("v2", policy: "another", commit: "c3"))
    story.look()
    #expect(story.phase == "Building")
  }

  @Test func `tries a gate that could not run again, but not for ever`() throws {
    var story = try Story.with("Gating")
    for _ in 0..<4 {
      story.judge(.error)
      #expect(story.phase == "Gating")
      #expect(story.decision.actions == [], "it pauses first")
      story.now = story.now + .seconds(600)
      story.look()
    }
    story.judge(.error)
    #expect(story.condition(.stalled) == "True GateError")
  }

  @Test func `asks again for evidence that speaks of another policy, but not for ever`() throws {
    var story = try Story.with("Gating")
    guard case .judge(let request) = story.decision.actions.last else {
      Issue.record("nothing is judged: \(story.decision.actions)")
      return
    }
    let other = Evidence(
      model: request.deployment.spec.name, modelDigest: request.candidate, policyDigest: .sha256(of: "another"),
      reports: [], championDigest: nil, runtimeVersion: "1", instructionSet: "reference")
    for attempt in 1...Patience().gateAttempts {
      #expect(story.phase == "Gating", "attempt \(attempt)")
      story.finish(.judged(other, digest: Samples.digest(of: other)))
      story.now = story.now + .seconds(600)
      story.look()
    }
    #expect(story.condition(.stalled) == "True EvidenceMismatch")
  }

  @Test func `gives up a build that fails again and again, until a person asks`() throws {
    var story = try Story.with("Building")
    let problem = StageError(.building, reason: "PythonEnvironmentFailed", "no route to the index", remedy: .retry)
    var attempts = 0
    while story.phase == "Building", attempts < 100 {
      story.finish(.failed(problem))
      attempts += 1
      story.now = story.now + .seconds(600)
      story.look()
    }
    #expect(attempts == Patience().buildAttempts)
    #expect(story.condition(.stalled) == "True PythonEnvironmentFailed")
    #expect(story.weights == [1: "100%"], "the champion serves meanwhile")
    story.perform(.retry)
    story.look()
    #expect(story.phase == "Building")
  }

  @Test func `follows the remedy of a failed build`() throws {
    var story = try Story.with("Building")
    story.finish(.failed(StageError(.building, reason: "MirrorDown", "502", remedy: .retry)))
    story.look()
    #expect(story.phase == "Building")
    #expect(story.decision.actions == [])
    let first = try #require(story.record?.retry?.notBefore) - story.now
    story.now = story.now + .seconds(600)
    story.look()
    story.finish(.failed(StageError(.building, reason: "MirrorDown", "502", remedy: .retry)))
    story.look()
    #expect(try #require(story.record?.retry?.notBefore) - story.now == first * 2)
    story.now = story.now + .seconds(600)
    story.look()
    story.finish(.failed(StageError(.building, reason: "BuildFailed", "exit 1", remedy: .changeSpec)))
    #expect(story.phase == "Blocked")
    #expect(story.reason == "BuildFailed")
  }

  @Test func `goes back without quarantine when the answers do not come`() throws {
    var story = try Story.with("Canary")
    try story.proceed()
    story.now = story.now + .seconds(3601)
    for _ in 0..<3 { try story.proceed() }
    #expect(story.condition(.stalled) == "True InsufficientSamples")
    #expect(story.record?.quarantine == [])
    #expect(!story.decision.actions.contains { if case .revert = $0 { true } else { false } })
    story.perform(.retry)
    story.look()
    #expect(story.phase == "Building")
  }

  @Test func `stays at its step and says so when the policy holds`() throws {
    let rollout = RolloutSpec(
      steps: Story.rollout.steps, advance: Story.rollout.advance, onFailure: .revert, onDeadline: .hold)
    var story = try Story.with("Canary", candidate: Story.deployment("v2", commit: "c2", rollout: rollout))
    try story.proceed()
    story.now = story.now + .seconds(3601)
    story.look()
    #expect(story.record?.phase == .canary(step: 0))
    #expect(story.condition(.stalled) == "True InsufficientSamples")
    #expect(try #require(story.decision.wait?.until) > story.now)
    try story.proceed(requests: 4000)
    #expect(story.record?.phase == .canary(step: 1))
  }

  @Test func `needs no new release when the same bytes pass under another policy`() throws {
    var story = try Story.serving()
    let same = Story.deployment("v1", policy: "score", commit: "c2")
    story.ask(same)
    story.look()
    story.build(same)
    story.judge()
    #expect(story.phase == "Settling")
    try story.lookAndRoute()
    story.look()
    #expect(story.decision.wait?.what == "the server to admit release 1")
    try story.proceed()
    #expect(story.phase == "Idle")
    #expect(story.record?.champion?.number == ReleaseNumber(1))
    #expect(story.record?.champion?.deployment == same)
    #expect(story.server.document?.models.first?.versions.first?.policy == GatePolicy(of: same))
  }

  @Test func `is blocked with the server's own words when it is not admitted`() throws {
    var story = try Story.with("Loading")
    let model = Samples.model(of: Story.deployment("v2"))
    story.server.behaviours[model] = SimulatedServer.Behaviour(refusal: "EvidenceForOtherPolicy: gate x")
    try story.proceed()
    try story.proceed()
    #expect(story.phase == "Blocked")
    #expect(story.record?.problem?.message == "EvidenceForOtherPolicy: gate x")
    #expect(story.weights == [1: "100%"])
  }

  @Test func `skips the small steps when the champion does not serve`() throws {
    var story = try Story.with("Loading")
    story.server.behaviours[Samples.model(of: Story.deployment("v1"))] = SimulatedServer.Behaviour(refusal: "damaged")
    try story.lookAndRoute()
    story.server.restart()
    try story.proceed()
    #expect(story.condition(.ready) == "False ChampionNotServing")
    #expect(story.phase == "Promoting")
  }

  @Test func `does not take an older report of the server for an answer`() throws {
    var story = try Story.with("Canary")
    let before = story.server.status
    story.record?.routedGeneration += 1
    story.decision = Reconciler.next(
      Story.name, desired: story.desired, record: story.record, observation: before,
      facts: ReconcileFacts(head: story.head), now: story.now)
    #expect(story.decision.wait?.owner == .server)
  }

  @Test func `keeps a quarantine through own commits and ends it with others`() throws {
    var story = try Story.with("Reverting")
    story.perform(.abort)
    #expect(story.phase == "Blocked")
    story.ownCommits = [CommitID("own")]
    story.ask(Story.deployment("v1", commit: "own"))
    story.look()
    #expect(story.phase == "Idle")
    #expect(story.record?.quarantine.count == 1)
    story.ask(Story.deployment("v3", commit: "c4"))
    story.look()
    #expect(story.record?.quarantine == [])
    #expect(story.phase == "Building")
  }

  @Test func `does not try a quarantined model again by itself`() throws {
    var story = try Story.with("Reverting")
    story.perform(.abort)
    // An unrelated commit, and a restart.
    story.head = CommitID("c9")
    story.look()
    #expect(story.phase == "Blocked")
    story.record?.phase = .idle
    story.look()
    #expect(story.phase == "Blocked")
    #expect(story.reason == "Quarantined")
    story.perform(.retry)
    story.look()
    #expect(story.phase == "Building")
  }

  @Test func `takes the champion's files from the last commit that asked for it`() throws {
    var story = try Story.serving()
    let commented = Samples.deployment(
      Story.name.text, model: "v1", comment: "why", commit: "c2", rollout: Story.rollout)
    story.ask(commented)
    story.look()
    #expect(story.phase == "Idle")
    #expect(story.record?.champion?.deployment.files == commented.files)
    #expect(story.record?.generation == 1)
  }
}
