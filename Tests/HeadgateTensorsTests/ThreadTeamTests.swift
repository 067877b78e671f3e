import Foundation
import Synchronization
import Testing

@testable import HeadgateTensors

@Suite struct `A team of threads` {
  /// Counts how often each part is done.
  private func counts(_ team: ThreadTeam, _ count: Int, work: (Int) -> Void = { _ in }) -> [Int] {
    let done = Mutex([Int](repeating: 0, count: count))
    team.forEach(count, taking: 1e9) { part, _ in
      work(part)
      done.withLock { $0[part] += 1 }
    }
    return done.withLock { $0 }
  }

  @Test func `does every part once`() {
    for count in [0, 1, 2, 3, 4, 5, 17, 1000] {
      for team in [ThreadTeam.alone, .eager] {
        #expect(counts(team, count) == [Int](repeating: 1, count: count))
      }
    }
  }

  /// Waits until something holds, for ten seconds at most.
  private func waitUntil(_ holds: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(10)
    while !holds() {
      if ContinuousClock.now > end { return false }
      sched_yield()
    }
    return true
  }

  @Test func `does parts at the same time, and numbers the threads`() {
    // Each of two parts waits until the other has begun, which one thread could never do. Nobody else has the pool.
    let team = ThreadTeam(width: 2, pool: ThreadPool(processorCount: 2), leastShared: 0)
    let begun = Atomic<Int>(0)
    let members = Mutex(Set<Int>())
    team.forEach(2, taking: 1e9) { _, member in
      begun.add(1, ordering: .relaxed)
      _ = waitUntil { begun.load(ordering: .relaxed) == 2 }
      _ = members.withLock { $0.insert(member) }
    }
    #expect(members.withLock { $0 } == [0, 1])
  }

