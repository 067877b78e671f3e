import Glibc

/// Memory that the allocator keeps after it was freed.
package enum FreeMemory {
  private typealias Trim = @convention(c) (Int) -> Int32

  // glibc declares malloc_trim in a header that Swift's module leaves out; another libc may not have it at all.
  private static let trim: Trim? = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

  /// Gives it back to the system, so that an unloaded model does not stay in the process's size.
  package static func giveBack() {
    _ = trim?(0)
  }
}
