import HeadgateTensors

/// Recorded runs that share memory: one of them goes on at a time.
///
/// SAFETY: `@unchecked Sendable` holds because `RecordedRuns` lends it to one run at a time.
final class RunLane: @unchecked Sendable {
  /// What the runs may use, for scratch memory and for kernels that take no part in recordings.
  let budget: MemoryBudget
  /// What tensors of the runs are in.
  let memory: BlockPool
  private var runs: [RecordedRun] = []

  /// More recordings than these would be of shapes that hardly ever come again.
  private static let mostRuns = 16

  init(limit: Int, team: ThreadTeam) {
    budget = MemoryBudget(limit: limit, team: team, keepsScratch: true)
    memory = budget.makePool()
  }

  var isEmpty: Bool { runs.isEmpty }

  /// The run on inputs of these types and shapes, which becomes the latest.
  func run(on tensors: [Tensor]) -> RecordedRun? {
    guard let index = runs.lastIndex(where: { $0.isRun(on: tensors) }) else { return nil }
    if index < runs.count - 1 { runs.append(runs.remove(at: index)) }
    return runs.last
  }

  /// Keeps a run, in the place of the one that was used the longest time ago if there are too many.
  func add(_ run: RecordedRun) {
    if runs.count == Self.mostRuns { runs.removeFirst() }
    runs.append(run)
  }

  func remove(_ run: RecordedRun) { runs.removeAll { $0 === run } }
}
