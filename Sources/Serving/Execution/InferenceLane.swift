import Synchronization

/// The queue of one version before the inference threads. Its pool's lock guards every change.
final class InferenceLane: Sendable {
  private struct State {
    var queue: [@Sendable () -> Void] = []
    var head = 0
    var running = 0
    var width = Int.max
    var isListed = false

    var waiting: Int { queue.count - head }
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  /// How many pieces of work wait.
  var depth: Int { state.withLock { $0.waiting } }

  /// Sets how many threads the lane may hold.
  func setWidth(_ width: Int) {
    state.withLock { $0.width = max(1, width) }
  }

  /// Adds work, unless the queue is full.
  func enqueue(_ work: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard state.waiting < capacity else { return false }
      state.queue.append(work)
      return true
    }
  }

  /// Whether the pool must list the lane; true once until it is dequeued.
  func startsWaiting() -> Bool {
    state.withLock { state in
      guard !state.isListed else { return false }
      state.isListed = true
      return true
    }
  }

  /// Whether one more thread may work for the lane.
  var mayRun: Bool { state.withLock { $0.running < $0.width } }

  func dequeue() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard state.head < state.queue.count else { return nil }
      let work = state.queue[state.head]
      state.queue[state.head] = {}
      state.head += 1
      if state.head == state.queue.count || state.head > 64 {
        state.queue.removeFirst(state.head)
        state.head = 0
      }
      state.running += 1
      return work
    }
  }

  /// Whether the pool must list the lane again after a piece was taken.
  func stillWaits() -> Bool {
    state.withLock { state in
      state.isListed = state.waiting > 0
      return state.isListed
    }
  }

  func finish() {
    state.withLock { $0.running -= 1 }
  }
}
