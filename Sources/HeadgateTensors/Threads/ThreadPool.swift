import Synchronization

/// The threads that help runs of models: one for each processor but one, for every run brings a thread of its own.
///
/// A step of a run is helped by as many threads as there are processors that neither runs nor their helpers keep busy.
/// With as many runs as processors each computes alone, as fast as without the pool; with fewer they share what is left.
/// No run waits for a thread that has not begun, so that none can starve another. And when shared work takes far longer
/// than it should, other processes want the processors: runs then go on alone for a while.
package final class ThreadPool: Sendable {
  /// The one that all models use; its threads start with the first run.
  package static let shared = ThreadPool(processorCount: ProcessorCount.available)

  package let processorCount: Int
  private let workers: [PoolWorker]
  /// The runs, and the workers that were offered a job and have not given it back.
  private let busyCount = Atomic<Int>(0)
  /// Until when workers are left alone, by the wall clock; 0 when they are not.
  private let restEnd = Atomic<UInt64>(0)
  /// Jobs that are done and can be used again.
  private let spareJobs = Mutex<[SharedJob]>([])

  package init(processorCount: Int) {
    self.processorCount = max(1, processorCount)
    workers = (1..<self.processorCount).map { _ in PoolWorker() }
    for worker in workers where !worker.start(in: self) {
      // A worker without a thread must never be given a job.
      worker.retire()
    }
  }

  /// How long workers are left alone then, in nanoseconds: many of the slices of time that the system gives to processes
  /// in turn, of which one may be lost each time.
  private static let rest: UInt64 = 50_000_000

  /// The processors that neither a run nor a helper keeps busy.
  var idleProcessorCount: Int {
    let end = restEnd.load(ordering: .relaxed)
    if end > 0 {
      if ClockReading.wall < end { return 0 }
      restEnd.store(0, ordering: .relaxed)
    }
    return max(0, processorCount - busyCount.load(ordering: .relaxed))
  }

  /// The workers that would take a job now.
  ///
  /// - Parameter maySleep: whether they may be woken for it.
  func helperCount(maySleep: Bool) -> Int {
    min(idleProcessorCount, workers.reduce(0) { $0 + ($1.isFree(maySleep: maySleep) ? 1 : 0) })
  }

  /// Leaves the workers alone for a while.
  func letWorkersRest() {
    restEnd.store(ClockReading.wall + Self.rest, ordering: .relaxed)
  }

  /// Counts a run until `end` is called, and gives the threads that it may use.
  ///
  /// - Parameter limit: the most threads, the caller's included; nil for as many as there are processors.
  package func begin(limit: Int?) -> ThreadTeam {
    busyCount.add(1, ordering: .relaxed)
    let width = min(limit ?? processorCount, processorCount)
    return width > 1 ? ThreadTeam(width: width, pool: self) : .alone
  }

  /// Ends a run that `begin` counted.
  package func end() {
    busyCount.subtract(1, ordering: .relaxed)
  }

  /// Offers a job to so many workers as there are idle processors for, and adds those that took it.
  func recruit(
    for job: SharedJob, atMost count: Int, maySleep: Bool,
    into taken: inout [(worker: PoolWorker, ticket: PoolWorker.Ticket)]
  ) {
    guard idleProcessorCount > 0 else { return }
    for worker in workers where worker.isFree(maySleep: maySleep) {
      guard taken.count < count, reserveHelper() else { return }
      if let ticket = worker.offer(job, maySleep: maySleep) {
        taken.append((worker, ticket))
      } else {
        giveBackHelper()
      }
    }
  }

  private func reserveHelper() -> Bool {
    if busyCount.add(1, ordering: .relaxed).newValue <= processorCount { return true }
    giveBackHelper()
    return false
  }

  /// Says that a worker that was offered a job is done with it, or that it was taken back.
  func giveBackHelper() {
    busyCount.subtract(1, ordering: .relaxed)
  }

  /// Lends a job.
  func withJob(_ body: (SharedJob) -> Void) {
    let job = spareJobs.withLock { $0.popLast() } ?? SharedJob()
    body(job)
    spareJobs.withLock { $0.append(job) }
  }
}
