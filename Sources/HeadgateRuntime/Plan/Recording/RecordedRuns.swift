import HeadgateTensors
import Synchronization

/// The recordings of a plan's runs, by types and shapes of the inputs.
///
/// The first run on inputs of some shapes is a plain one, the second is recorded, and all further ones repeat it. As many
/// runs as go on at one time have a lane each, with memory of its own.
final class RecordedRuns: Sendable {
  /// Types and shapes that runs had.
  private struct Signature {
    let tensors: [(elementType: ElementType, shape: Shape)]
    var isRecordable = true

    func matches(_ inputs: [Tensor]) -> Bool {
      guard inputs.count == tensors.count else { return false }
      for index in inputs.indices {
        guard inputs[index].elementType == tensors[index].elementType, inputs[index].shape == tensors[index].shape
        else { return false }
      }
      return true
    }
  }

  private struct State {
    /// Those that were met before, the latest last.
    var signatures: [Signature] = []
    var idleLanes: [RunLane] = []
  }

  private let state = Mutex(State())
  private let limit: Int
  /// What the lanes that no run needs may keep together.
  private static let mostIdle = 1 << 30
  private static let mostSignatures = 64
  /// What a lane may keep for further runs; a run that takes more is not recorded.
  private static let mostKept = 512 << 20

  /// - Parameter limit: what a run may take in all.
  init(limit: Int) {
    self.limit = limit
  }

  /// Repeats or records a run.
  ///
  /// - Parameter results: what the outputs are added to; of no use when there are none.
  /// - Returns: whether there are outputs; if not, the run is to be done otherwise.
  func run(
    _ plan: Plan, on tensors: [Tensor], team: ThreadTeam, observer: RunObserver?, into results: inout [Value]
  ) throws(RunError) -> Bool {
    guard isKnown(tensors) else { return false }
    let lane = state.withLock { $0.idleLanes.popLast() } ?? RunLane(limit: limit, team: team)
    lane.budget.beginRun()
    if let run = lane.run(on: tensors) {
      defer { giveBack(lane) }
      if try run.repeatRun(on: tensors, observer: observer, into: &results) == .complete { return true }
      lane.remove(run)
      refuse(tensors)
      return false
    }
    // What fails leaves a lane of which nobody knows what it keeps.
    guard let run = try RunRecording.record(plan, on: tensors, lane, observer),
      lane.budget.liveByteCount <= Self.mostKept, run.addOutputs(to: &results) == .complete
    else {
      // In a lane of their own they may do.
      if lane.isEmpty { refuse(tensors) }
      return false
    }
    lane.add(run)
    giveBack(lane)
    return true
  }

  /// Whether runs on such inputs were met before and can be recorded.
  private func isKnown(_ tensors: [Tensor]) -> Bool {
    state.withLock { state in
      if let signature = state.signatures.last(where: { $0.matches(tensors) }) { return signature.isRecordable }
      if state.signatures.count == Self.mostSignatures { state.signatures.removeFirst() }
      state.signatures.append(Signature(tensors: tensors.map { ($0.elementType, $0.shape) }))
      return false
    }
  }

  private func refuse(_ tensors: [Tensor]) {
    state.withLock { state in
      guard let index = state.signatures.lastIndex(where: { $0.matches(tensors) }) else { return }
      state.signatures[index].isRecordable = false
    }
  }

  private func giveBack(_ lane: RunLane) {
    state.withLock { state in
      let kept = state.idleLanes.reduce(lane.budget.liveByteCount) { $0 + $1.budget.liveByteCount }
      if kept <= Self.mostIdle { state.idleLanes.append(lane) }
    }
  }
}
