import Domain
import Reconciling
import TestSupport

/// A controller's surroundings without a clock or tasks: a branch, builds, gates, a server with traffic, and a process
/// that may die at every boundary of the journal.
struct World {
  struct Crash: Error {}

  /// How a model turns out, told by its name.
  enum Kind: String, CaseIterable {
    case good, slow, failing, refusedByGate, inconclusive, refusedByServer
  }

  struct Work {
    let intent: Intent
    var ticksLeft: Int
  }

  let journal = InMemoryJournal()
  let repository = InMemoryRepository()
  var server = SimulatedServer()
  var reconciliation: Reconciliation
  var now = Timestamp(milliseconds: 1_700_000_000_000)
  /// Decides what happens in the world.
  var random: SeededGenerator
  /// Decides when the process dies; apart, so that a run with and one without crashes see the same world.
  var crashes: SeededGenerator
  var crashPerMille = 0
  var crashCount = 0
  /// Dies just once, at the boundary of this number; `boundaries` says how many were passed.
  var crashAt: Int?
  private(set) var boundaries = 0
  /// The phases of the objects when the process died.
  private(set) var crashedIn: Set<String> = []
  var requests = 100
  var isGitReachable = true
  var isServerReachable = true
  /// Percent of builds and judgements that have to be repeated.
  var faults = 0
  var violations: [String] = []
  var phasesSeen: Set<String> = []
  /// Percent of looks at which the server's report is that of the look before.
  var staleness = 0

  var evidence: [Digest: Evidence] = [:]
  private var kinds: [Digest: Kind] = [:]
  var work: [ModelName: Work] = [:]
  var desired: DesiredState?
  private var lastStatus: ServerStatus?
  /// Models that misbehaved and that nobody has asked for anew since.
  var misbehaved: [ModelName: Set<Digest>] = [:]
  /// The model that each release number has ever meant, also across deletions.
  var numbers: [ModelName: [ReleaseNumber: Digest]] = [:]
  private var mustRoute = true
  private var commitCount = 0
  /// Deployments whose file is invalid at the head.
  private var hidden: [ModelName: DesiredDeployment] = [:]

  init(seed: UInt64) throws {
    random = SeededGenerator(seed: seed)
    crashes = SeededGenerator(seed: seed &+ 1_000_003)
    reconciliation = try Reconciliation(journal: journal)
    repository.commit(Samples.state("c0", []))
  }

  // MARK: What people do

  static let names = ["a", "b"].map { ModelName($0) }

  static let rollout = RolloutSpec(
    steps: [Share(basisPoints: 500), Share(basisPoints: 2500), .all].compactMap(\.self),
    advance: AdvanceLimits(
      minSamples: 50, maxErrorRate: Share(basisPoints: 500), maxP99: .milliseconds(50), deadline: .seconds(3600)))

  private func rollout(_ variant: Int) -> RolloutSpec {
    RolloutSpec(
      steps: Self.rollout.steps, advance: Self.rollout.advance, onFailure: variant % 5 == 4 ? .hold : .revert,
      onDeadline: .rollback)
  }

  /// Commits a change of one object.
  mutating func commit(_ name: ModelName, kind: Kind) {
    commitCount += 1
    let deployment = Samples.deployment(
      name.text, model: "\(kind.rawValue)-\(commitCount)", commit: "c\(commitCount)",
      rollout: rollout(commitCount))
    let model = Samples.model(of: deployment)
    kinds[model] = kind
    switch kind {
    case .slow: server.behaviours[model] = SimulatedServer.Behaviour(latencyMicroseconds: 400_000)
    case .failing: server.behaviours[model] = SimulatedServer.Behaviour(errorEvery: 4)
    case .refusedByServer: server.behaviours[model] = SimulatedServer.Behaviour(refusal: "unknown operator")
    case .good, .refusedByGate, .inconclusive: break
    }
    push { $0[name] = deployment }
  }

