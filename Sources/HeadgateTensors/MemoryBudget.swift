import Synchronization

/// What a run may use. It counts the bytes of live tensors that were made under it and the steps of loops, and refuses
/// to pass its limits; and it says which threads may help.
///
/// Each run has one, and so has each node that is computed while a model is loaded; runs that repeat each other have one
/// after the other. A tensor that leaves the run keeps its budget, so that the bytes are given back wherever the last
/// reference ends.
@usableFromInline
package final class MemoryBudget: Sendable {
  /// The threads that may share the run's work.
  package let team: ThreadTeam
  /// What scratch memory is lent from, when it is kept for the next run.
  let scratch: BlockPool?
  private let bytes: ByteCount
  /// Until when loops may go on while a model is loaded; nil for runs.
  private let foldingEnd: ContinuousClock.Instant?
  private let draws = Atomic<UInt64>(0)
  private let steps = Atomic<Int>(0)

  /// The share of the limit that one step of a loop stands for: a wrong count in a file can then neither hold a thread
  /// for ever nor pile up small tensors without end.
  private static let bytesPerStep = 1024

  /// - Parameters:
  ///   - keepsScratch: whether scratch memory stays allocated as long as the budget lives.
  ///   - foldingEnd: given when it serves the load of a model and no run: when that is to go on without it.
  package init(
    limit: Int, team: ThreadTeam = .alone, keepsScratch: Bool = false,
    foldingUntil foldingEnd: ContinuousClock.Instant? = nil
  ) {
    bytes = ByteCount(limit: limit)
    scratch = keepsScratch ? BlockPool(countedIn: bytes) : nil
    self.team = team
    self.foldingEnd = foldingEnd
  }

  /// A budget that only the machine limits; for tensors that a caller makes.
  package static let unlimited = MemoryBudget(limit: .max)

  package var limit: Int { bytes.limit }

  package var liveByteCount: Int { bytes.value }

  /// A pool whose blocks count in this budget.
  package func makePool() -> BlockPool { BlockPool(countedIn: bytes) }

  /// Begins the next of some runs that repeat each other.
  package func beginRun() {
    draws.store(0, ordering: .relaxed)
    steps.store(0, ordering: .relaxed)
  }

  /// The random numbers that the run has drawn.
  package var drawCount: UInt64 { draws.load(ordering: .relaxed) }

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

  func reserve(_ byteCount: Int) throws(TensorError) { try bytes.add(byteCount) }

  func release(_ byteCount: Int) { bytes.subtract(byteCount) }

  /// Scratch memory that is to be given back.
  package struct Scratch {
    package let start: UnsafeMutableRawPointer
    /// What keeps it: one of both.
    fileprivate let block: BlockPool.Block?
    fileprivate let storage: Storage?
  }

  /// Lends so many bytes of undefined value, which are counted meanwhile.
  ///
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  package func lend(_ byteCount: Int) throws(TensorError) -> Scratch {
    if let scratch {
      let block = try scratch.lend(byteCount)
      return Scratch(start: block.start, block: block, storage: nil)
    }
    let storage = try Storage(.uint8, count: byteCount, budget: self)
    return Scratch(start: storage.base, block: nil, storage: storage)
  }

  /// Takes back what it lent, which nobody may touch any more.
  package func takeBack(_ memory: Scratch) {
    if let block = memory.block { scratch?.takeBack(block) }
    withExtendedLifetime(memory) {}
  }
}
