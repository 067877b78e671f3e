import Foundation
import Testing

/// One fleet on which one rollout after the other is carried out while its controller is killed.
struct Rollouts {
  /// How a rollout is to end.
  enum Story: String {
    case promotion, rollback
  }

  /// When the controller is killed: each entry is one life of it, later lives are left alone.
  enum Kills {
    /// It kills itself at these places, one in each life.
    case at([String])
    /// It kills itself at the next of four boundaries, in every life.
    case everywhere
    /// It is killed from outside after these times.
    case after([Duration])
    /// It and the model server are killed from outside at once, after this time, as a machine would that lost its power.
    case together(Duration)
    /// The host of the repository kills it from a hook while it takes the revert's push, once.
    case inHook(String)

    func place(ofLife life: Int) -> String? {
      switch self {
      case .at(let places): places.indices.contains(life) ? places[life] : nil
      case .everywhere: ["intent.before", "intent.after", "effect.after", "record.after"][life % 4]
      case .after, .together, .inHook: nil
      }
    }

    /// How many kills there must be before the story can end.
    var fewest: Int {
      switch self {
      case .at(let places): places.count
      case .inHook, .together: 1
      case .everywhere, .after: 0
      }
    }

    /// When a life of the controller is ended from outside.
    func time(ofLife life: Int) -> Duration? {
      switch self {
      case .after(let moments): moments.indices.contains(life) ? moments[life] : nil
      case .together(let moment): life == 0 ? moment : nil
      case .at, .everywhere, .inHook: nil
      }
    }

    /// Whether requests may fail meanwhile.
    var takesServer: Bool {
      if case .together = self { true } else { false }
    }

    /// The words for the moment of one kill.
    func moment(ofLife life: Int) -> String {
      switch self {
      case .at, .everywhere: place(ofLife: life) ?? "-"
      case .after(let moments): moments.indices.contains(life) ? "after \(moments[life])" : "-"
      case .together(let moment): "after \(moment), with the server"
      case .inHook(let hook): "the host's \(hook)"
      }
    }
  }

  let fleet: Fleet
  /// Whether somebody else pushes a commit after the first kill, before the next controller starts.
  var othersCommit = false
  private(set) var champion = ""
  private(set) var championCommit = ""
  private(set) var table = [["story", "killed at", "state", "ended", "requests", "failed", "seconds"]]
  /// Every candidate that passes its gates takes a release number.
  private var release = 1
  private var championRelease = 1

  /// Brings the first release to all traffic.
  init(_ fleet: Fleet) async throws {
    self.fleet = fleet
    champion = try await fleet.write(TinyModel.fast(sharpness: 1))
    championCommit = try await fleet.commit("First model")
    let controller = try fleet.up()
    _ = try await fleet.status(within: .seconds(60), "the first release") {
      $0.phase == "Idle" && $0.condition("Ready") == "True"
    }
    try await stop(controller)
  }

