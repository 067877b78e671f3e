import Synchronization

/// Counts the bytes of live tensors that were made under it, and refuses to pass its limit.
///
/// Each run has one. A tensor that leaves the run keeps its budget, so that the bytes are given back
/// wherever the last reference ends.
@usableFromInline
package final class MemoryBudget: Sendable {
  package let limit: Int
  private let used = Atomic<Int>(0)

  package init(limit: Int) {
    self.limit = limit
  }

  /// A budget that only the machine limits; for tensors that a caller makes.
  package static let unlimited = MemoryBudget(limit: .max)

  package var liveByteCount: Int { used.load(ordering: .relaxed) }

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
