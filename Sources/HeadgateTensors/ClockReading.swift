import Glibc

/// What clocks show, for measuring: nanoseconds from any beginning.
package enum ClockReading {
  /// The time that passes.
  package static var wall: UInt64 { read(CLOCK_MONOTONIC) }

  /// The time in which a processor worked for this thread.
  package static var thread: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  /// The time in which processors worked for all threads of this process.
  package static var process: UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
