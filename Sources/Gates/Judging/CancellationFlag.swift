import Synchronization

/// Set once, when nobody waits for the answer any more.
final class CancellationFlag: Sendable {
  private let flag = Atomic(false)

  func cancel() { flag.store(true, ordering: .relaxed) }

  func check() throws(Cancelled) {
    if flag.load(ordering: .relaxed) { throw Cancelled() }
  }
}

/// Thrown by work whose task was cancelled.
struct Cancelled: Error {}
