import Domain
import Reconciling
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// How many runs each simulation makes; more on demand.
private let runs: Int = getenv("HEADGATE_SCALE_SIMULATION").flatMap { Int(String(cString: $0)) } ?? 300

@Suite struct `A simulated controller` {
  @Test func `keeps every invariant through commits, commands, restarts, outages and crashes`() throws {
    var seen: Set<String> = []
    var crashes = 0
    for seed in 0..<UInt64(runs) {
      var world = try World(seed: seed)
      world.crashPerMille = 20
      world.faults = 10
      world.staleness = 30
      for _ in 0..<120 { disturb(&world) }
      world.crashPerMille = 0
      world.faults = 0
      world.settle()
      seen.formUnion(world.phasesSeen)
      crashes += world.crashCount
      let story = world.journal.events.suffix(40).map { "\($0.object.name) \($0.reason) \($0.message)" }
      #expect(world.violations == [], "seed \(seed):\n\(story.joined(separator: "\n"))")
      if !world.violations.isEmpty { break }
    }
    #expect(
      seen == [
        "Idle", "Building", "Gating", "Loading", "Canary", "Promoting", "Settling", "RollingBack", "Unloading",
        "Reverting", "Blocked", "Draining",
      ])
    #expect(crashes > runs)
  }

  private func disturb(_ world: inout World) {
    let name = World.names.randomElement(using: &world.random) ?? World.names[0]
    switch Int.random(in: 0..<100, using: &world.random) {
    case 0..<4: world.commit(name, kind: World.Kind.allCases.randomElement(using: &world.random) ?? .good)
    case 4..<7: world.commit(name, kind: .good)
    case 7..<10: world.commitOther(name)
    case 10: world.command(.abort, name)
    case 11: world.command(.retry, name)
    case 12: world.server.restart()
    case 13: world.server.forget()
    case 14: world.isGitReachable.toggle()
    case 15: world.isServerReachable.toggle()
    case 16: world.requests = world.requests == 0 ? 100 : 0
    default: break
    }
    world.tick()
  }

  @Test func `ends after crashes at every boundary as it ends without any`() throws {
    var crashes = 0
    for seed in 0..<UInt64(runs) {
      let calm = try play(seed, crashPerMille: 0)
      let wild = try play(seed, crashPerMille: 60)
      crashes += wild.crashCount
      #expect(wild.violations == [] && calm.violations == [], "seed \(seed)")
      #expect(wild.ending == calm.ending, "seed \(seed)")
      if wild.ending != calm.ending { break }
    }
    #expect(crashes > runs * 5)
  }

  @Test func `ends the same after a crash at each single boundary of a story`() throws {
    func tell(crashAt: Int?) throws -> World {
      var world = try World(seed: 11)
      world.crashAt = crashAt
      for kind in [World.Kind.good, .good, .slow, .refusedByGate, .good] {
        world.commit(World.names[0], kind: kind)
        world.settle()
      }
      return world
    }
    let calm = try tell(crashAt: nil)
    #expect(calm.violations == [])
    #expect(calm.repository.pushed.count == 1)
    var phases: Set<String> = []
    for boundary in 1...calm.boundaries {
      let world = try tell(crashAt: boundary)
      #expect(world.crashCount == 1)
      #expect(world.violations == [], "boundary \(boundary)")
      #expect(world.ending == calm.ending, "boundary \(boundary)")
      phases.formUnion(world.crashedIn)
    }
    #expect(
      phases == [
        "Idle", "Building", "Gating", "Loading", "Canary", "Promoting", "Settling", "RollingBack", "Unloading",
        "Reverting", "Blocked",
      ])
  }

  /// One commit after another, each brought to its end.
  private func play(_ seed: UInt64, crashPerMille: Int) throws -> World {
    var world = try World(seed: seed)
    var script = SeededGenerator(seed: seed &+ 77)
    world.crashPerMille = crashPerMille
    world.staleness = 20
    for _ in 0..<6 {
      let name = World.names.randomElement(using: &script) ?? World.names[0]
      world.commit(name, kind: World.Kind.allCases.randomElement(using: &script) ?? .good)
      world.settle()
    }
    return world
  }
}
