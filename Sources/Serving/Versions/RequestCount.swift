import Synchronization

/// Counts the requests of one model; kept when the routes change.
final class RequestCount: Sendable {
  private let count = Atomic<UInt64>(0)

  /// How many requests came before this one.
  func next() -> UInt64 { count.wrappingAdd(1, ordering: .relaxed).oldValue }
}
