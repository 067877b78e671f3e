import Synchronization

/// What a run may use. It counts the bytes of live tensors that were made under it and the steps of loops, and refuses
/// to pass its limits; and it says which threads may help.
///
/// Each run has one, and so has each node that is computed while a model is loaded. A tensor that leaves the run keeps its budget, so that the bytes are given back
/// wherever the last reference ends.
@usableFromInline
package final class MemoryBudget: Sendable {
  package let limit: Int
  /// The threads that may share the run's work.
  package let team: ThreadTeam
  private let used = Atomic<Int>(0)
  /// Until when loops may go on while a model is loaded; nil for runs.
  private let foldingEnd: ContinuousClock.Instant?
  private let draws = Atomic<UInt64>(0)
  private let steps = Atomic<Int>(0)

  /// The share of the limit that one step of a loop stands for: a wrong count in a file can then neither hold a thread
  /// for ever nor pile up small tensors without end.
  private static let bytesPerStep = 1024

  /// - Parameter foldingEnd: given when it serves the load of a model and no run: when that is to go on without it.
  package init(limit: Int, team: ThreadTeam = .alone, foldingUntil foldingEnd: ContinuousClock.Instant? = nil) {
    self.limit = limit
    self.team = team
    self.foldingEnd = foldingEnd
  }

  /// A budget that only the machine limits; for tensors that a caller makes.
  package static let unlimited = MemoryBudget(limit: .max)

  package var liveByteCount: Int { used.load(ordering: .relaxed) }

  /// Counts the draws of random numbers in one run, from 0 on; a run's steps draw in their order.
  ///
  /// - Throws: `TensorError.unsupported` while a model is loaded: what is drawn must not become a constant.
  package func nextDraw() throws(TensorError) -> UInt64 {
    guard foldingEnd == nil else { throw TensorError(.unsupported, "random numbers are drawn by runs only") }
    return draws.add(1, ordering: .relaxed).oldValue
  }

  /// Counts steps of a loop; those of loops within loops count together.
  ///
  /// - Throws: `TensorError.memoryLimit` when there were more than the limit allows, or loading has no time left.
  package func countSteps(_ count: Int = 1) throws(TensorError) {
    let most = limit / Self.bytesPerStep
    guard count <= most, steps.wrappingAdd(count, ordering: .relaxed).newValue <= most else {
      throw TensorError(.memoryLimit, "the loops pass \(most) steps; raise maxRunBytes if that is meant")
    }
    if let foldingEnd, ContinuousClock.now >= foldingEnd {
      throw TensorError(.memoryLimit, "a loop goes on for longer than the loading of a model may take")
    }
  }

  func reserve(_ byteCount: Int) throws(TensorError) {
    if byteCount <= limit {
      // Below zero when the sum does not fit.
      let sum = used.wrappingAdd(byteCount, ordering: .relaxed).newValue
      if sum >= 0, sum <= limit { return }
      used.wrappingSubtract(byteCount, ordering: .relaxed)
    }
    throw TensorError(
      .memoryLimit,
      "needs \(byteCount) more bytes, which passes the limit of \(limit) bytes for one run; "
        + "send fewer rows or raise maxRunBytes")
  }

  func release(_ byteCount: Int) {
    used.wrappingSubtract(byteCount, ordering: .relaxed)
  }
}
