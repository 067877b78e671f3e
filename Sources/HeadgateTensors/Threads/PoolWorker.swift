import Glibc
import HeadgateKernels
import Synchronization

/// A thread of the pool, which helps one run at a time.
///
/// Who wants its help claims it, leaves a job and makes it ready; and may take the job back as long as the worker has
/// not begun. So nobody ever waits for a thread to wake up.
///
/// SAFETY: `@unchecked Sendable` holds because `job` and `ticket` are used only by who has claimed the worker, before it
/// is ready, and by the worker, after it has seen that. References to the job are not counted: the compiler may count one
/// after the worker was told of it, and so after the worker has given it back. Who offers a job keeps it until all have
/// left.
final class PoolWorker: @unchecked Sendable {
  /// What the worker does; when a job is ready, its ticket stands above the lowest bits.
  private enum State {
    /// It looks for work.
    static let idle = 0
    /// It sleeps until it is signalled.
    static let asleep = 1
    static let claimed = 2
    static let ready = 3
    static let working = 4
    static let bits = 7
  }

  /// A job that was offered: no two have the same number.
  typealias Ticket = Int

  private let state = Atomic<Int>(State.idle)
  private let signal = WorkSignal()
  private var job: Unmanaged<SharedJob>?
  private var ticket: Ticket = 0

  /// How long a worker looks for work before it sleeps, in nanoseconds: the next step of a run often comes soon, and
  /// waking takes many times as long as looking.
  private static let patience: UInt64 = 60_000

  /// Starts the thread.
  /// - Returns: whether the system has one more.
  func start(in pool: ThreadPool) -> Bool {
    // The thread never ends, and so what it works with must not.
    let context = Unmanaged.passRetained(WorkerContext(worker: self, pool: pool)).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        hg_name_this_thread("headgate-worker")
        let start = Unmanaged<WorkerContext>.fromOpaque(context).takeUnretainedValue()
        start.worker.work(in: start.pool)
      }, context)
    guard code == 0 else {
      Unmanaged<WorkerContext>.fromOpaque(context).release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  /// Makes it take no job ever, because it has no thread.
  func retire() {
    state.store(State.working, ordering: .relaxed)
  }

  /// Whether the worker would take a job now.
  func isFree(maySleep: Bool) -> Bool {
    let state = state.load(ordering: .relaxed)
    return state == State.idle || (maySleep && state == State.asleep)
  }

  /// Gives the worker a job if it has none.
  ///
  /// - Parameter maySleep: whether it may be woken for it, which takes the caller a system call.
  func offer(_ shared: SharedJob, maySleep: Bool) -> Ticket? {
    var wakes = false
    if !moves(from: State.idle, to: State.claimed) {
      guard maySleep, moves(from: State.asleep, to: State.claimed) else { return nil }
      wakes = true
    }
    ticket += 1
    let offered = ticket
    job = Unmanaged.passUnretained(shared)
    state.store(State.ready + offered * (State.bits + 1), ordering: .releasing)
    if wakes { signal.post() }
    return offered
  }

  /// Takes a job back.
  /// - Returns: whether the worker had not begun; it never will then.
  func withdraw(_ ticket: Ticket) -> Bool {
    moves(from: State.ready + ticket * (State.bits + 1), to: State.idle)
  }

  private func moves(from old: Int, to new: Int) -> Bool {
    state.load(ordering: .relaxed) == old
      && state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  private func work(in pool: ThreadPool) -> Never {
    while true {
      guard waitForJob(in: pool), let job else { continue }
      job._withUnsafeGuaranteedRef { $0.help() }
      // From here on another job may lie there.
      state.store(State.idle, ordering: .releasing)
      pool.giveBackHelper()
      job._withUnsafeGuaranteedRef { $0.leave() }
    }
  }

  /// Whether there is a job, which is then this worker's.
  private func waitForJob(in pool: ThreadPool) -> Bool {
    let began = ClockReading.wall
    repeat {
      for _ in 0..<16 {
        if begin() { return true }
        hg_pause()
      }
    } while pool.idleProcessorCount > 0 && ClockReading.wall - began < Self.patience
    guard moves(from: State.idle, to: State.asleep) else { return begin() }
    signal.wait()
    // Who signalled has claimed the worker before, and may have withdrawn since.
    _ = moves(from: State.asleep, to: State.idle)
    return begin()
  }

  private func begin() -> Bool {
    let now = state.load(ordering: .relaxed)
    return now & State.bits == State.ready && moves(from: now, to: State.working)
  }
}

private final class WorkerContext {
  let worker: PoolWorker
  let pool: ThreadPool

  init(worker: PoolWorker, pool: ThreadPool) {
    self.worker = worker
    self.pool = pool
  }
}