  /// Commits another policy, another comment, the deletion, a mistake, or an old content of an object.
  mutating func commitOther(_ name: ModelName) {
    guard let now = repository.headState?.deployments[name] else {
      if let back = hidden[name] {
        commitCount += 1
        push { $0[name] = back }
      } else {
        commit(name, kind: .good)
      }
      return
    }
    commitCount += 1
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      push { $0[name] = nil }
    case 1:
      hidden[name] = now
      push(invalid: [now.place.path]) { $0[name] = nil }
    case 2:
      push { [commitCount] deployments in
        deployments[name] = DesiredDeployment(
          spec: now.spec, place: now.place, digest: now.digest, commit: now.commit,
          files: now.files.merging(
            [now.place.path: BlobID("commented \(commitCount)")], uniquingKeysWith: { _, new in new })
        )
      }
    case 3:
      // Back to what serves.
      guard let champion = reconciliation.records[name]?.champion?.deployment else { return }
      push { [commitCount] in $0[name] = champion.at(CommitID("c\(commitCount)")) }
    default:
      let source = now.files.first { $0.key.text.hasSuffix(".py") }?.value.text.dropFirst("train ".count) ?? ""
      push { [commitCount] in
        $0[name] = Samples.deployment(
          name.text, model: String(source), policy: "p\(commitCount)", commit: "c\(commitCount)",
          rollout: now.spec.rollout)
      }
    }
  }

  private mutating func push(
    invalid: Set<RepositoryPath> = [], _ change: (inout [ModelName: DesiredDeployment]) -> Void
  ) {
    guard let head = repository.headState else { return }
    var deployments = head.deployments
    change(&deployments)
    repository.commit(
      DesiredState(
        commit: CommitID("c\(commitCount)"), deployments: deployments,
        invalidFiles: head.invalidFiles
          .filter { path in !deployments.values.contains { $0.place.path == path } }.union(invalid)))
    for name in deployments.keys { hidden[name] = nil }
    for name in Self.names where deployments[name]?.digest != head.deployments[name]?.digest { misbehaved[name] = nil }
  }

  mutating func command(_ command: Command, _ name: ModelName) {
    if command == .retry { misbehaved[name] = nil }
    do { _ = try reconciliation.perform(command, on: name, now: now) } catch { violations.append("\(error)") }
  }

  // MARK: What the controller does

  /// Lets some time pass and the controller look once.
  mutating func tick() {
    now = now + .milliseconds(Int.random(in: 500...20_000, using: &random))
    server.tick(requests: requests, progress: staleness == 0 || random.chance(60))
    do {
      try look()
    } catch is Crash {
      crashCount += 1
      restart()
    } catch {
      violations.append("the journal failed: \(error)")
    }
    check()
  }

  private mutating func restart() {
    work = [:]
    desired = nil
    mustRoute = true
    do { reconciliation = try Reconciliation(journal: journal) } catch { violations.append("\(error)") }
  }

  private mutating func mayCrash() throws {
    boundaries += 1
    if boundaries == crashAt {
      crashedIn.formUnion(reconciliation.records.values.map(\.phase.name))
      throw Crash()
    }
    if crashPerMille > 0, Int.random(in: 0..<1000, using: &crashes) < crashPerMille { throw Crash() }
  }

  private mutating func look() throws {
    if isGitReachable, let head = repository.headState, head.commit != desired?.commit {
      try reconciliation.apply(head)
      try mayCrash()
      desired = head
    }
    let fresh = server.status
    let observation = isServerReachable ? (random.chance(staleness) ? lastStatus ?? fresh : fresh) : nil
    lastStatus = fresh
    let names = Set(reconciliation.records.keys).union(desired?.deployments.keys.map { $0 } ?? []).sorted()
    for name in names {
      try reconciliation.advance(
        name, desired: Desired(name, in: desired, lastSeenIn: reconciliation.records[name]?.path),
        observation: observation, head: desired?.commit, revert: revertFacts(name),
        jitter: Double.random(in: 0..<1, using: &random), now: now)
      try mayCrash()
    }
    for name in names { try doWork(of: name) }
    try route(names, observation)
  }

  private func revertFacts(_ name: ModelName) -> RevertFacts? {
    guard isGitReachable, let desired, let record = reconciliation.records[name], record.phase == .reverting else {
      return nil
    }
    var blobs: [RepositoryPath: BlobID] = [:]
    for deployment in desired.deployments.values { blobs.merge(deployment.files, uniquingKeysWith: { _, new in new }) }
    return RevertFacts(head: desired.commit, blobs: blobs, neighbours: desired.deployments[name]?.neighbours ?? [:])
  }

  private mutating func doWork(of name: ModelName) throws {
    let wanted = reconciliation.actions[name]?.first { action in
      switch action {
      case .build, .judge, .revert: true
      case .route, .unload: false
      }
    }
    if let running = work[name], wanted?.key(of: name) != running.intent.key {
      work[name] = nil
      try reconciliation.abandon(running.intent)
      try mayCrash()
    }
    guard let wanted else { return }
    if work[name] == nil {
      let intent = try reconciliation.begin(wanted, of: name, now: now)
      try mayCrash()
      work[name] = Work(intent: intent, ticksLeft: Int.random(in: 0...3, using: &random))
    }
    guard var running = work[name] else { return }
    running.ticksLeft -= 1
    work[name] = running
    guard running.ticksLeft < 0 else { return }
    let outcome = outcome(of: wanted)
    try mayCrash()
    work[name] = nil
    try reconciliation.finish(
      running.intent, outcome, jitter: Double.random(in: 0..<1, using: &random), now: now)
    try mayCrash()
  }

  private mutating func outcome(of action: Action) -> ActionOutcome {
    switch action {
    case .build(let deployment):
      if random.chance(faults) {
        return .failed(StageError(.building, reason: "BuildFailed", "out of luck", remedy: .retry))
      }
      let model = Samples.model(of: deployment)
      return .built(BuildResult(model: model, inputs: deployment.digest, log: nil, reused: false))
    case .judge(let request):
      let verdict: Verdict =
        switch kinds[request.candidate] {
        case .refusedByGate: .fail
        case .inconclusive: .inconclusive
        default: random.chance(faults) ? .error : .pass
        }
      let found = Samples.evidence(for: request, verdict: verdict)
      let digest = Samples.digest(of: found)
      evidence[digest] = found
      return .judged(found, digest: digest)
    case .revert(let request):
      guard isGitReachable else { return .failed(.unreachableGit) }
      do throws(GitError) {
        let outcome = try repository.pushNow(request)
        // The answer to a push that arrived may be lost on its way back.
        return random.chance(faults) ? .failed(.unreachableGit) : .reverted(outcome)
      } catch {
        return .failed(.unreachableGit)
      }
    case .route, .unload:
      return .failed(.unreachableGit)
    }
  }

  private mutating func route(_ names: [ModelName], _ observation: ServerStatus?) throws {
    var changes: [ModelName: ModelRoute?] = [:]
    var intents: [Intent] = []
    for name in names {
      for action in reconciliation.actions[name] ?? [] {
        switch action {
        case .route(let route): changes[name] = .some(route)
        case .unload: changes[name] = .some(nil)
        case .build, .judge, .revert: continue
        }
        intents.append(try reconciliation.begin(action, of: name, now: now))
        try mayCrash()
      }
    }
    let isLost = observation.map { $0.generation < reconciliation.controller.routeGeneration } ?? false
    guard !intents.isEmpty || isLost || mustRoute else { return }
    let document = try reconciliation.document(changing: changes, observed: observation?.generation ?? 0)
    try mayCrash()
    guard isServerReachable else {
      for intent in intents { reconciliation.release(intent) }
      return
    }
    check(document)
    do throws(StageError) {
      try server.apply(document)
    } catch {
      violations.append("the server refused a document: \(error)")
    }
    mustRoute = false
    try mayCrash()
    for intent in intents {
      try reconciliation.finish(
        intent, .routed(generation: document.generation), jitter: 0.5, now: now)
      try mayCrash()
    }
  }
}

extension StageError {
  fileprivate static let unreachableGit = StageError(
    .reverting, reason: "RevertFailed", "The host does not answer.", remedy: .retry)
}
