import Synchronization

/// The threads that one run may use: its own, and workers of the pool as far as they are free.
///
/// Work is split into parts that any thread may take, one after the other, so that a thread that comes late or is slow
/// does fewer of them. What parts compute must not depend on who does them, nor in which order.
package struct ThreadTeam: Sendable {
  /// One thread: the caller's.
  package static let alone = ThreadTeam(width: 1, pool: nil)

  /// The most threads that work at once.
  package let width: Int
  private let pool: ThreadPool?
  /// Less work than this is done sooner than shared, in nanoseconds: with what one thread made the other has to wait for
  /// its cache. The layers of a small mobile net, 20 to 40 microseconds each, take longer on two threads than on one.
  private let leastShared: Double

  /// Less is done sooner than a sleeping thread wakes.
  private var leastToWake: Double { 2 * leastShared }
  /// A part that takes longer is worth splitting.
  private static var longPart: Double { 100_000 }

  init(width: Int, pool: ThreadPool?, leastShared: Double = 40_000) {
    self.width = width
    self.pool = pool
    self.leastShared = leastShared
  }

  /// Calls `body` with each part from 0 on, and with a number below `width` that no two threads have at one time.
  ///
  /// SAFETY: parts are done at the same time, so that none may write what another reads or writes.
  ///
  /// - Parameter nanoseconds: about how long all parts take on one thread; short work is not shared.
  package func forEach(_ count: Int, taking nanoseconds: Double, _ body: (_ part: Int, _ member: Int) -> Void) {
    let members = min(count, membersNow(for: nanoseconds))
    guard let pool, members > 1, nanoseconds >= leastShared else {
      for part in 0..<count { body(part, 0) }
      return
    }
    pool.withJob { job in
      job.run(
        count, with: members - 1, of: pool, maySleep: nanoseconds >= leastToWake, atMost: 4 * nanoseconds + 500_000,
        body)
    }
  }

  /// The same for parts that may fail: the error of the first that failed is thrown after all.
  package func tryForEach(
    _ count: Int, taking nanoseconds: Double, _ body: (_ part: Int, _ member: Int) throws(TensorError) -> Void
  ) throws(TensorError) {
    let failure = Mutex<(part: Int, error: TensorError)?>(nil)
    forEach(count, taking: nanoseconds) { part, member in
      do throws(TensorError) {
        try body(part, member)
      } catch {
        failure.withLock { known in
          if part < known?.part ?? .max { known = (part, error) }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }

  /// The same threads, but no more than `count` at once.
  package func atMost(_ count: Int) -> ThreadTeam {
    ThreadTeam(width: min(width, count), pool: pool, leastShared: leastShared)
  }

  /// Into how many parts work is best split: one for each thread, and more when it is long, for no thread need be as
  /// fast as the others.
  package func partCount(taking nanoseconds: Double) -> Int {
    guard width > 1, nanoseconds >= leastShared else { return 1 }
    let members = membersNow(for: nanoseconds)
    return members > 1 ? members * max(1, Int(min(nanoseconds / Double(members) / Self.longPart, 4))) : 1
  }

  /// The threads that would work at once now.
  private func membersNow(for nanoseconds: Double) -> Int {
    guard let pool else { return 1 }
    return min(width, 1 + pool.helperCount(maySleep: nanoseconds >= leastToWake))
  }

  /// Calls `body` with ranges that make up `0..<count`, as many as make good use of the team.
  ///
  /// SAFETY: see `forEach`.
  ///
  /// - Parameters:
  ///   - nanoseconds: about how long one of the items takes.
  ///   - granule: ranges begin at a multiple of it.
  package func split(
    _ count: Int, each nanoseconds: Double, granule: Int = 1, _ body: (_ range: Range<Int>, _ member: Int) -> Void
  ) {
    let time = Double(count) * nanoseconds
    let units = (count + granule - 1) / granule
    let parts = min(units, partCount(taking: time))
    guard parts > 1 else {
      if count > 0 { body(0..<count, 0) }
      return
    }
    forEach(parts, taking: time) { part, member in
      let (begin, end) = (units * part / parts * granule, units * (part + 1) / parts * granule)
      body(begin..<min(end, count), member)
    }
  }
}
