import Glibc
import HeadgateTensors
import Synchronization

/// The threads that read requests, run models and write answers: a fixed number, apart from event loops and from the
/// threads of Swift's tasks, so that a long run stalls nothing else.
///
/// Each version has a lane with a queue of its own. Threads take from the lanes in turn, and a lane may hold only so many
/// threads as its share of the traffic needs. A slow candidate at 5 % thus keeps one thread busy and fills its own queue,
/// while its champion goes on with the others. Work is taken the moment a thread is free; nothing waits for a batch.
final class InferencePool: Sendable {
  /// How many threads there are.
  let threadCount: Int
  private let core: Core

  /// - Parameter threadCount: at least 2, so that one lane cannot hold them all.
  init(threadCount: Int) {
    self.threadCount = max(2, threadCount)
    core = Core()
    for _ in 0..<self.threadCount {
      core.startThread()
    }
  }

  deinit {
    core.stop()
  }

  /// Makes a lane.
  /// - Parameter capacity: how many pieces of work may wait.
  func makeLane(capacity: Int) -> InferenceLane {
    InferenceLane(capacity: capacity)
  }

  /// Queues work.
  /// - Returns: whether there was room.
  func submit(_ work: @escaping @Sendable () -> Void, to lane: InferenceLane) -> Bool {
    core.submit(work, to: lane)
  }

  /// How many threads a lane may hold at a share of its model's traffic from 0 to 1.
  func width(ofShare share: Double) -> Int {
    guard share < 1 else { return threadCount }
    return min(max(1, Int((share * Double(threadCount)).rounded(.up))), threadCount - 1)
  }

  /// Locks, lanes and threads; apart from the pool, so that threads do not keep the pool alive.
  private final class Core: Sendable {
    private struct State {
      /// Lanes with waiting work, in the order of their turns.
      var waiting: [InferenceLane] = []
      var isStopped = false
    }

    private let state = Mutex(State())
    private let signal = WorkSignal()

    func submit(_ work: @escaping @Sendable () -> Void, to lane: InferenceLane) -> Bool {
      let isAccepted = state.withLock { state in
        guard !state.isStopped, lane.enqueue(work) else { return false }
        if lane.startsWaiting() { state.waiting.append(lane) }
        return true
      }
      if isAccepted { signal.post() }
      return isAccepted
    }

    func stop() {
      state.withLock { $0.isStopped = true }
      signal.postAll()
    }

    func startThread() {
      let context = Unmanaged.passRetained(self).toOpaque()
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          let core = Unmanaged<Core>.fromOpaque(context).takeRetainedValue()
          core.work()
          return nil
        }, context)
      guard code == 0 else {
        Unmanaged<Core>.fromOpaque(context).release()
        return
      }
      pthread_detach(thread)
    }

    private func work() {
      while true {
        let (next, isStopped) = state.withLock { ($0.isStopped ? nil : Self.take(&$0), $0.isStopped) }
        if isStopped { return }
        guard let (work, lane) = next else {
          signal.wait()
          continue
        }
        work()
        let hasMore = state.withLock { state in
          lane.finish()
          return !state.waiting.isEmpty
        }
        // A lane that was full may have kept other threads asleep.
        if hasMore { signal.post() }
      }
    }

    /// The next piece of work of the first lane that may hold one more thread; that lane goes to the end of the line.
    private static func take(_ state: inout State) -> (@Sendable () -> Void, InferenceLane)? {
      guard let index = state.waiting.firstIndex(where: \.mayRun) else { return nil }
      let lane = state.waiting.remove(at: index)
      guard let work = lane.dequeue() else { return nil }
      if lane.stillWaits() { state.waiting.append(lane) }
      return (work, lane)
    }
  }
}