  /// Carries out a rollout, killing the controller, and checks that it ends as it would have.
  /// - Returns: how often the controller was killed.
  @discardableResult mutating func play(_ story: Story, _ kills: Kills) async throws -> Int {
    release += 1
    let traffic = try fleet.startLoad()
    let began = ContinuousClock.now
    let sharpness = 1 + Float(release) / 64
    let candidate: String
    switch story {
    case .promotion: candidate = try await fleet.write(TinyModel.fast(sharpness: sharpness))
    case .rollback: candidate = try await fleet.write(TinyModel.slow(sharpness: sharpness), maxP99: "2ms")
    }
    let commit = try await fleet.commit("\(story.rawValue) \(release)")
    var places: [(place: String, state: String)] = []
    let controller = try await live(story, kills, candidate: candidate, commit: commit, places: &places)
    let planned = try await fleet.headgate("plan", "--detailed-exitcode")
    try await stop(controller)
    let load = try await fleet.report(of: traffic)
    let status = try #require(try await fleet.status())
    let label = Comment("\(story) with \(kills)")

    if !kills.takesServer { #expect(load.failed == 0, "\(label): \(load.failures)") }
    #expect(load.sent > 0, label)
    #expect(planned.code == 0, "\(label): \(planned.output) \(planned.errors)")
    #expect(status.condition("Ready") == "True", label)
    switch story {
    case .promotion:
      championRelease = release
      champion = candidate
      championCommit = commit
      #expect(try await fleet.git(["--git-dir", fleet.bare, "rev-parse", "main"]) == commit, label)
    case .rollback:
      #expect(status.quarantine.map(\.model).contains(candidate), label)
      func count(_ options: String...) async throws -> String {
        try await fleet.git(["--git-dir", fleet.bare, "rev-list", "--count"] + options + ["\(commit)..main"])
      }
      #expect(try await count("--author=Headgate") == "1", label)
      #expect(try await count() == (othersCommit ? "2" : "1"), label)
      func tree(_ revision: String) async throws -> String {
        try await fleet.git(["--git-dir", fleet.bare, "ls-tree", "-r", revision, "specs", "models", "data"])
      }
      #expect(try await tree("main") == tree(championCommit), label)
      try await fleet.pull()
    }
    #expect(status.champion?.number == championRelease, label)
    #expect(status.champion?.model == champion, label)
    #expect(status.condition("InSync") == "True", label)
    let ending =
      "\(story == .promotion ? "promoted" : "taken back"), release \(status.champion?.number ?? 0) serves"
    let seconds = String(format: "%.1f", (ContinuousClock.now - began) / .seconds(1))
    for (index, (place, state)) in places.enumerated() {
      let isLast = index == places.count - 1
      table.append([
        story.rawValue, place, state, isLast ? ending : "goes on", isLast ? "\(load.sent)" : "",
        isLast ? "\(load.failed)" : "", isLast ? seconds : "",
      ])
    }
    return places.count
  }

  /// Deletes the spec, killing the controller, and checks that the model is unloaded; then brings a model back.
  mutating func playDeletion(_ place: String) async throws {
    let began = ContinuousClock.now
    try await fleet.git(["rm", "-q", "specs/tiny.yaml"])
    try await fleet.commit("Retire the model")
    var places: [(place: String, state: String)] = []
    var controller = try start(.at([place]), life: 0)
    _ = try await eventually(within: .seconds(60), every: .milliseconds(50), "the model to be unloaded after \(place)")
    {
      () -> Bool? in
      if try await replaced(&controller, .at([place]), &places) { return nil }
      guard try await fleet.status() == nil, !places.isEmpty else { return nil }
      return try await fleet.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", fleet.url]).output == "404"
        ? true : nil
    }
    try await stop(controller)
    #expect(places.count == 1, "the controller never came to \(place)")
    table += places.map {
      [
        "deletion", $0.place, $0.state, "unloaded", "", "",
        String(format: "%.1f", (ContinuousClock.now - began) / .seconds(1)),
      ]
    }
    try await fleet.git(["revert", "--no-edit", "HEAD"])
    championCommit = try await fleet.git(["rev-parse", "HEAD"])
    try await fleet.git(["push", "-q", "origin", "HEAD:main"])
    controller = try fleet.up()
    _ = try await fleet.status(within: .seconds(60), "the model to be back") {
      $0.phase == "Idle" && $0.condition("Ready") == "True"
    }
    try await stop(controller)
  }

  /// Lets controllers live and die until the story has ended; gives the last one.
  private func live(
    _ story: Story, _ kills: Kills, candidate: String, commit: String, places: inout [(place: String, state: String)]
  ) async throws -> Child {
    var controller = try start(kills, life: 0)
    if case .inHook(let hook) = kills { try fleet.arm(hook, against: controller) }
    var began = ContinuousClock.now
    var last: Status?
    return try await eventually(
      within: .seconds(120), every: .milliseconds(20),
      "the \(story.rawValue) to end after \(places); last \(last?.place ?? "-") \(last?.conditions ?? [])"
    ) {
      if let moment = kills.time(ofLife: places.count), ContinuousClock.now - began >= moment {
        if kills.takesServer, let server = fleet.serverPID { kill(server, SIGKILL) }
        controller.send(SIGKILL)
        _ = try await controller.end(within: .seconds(10))
      }
      if try await replaced(&controller, kills, &places) {
        began = .now
        return nil
      }
      let status = try await fleet.status()
      last = status
      // A kill right after the last record is still to be noticed.
      guard controller.end == nil, places.count >= kills.fewest else { return nil }
      guard let status, status.phase == "Idle", status.condition("InSync") == "True" else { return nil }
      switch story {
      case .promotion: return status.champion?.model == candidate ? controller : nil
      case .rollback:
        guard status.quarantine.contains(where: { $0.model == candidate }), status.candidate == nil else { return nil }
        return try await fleet.git(["--git-dir", fleet.bare, "rev-parse", "main"]) != commit ? controller : nil
      }
    }
  }

  private func start(_ kills: Kills, life: Int) throws -> Child {
    try fleet.up(kills.place(ofLife: life).map { ($0, fleet.root + "/marker-" + UUID().uuidString) })
  }

  /// Notes where a controller was killed and starts the next one; `false` while it lives.
  private func replaced(
    _ controller: inout Child, _ kills: Kills, _ places: inout [(place: String, state: String)]
  ) async throws -> Bool {
    guard let end = controller.end else { return false }
    guard end == .signal(SIGKILL) else { throw Child.Failure("the controller ended by itself: \(end)") }
    let answer = try await fleet.headgate("get", "tiny", "-o", "json")
    // Whatever a killed controller leaves, its journal can be read without one.
    #expect(answer.code == 0, "after a kill at \(kills) number \(places.count + 1): \(answer.errors)")
    let state = try? JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
    places.append((kills.moment(ofLife: places.count), state?.place ?? "-"))
    if othersCommit, places.count == 1 { try await fleet.commitElsewhere() }
    controller = try start(kills, life: places.count)
    return true
  }

  /// Ends a controller without its server, as a crash would.
  private func stop(_ controller: Child) async throws {
    controller.send(SIGKILL)
    _ = try await controller.end(within: .seconds(10))
  }
}
