import Synchronization

/// Counts the bytes of live tensors that were made under it, and refuses to pass its limit.
///
/// Each run has one. A tensor that leaves the run keeps its budget, so that the bytes are given back
/// wherever the last reference ends.
@usableFromInline
package final class MemoryBudget: Sendable {
  package let limit: Int
  private let used = Atomic<Int>(0)
  private let isFolding: Bool
  private let draws = Atomic<UInt64>(0)

  /// - Parameter isFolding: whether it serves the load of a model and no run.
  package init(limit: Int, isFolding: Bool = false) {
    self.limit = limit
    self.isFolding = isFolding
  }

  /// A budget that only the machine limits; for tensors that a caller makes.
  package static let unlimited = MemoryBudget(limit: .max)

  package var liveByteCount: Int { used.load(ordering: .relaxed) }

  /// Counts the draws of random numbers in one run, from 0 on; a run's steps draw in their order.
  ///
  /// - Throws: `TensorError.unsupported` while a model is loaded: what is drawn must not become a constant.
  package func nextDraw() throws(TensorError) -> UInt64 {
    guard !isFolding else { throw TensorError(.unsupported, "random numbers are drawn by runs only") }
    return draws.add(1, ordering: .relaxed).oldValue
  }

  func reserve(_ byteCount: Int) throws(TensorError) {
    let (before, after) = used.add(byteCount, ordering: .relaxed)
    guard after < before || after > limit else { return }
    used.subtract(byteCount, ordering: .relaxed)
    throw TensorError(
      .memoryLimit,
      "needs \(byteCount) more bytes, which passes the limit of \(limit) bytes for one run; "
        + "send fewer rows or raise maxRunBytes")
  }

  func release(_ byteCount: Int) {
    used.subtract(byteCount, ordering: .relaxed)
  }
}
