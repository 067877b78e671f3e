import Glibc

/// Lets threads sleep until there is work: a counting semaphore of the system.
///
/// SAFETY: `@unchecked Sendable` holds because `sem_t` is made for use from many threads, is never moved, and lives as
/// long as the object.
package final class WorkSignal: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    semaphore = .allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Wakes one thread, now or when it next waits.
  package func post() { sem_post(semaphore) }

  /// Wakes every thread there can be.
  package func postAll() {
    for _ in 0..<1024 { sem_post(semaphore) }
  }

  /// Sleeps until someone posts. May return early; callers look again for work.
  package func wait() {
    sem_wait(semaphore)
  }
}