  @Test func `may be used within its own parts`() {
    let total = Atomic<Int>(0)
    ThreadTeam.eager.forEach(8, taking: 1e9) { _, _ in
      ThreadTeam.eager.forEach(8, taking: 1e9) { part, _ in total.add(part, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 8 * 28)
  }

  @Test func `keeps its promises to many callers at once`() {
    // More callers than threads, with work so short that workers often come too late.
    let wrong = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 8) { caller in
      for round in 0..<400 {
        let count = 2 + (caller + round) % 7
        let sums = UnsafeMutablePointer<Int>.allocate(capacity: count)
        sums.initialize(repeating: 0, count: count)
        ThreadTeam.eager.forEach(count, taking: 1e9) { part, _ in sums[part] += part + 1 }
        if (0..<count).contains(where: { sums[$0] != $0 + 1 }) { wrong.add(1, ordering: .relaxed) }
        sums.deallocate()
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test func `wakes threads that sleep, and waits for their parts`() {
    let team = ThreadTeam(width: 2, pool: ThreadPool(processorCount: 2), leastShared: 0)
    for _ in 0..<5 {
      // Longer than workers look for work.
      usleep(3_000)
      // The caller does its part at once, and then sleeps until the other is done.
      let members = Mutex([Int]())
      let begun = Atomic<Int>(0)
      team.forEach(2, taking: 1e9) { _, member in
        begun.add(1, ordering: .relaxed)
        _ = waitUntil { begun.load(ordering: .relaxed) == 2 }
        if member == 1 { usleep(5_000) }
        members.withLock { $0.append(member) }
      }
      // Which comes first is up to the system when others want the processors.
      #expect(members.withLock { $0.sorted() } == [0, 1])
    }
  }

  @Test func `hands on the first error when all parts are over`() {
    let done = Atomic<Int>(0)
    let error = #expect(throws: TensorError.self) {
      try ThreadTeam.eager.tryForEach(10, taking: 1e9) { (part, _) throws(TensorError) in
        done.add(1, ordering: .relaxed)
        if part == 3 || part == 8 { throw TensorError(.shape, "part \(part)") }
      }
    }
    #expect(error?.message == "part 3")
    #expect(done.load(ordering: .relaxed) == 10)
  }

  @Test func `splits a range without gaps, at multiples of a granule`() {
    for (count, granule) in [(0, 1), (1, 1), (7, 64), (64, 64), (100, 64), (1000, 1), (1000, 256)] {
      let ranges = Mutex<[Range<Int>]>([])
      ThreadTeam.eager.split(count, each: 1e6, granule: granule) { range, _ in ranges.withLock { $0.append(range) } }
      let sorted = ranges.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
      #expect(sorted.flatMap { Array($0) } == Array(0..<count))
      #expect(sorted.allSatisfy { $0.lowerBound % granule == 0 && !$0.isEmpty })
    }
  }

  @Test func `does short work alone`() {
    let pool = ThreadPool(processorCount: 2)
    let team = pool.begin(limit: nil)
    let thread = pthread_self()
    team.forEach(2, taking: 100) { _, _ in #expect(pthread_equal(thread, pthread_self()) != 0) }
    #expect(team.partCount(taking: 100) == 1)
    #expect(team.partCount(taking: 1e9) == 8)
    pool.end()
  }

  @Test func `has no help while other runs keep the processors busy`() {
    let pool = ThreadPool(processorCount: 2)
    let team = pool.begin(limit: nil)
    #expect(team.partCount(taking: 1e9) > 1)
    _ = pool.begin(limit: nil)
    #expect(team.partCount(taking: 1e9) == 1)
    let thread = pthread_self()
    team.forEach(4, taking: 1e9) { _, _ in #expect(pthread_equal(thread, pthread_self()) != 0) }
    pool.end()
    #expect(team.partCount(taking: 1e9) > 1)
    pool.end()
  }

  @Test func `leaves the workers alone for a while when shared work takes far too long`() {
    let pool = ThreadPool(processorCount: 2)
    let team = pool.begin(limit: nil)
    #expect(team.partCount(taking: 1e6) > 1)
    // Said to take a tenth of a millisecond.
    team.forEach(2, taking: 1e5) { _, _ in usleep(3_000) }
    #expect(team.partCount(taking: 1e6) == 1)
    usleep(60_000)
    #expect(team.partCount(taking: 1e6) > 1)
    pool.end()
  }

  @Test func `keeps no more threads busy than there are processors`() {
    let pool = ThreadPool(processorCount: 4)
    let active = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let teams = (0..<3).map { _ in pool.begin(limit: nil) }
    DispatchQueue.concurrentPerform(iterations: 3) { run in
      for _ in 0..<20 {
        teams[run].forEach(8, taking: 1e9) { _, _ in
          most.max(active.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .sequentiallyConsistent)
          usleep(100)
          active.subtract(1, ordering: .sequentiallyConsistent)
        }
      }
    }
    for _ in teams { pool.end() }
    #expect(most.load(ordering: .sequentiallyConsistent) <= 4)
    // Nothing that was reserved is lost.
    #expect(pool.idleProcessorCount == 4)
  }

  @Test func `is as wide as asked for, and no wider than the machine`() {
    let pool = ThreadPool(processorCount: 3)
    #expect(pool.begin(limit: nil).width == 3)
    #expect(pool.begin(limit: 2).width == 2)
    #expect(pool.begin(limit: 1).width == 1)
    #expect(pool.begin(limit: 100).width == 3)
    #expect(ThreadPool(processorCount: 0).begin(limit: nil).width == 1)
  }
}

/// The formats are those of the kernel's documentation of control groups.
@Suite struct `The count of processors` {
  @Test(
    arguments: [
      ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("10000 100000", 1), ("", nil), ("5", nil),
      ("-1 100000", nil), ("100000 0", nil), ("1 2 3", nil),
    ] as [(String, Int?)])
  func `is bounded by a quota`(_ text: String, _ expected: Int?) {
    #expect(ProcessorCount.quota(v2: text) == expected)
  }

  @Test func `is at least one`() {
    #expect(ProcessorCount.quota(v2: nil) == nil)
    #expect(ProcessorCount.available >= 1)
  }
}
