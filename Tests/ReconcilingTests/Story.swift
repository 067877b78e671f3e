import Domain
import Reconciling
import TestSupport

/// One object on its way, step by step: the pure core, a simulated server and a clock that the test moves.
struct Story {
  static let name = ModelName("income")

  var record: ObjectRecord?
  var desired: Desired = .absent
  var server = SimulatedServer()
  var isServerReachable = true
  var head = CommitID("c1")
  var ownCommits: Set<CommitID> = []
  var revertFacts: RevertFacts?
  var now = Timestamp(milliseconds: 1_700_000_000_000)
  var events: [String] = []
  var decision = Decision(record: nil)
  private var generation = 0

  static let rollout = RolloutSpec(
    steps: [Share(basisPoints: 500), Share(basisPoints: 2500), .all].compactMap(\.self),
    advance: AdvanceLimits(
      minSamples: 100, maxErrorRate: Share(basisPoints: 100), maxP99: .milliseconds(50), deadline: .seconds(3600)))

  static func deployment(
    _ model: String, policy: String = "", commit: String = "c1", rollout: RolloutSpec = Story.rollout,
    environment: EnvironmentSpec = EnvironmentSpec()
  ) -> DesiredDeployment {
    Samples.deployment(
      name.text, model: model, policy: policy, commit: commit, rollout: rollout, environment: environment)
  }

  private var facts: ReconcileFacts {
    ReconcileFacts(head: head, ownCommits: ownCommits, revert: revertFacts)
  }

  /// A commit asks for something else.
  mutating func ask(_ deployment: DesiredDeployment) {
    desired = .deployment(deployment)
    head = deployment.commit
  }

  /// Decides once, without carrying anything out.
  mutating func look() {
    decision = Reconciler.next(
      Self.name, desired: desired, record: record, observation: isServerReachable ? server.status : nil, facts: facts,
      now: now)
    record = decision.record
    events += decision.events.map(\.reason)
  }

  /// Decides, and brings the server what is asked for.
  mutating func lookAndRoute() throws {
    look()
    for action in decision.actions {
      switch action {
      case .route(let route): try apply(action, [route])
      case .unload: try apply(action, [])
      case .build, .judge, .revert: continue
      }
    }
  }

  private mutating func apply(_ action: Action, _ models: [ModelRoute]) throws {
    generation += 1
    try server.apply(RouteDocument(fencingToken: 1, generation: generation, models: models))
    absorb(.routed(generation: generation), of: action)
  }

  /// Brings the server what is asked for, lets it work, and decides again.
  mutating func proceed(requests: Int = 0) throws {
    try lookAndRoute()
    server.tick(requests: requests)
    now = now + .seconds(1)
    look()
  }

  mutating func absorb(_ outcome: ActionOutcome, of action: Action) {
    guard let record else { return }
    let (changed, events) = Reconciler.absorb(outcome, of: action, record: record, facts: facts, now: now)
    self.record = changed
    self.events += events.map(\.reason)
  }

  /// Finishes the work that is asked for.
  mutating func finish(_ outcome: ActionOutcome) {
    let work = decision.actions.first { action in
      switch action {
      case .build, .judge, .revert: true
      case .route, .unload: false
      }
    }
    if let work { absorb(outcome, of: work) }
  }

  mutating func perform(_ command: Command) {
    guard let record else { return }
    let (changed, events) = Reconciler.perform(command, record: record, facts: facts, now: now)
    self.record = changed
    self.events += events.map(\.reason)
  }

  mutating func build(_ deployment: DesiredDeployment) {
    let model = Samples.model(of: deployment)
    finish(.built(BuildResult(model: model, inputs: model, log: nil, reused: false)))
    look()
  }

  mutating func judge(_ verdict: Verdict = .pass) {
    guard case .judge(let request) = decision.actions.last else { return }
    let evidence = Samples.evidence(for: request, verdict: verdict)
    finish(.judged(evidence, digest: Samples.digest(of: evidence)))
    look()
  }

  // MARK: Reaching a phase

  /// A record with release 1 serving `v1`.
  static func serving(_ deployment: DesiredDeployment = Story.deployment("v1")) throws -> Story {
    var story = Story()
    story.ask(deployment)
    story.look()
    story.build(deployment)
    story.judge()
    try story.proceed()
    try story.proceed()
    try story.proceed()
    return story
  }

  /// Release 1 serves, and release 2 is on its way in a phase.
  static func with(_ phase: String, candidate: DesiredDeployment = Story.deployment("v2", commit: "c2")) throws -> Story
  {
    var story = try serving()
    if phase == "Idle" { return story }
    if phase == "Draining" {
      story.desired = .absent
      story.look()
      return story
    }
    story.ask(candidate)
    story.look()
    if phase == "Building" { return story }
    story.build(candidate)
    if phase == "Gating" { return story }
    if phase == "Blocked" {
      story.judge(.fail)
      return story
    }
    story.judge()
    try story.lookAndRoute()
    if phase == "Loading" { return story }
    try story.proceed()
    try story.lookAndRoute()
    if phase == "Canary" { return story }
    if ["RollingBack", "Unloading", "Reverting"].contains(phase) {
      story.server.behaviours[Samples.model(of: candidate)] = SimulatedServer.Behaviour(errorEvery: 1)
      try story.proceed(requests: 4000)
      if phase == "RollingBack" { return story }
      try story.proceed()
      if phase == "Unloading" { return story }
      story.revertFacts = RevertFacts(head: CommitID("c2"), blobs: candidate.files)
      try story.proceed()
      return story
    }
    try story.proceed(requests: 4000)
    try story.proceed(requests: 4000)
    if phase == "Promoting" { return story }
    try story.proceed()
    return story
  }

  var phase: String { record?.phase.name ?? "Gone" }
  var reason: String? { record?.problem?.reason }

  /// The weights the server has, by release.
  var weights: [Int: String] {
    let versions = server.status.models.first?.versions.filter { $0.state != .draining } ?? []
    return Dictionary(
      versions.map { ($0.version.value, $0.weight.description) }, uniquingKeysWith: { first, _ in first })
  }

  func condition(_ kind: Condition.Kind) -> String? {
    record?.conditions.first { $0.type == kind }.map { "\($0.status.rawValue) \($0.reason)" }
  }
}
