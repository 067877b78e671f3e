import Foundation
import Testing

extension EndToEnd {
  @Suite struct `A controller that is killed` {
    /// Before the intent, between intent and effect, between effect and record, after the record.
    static let boundaries = ["intent.before", "intent.after", "effect.after", "record.after"]

    @Test func `at one boundary of a rollout leaves the ending as it was`() async throws {
      try await Fleet.with { fleet in
        var rollouts = try await Rollouts(fleet)
        for action in ["build", "judge", "route"] {
          for boundary in Self.boundaries {
            let place = "\(boundary).\(action)"
            #expect(try await rollouts.play(.promotion, .at([place])) == 1, "the controller never came to \(place)")
          }
        }
        let reverting = Self.boundaries.map { $0 + ".revert" } + ["revert.beforePush", "revert.afterPush"]
        for place in Self.boundaries.map({ $0 + ".route" }) + reverting {
          #expect(try await rollouts.play(.rollback, .at([place])) == 1, "the controller never came to \(place)")
        }
        for hook in ["pre-receive", "post-receive"] {
          #expect(try await rollouts.play(.rollback, .inHook(hook)) == 1, "nothing was pushed")
        }
        for boundary in Self.boundaries { try await rollouts.playDeletion(boundary + ".unload") }
        EndToEnd.printTable("Killed at one boundary of a rollout", rollouts.table)
      }
    }

    @Test func `at every boundary of one rollout leaves the ending as it was`() async throws {
      try await Fleet.with { fleet in
        var rollouts = try await Rollouts(fleet)
        // Import, judgement, and five routes: loaded, 5 %, 25 %, 100 %, the predecessor unloaded.
        #expect(try await rollouts.play(.promotion, .everywhere) >= 4 * 7)
        // Import, judgement, three routes or more: loaded, 5 %, back and unloaded; the revert.
        #expect(try await rollouts.play(.rollback, .everywhere) >= 4 * 6)
        EndToEnd.printTable("Killed at every boundary of a rollout", rollouts.table)
      }
    }

    @Test func `at a random moment of a rollout leaves the ending as it was`() async throws {
      let count = EndToEnd.scale("KILLS", default: 4)
      var random = Seeded(state: 20)
      try await Fleet.with { fleet in
        var rollouts = try await Rollouts(fleet)
        var killed = 0
        var played = 0
        // A rollout that is over before its moment has come does not count.
        while killed < count, played < 2 * count {
          let moment = Duration.milliseconds(Int.random(in: 20...3000, using: &random))
          killed += try await rollouts.play(played % 2 == 0 ? .promotion : .rollback, .after([moment]))
          played += 1
        }
        EndToEnd.printTable("Killed at \(killed) random moments of \(played) rollouts", rollouts.table)
        #expect(killed == count, "too many rollouts were over before the kill")
      }
    }

    @Test func `while it reverts makes one revert, also when somebody else commits meanwhile`() async throws {
      try await Fleet.with { fleet in
        var rollouts = try await Rollouts(fleet)
        rollouts.othersCommit = true
        for place in ["intent.before.revert", "intent.after.revert", "revert.beforePush", "revert.afterPush"] {
          #expect(try await rollouts.play(.rollback, .at([place])) == 1, "the controller never came to \(place)")
        }
        EndToEnd.printTable("Killed around the revert, with another commit before the restart", rollouts.table)
      }
    }

    @Test func `together with its server leaves the ending as it was`() async throws {
      try await Fleet.with { fleet in
        var rollouts = try await Rollouts(fleet)
        var random = Seeded(state: 7)
        for story in [Rollouts.Story.promotion, .rollback] {
          let moment = Duration.milliseconds(Int.random(in: 1000...2500, using: &random))
          #expect(try await rollouts.play(story, .together(moment)) == 1, "the rollout was over before the kill")
        }
        EndToEnd.printTable("Killed together with the server", rollouts.table)
      }
    }
  }

  /// SplitMix64.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }
}
