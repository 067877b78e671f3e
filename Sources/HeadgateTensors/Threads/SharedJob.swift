import HeadgateKernels
import Synchronization

/// Work that is split into parts, which any thread may take one after the other.
///
/// SAFETY: `@unchecked Sendable` holds because `work`, `partCount` and `recruits` are changed only by the thread that
/// runs the job, while no worker has it: before it is offered, and after all who began have left.
final class SharedJob: @unchecked Sendable {
  private var work: ((Int, Int) -> Void)?
  private var partCount = 0
  private var recruits: [(worker: PoolWorker, ticket: PoolWorker.Ticket)] = []
  private let nextPart = Atomic<Int>(0)
  private let nextMember = Atomic<Int>(1)
  /// The workers that have not left; `callerSleeps` is added when the caller waits for them asleep.
  private let present = Atomic<Int>(0)
  private let allLeft = WorkSignal()

  private static let callerSleeps = 1 << 32

  /// Does all parts, with the help of up to `helperCount` workers.
  ///
  /// - Parameters:
  ///   - maySleep: whether workers may be woken for it.
  ///   - longest: what takes longer, in nanoseconds, was held up by other processes.
  func run(
    _ count: Int, with helperCount: Int, of pool: ThreadPool, maySleep: Bool, atMost longest: Double,
    _ body: (Int, Int) -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      work = body
      partCount = count
      nextPart.store(0, ordering: .relaxed)
      nextMember.store(1, ordering: .relaxed)
      // Counted first, as a worker may leave at once.
      present.store(helperCount, ordering: .relaxed)
      pool.recruit(for: self, atMost: helperCount, maySleep: maySleep, into: &recruits)
      present.subtract(helperCount - recruits.count, ordering: .relaxed)
      let began = ClockReading.wall
      doParts(member: 0)
      for recruit in recruits where recruit.worker.withdraw(recruit.ticket) {
        pool.giveBackHelper()
        present.subtract(1, ordering: .relaxed)
      }
      waitForAll()
      if Double(ClockReading.wall - began) > longest { pool.letWorkersRest() }
      recruits.removeAll(keepingCapacity: true)
      work = nil
    }
  }

  /// Does parts until there is none left to begin.
  ///
  /// Not inlined, so that no reference to the work is still counted when the worker leaves.
  @inline(never)
  func help() {
    doParts(member: nextMember.add(1, ordering: .relaxed).oldValue)
  }

  /// Says that a worker will not touch the job any more.
  func leave() {
    if present.subtract(1, ordering: .acquiringAndReleasing).newValue == Self.callerSleeps { allLeft.post() }
  }

  private func doParts(member: Int) {
    guard let work else { return }
    while true {
      let part = nextPart.add(1, ordering: .relaxed).oldValue
      guard part < partCount else { return }
      work(part, member)
    }
  }

  /// A worker that still computes does so for the rest of a part, which is short: worth some looking before sleep.
  private func waitForAll() {
    for _ in 0..<2_000 {
      if present.load(ordering: .acquiring) == 0 { return }
      hg_pause()
    }
    if present.add(Self.callerSleeps, ordering: .acquiringAndReleasing).oldValue > 0 {
      while present.load(ordering: .acquiring) != Self.callerSleeps { allLeft.wait() }
    }
    present.store(0, ordering: .relaxed)
  }
}
