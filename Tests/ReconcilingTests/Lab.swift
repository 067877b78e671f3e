import Domain
import Reconciling
import TestSupport

/// A controller among in-memory seams, on a clock that the test moves.
struct Lab {
  let journal = InMemoryJournal()
  let repository = InMemoryRepository()
  let builder = ScriptedBuilder()
  let gatekeeper = ScriptedGatekeeper()
  let target = InMemoryTarget()
  let store = InMemoryStore()
  let clock = ManualClock()

  func controller() throws -> Controller {
    let clock = clock
    return try Controller(
      seams: ControllerSeams(
        journal: journal, repository: repository, writeBack: repository, source: repository, builder: builder,
        gatekeeper: gatekeeper, target: target, store: store),
      clock: clock, random: SeededGenerator(seed: 1), wallTime: { clock.wallTime })
  }

  func commit(_ id: String, _ deployments: [DesiredDeployment], rewriting: Bool = false) {
    repository.commit(Samples.state(id, deployments), rewriting: rewriting)
  }

  /// Lets the controller look a number of times, a second apart, with whatever work that brings.
  func pass(_ controller: Controller, _ count: Int = 8, _ trigger: ControllerTrigger = .poll) async {
    for _ in 0..<count {
      clock.advance(by: .seconds(1))
      await controller.run(triggers: Self.stream([trigger, .tick]))
    }
  }

  static func stream(_ triggers: [ControllerTrigger]) -> AsyncStream<ControllerTrigger> {
    AsyncStream { continuation in
      for trigger in triggers { continuation.yield(trigger) }
      continuation.finish()
    }
  }

  func phase(_ controller: Controller, _ name: String = "income") async -> String {
    await controller.snapshot.objects.first { $0.name.text == name }?.phase ?? "Gone"
  }

  var weights: [String] {
    target.status.models.flatMap { model in
      model.versions.map { "\(model.name) \($0.version) \($0.weight) \($0.state.rawValue)" }
    }
  }
}

/// Waits for a condition that other tasks bring about. The deadline only ends a test that hangs: beside the simulations
/// a task may wait long for its turn.
func eventually(_ condition: () async -> Bool) async -> Bool {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(300)
  while clock.now < deadline {
    if await condition() { return true }
    await Task.yield()
  }
  return false
}
