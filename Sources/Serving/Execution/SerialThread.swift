import Glibc
import Synchronization

/// Runs pieces of work one after another on a thread that exists while there is work: loading is rare and may take long.
final class SerialThread: Sendable {
  private struct State {
    var queue: [@Sendable () -> Void] = []
    var isRunning = false
  }

  private let state = Mutex(State())

  /// Adds work.
  func run(_ work: @escaping @Sendable () -> Void) {
    let needsThread = state.withLock { state in
      state.queue.append(work)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if needsThread { start() }
  }

  private func start() {
    let context = Unmanaged.passRetained(self).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<SerialThread>.fromOpaque(context).takeRetainedValue().workOff()
        return nil
      }, context)
    if code == 0 {
      pthread_detach(thread)
    } else {
      // Without a thread the work is done here: late, but done.
      Unmanaged<SerialThread>.fromOpaque(context).takeRetainedValue().workOff()
    }
  }

  private func workOff() {
    while let work = next() {
      work()
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard !state.queue.isEmpty else {
        state.isRunning = false
        return nil
      }
      return state.queue.removeFirst()
    }
  }
}
