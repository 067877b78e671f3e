import Synchronization

/// Counts bytes that are in use, up to a limit.
final class ByteCount: Sendable {
  let limit: Int
  private let used = Atomic<Int>(0)

  init(limit: Int) {
    self.limit = limit
  }

  var value: Int { used.load(ordering: .relaxed) }

  /// - Throws: `TensorError.memoryLimit` when so many more bytes pass the limit.
  func add(_ byteCount: Int) throws(TensorError) {
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

  func subtract(_ byteCount: Int) {
    used.wrappingSubtract(byteCount, ordering: .relaxed)
  }
}
