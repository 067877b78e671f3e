import Glibc

/// Threads that do the same at the same time, as callers of a server do.
enum Callers {
  private final class Context {
    let body: (Int) -> Void
    let index: Int

    init(_ body: @escaping (Int) -> Void, _ index: Int) {
      self.body = body
      self.index = index
    }
  }

  /// Calls `body` with 0 up to before `count`, each on a thread of its own, and waits for all.
  ///
  /// SAFETY: `body` is called at the same time by all threads.
  ///
  /// - Throws: `RunError.memoryLimit` when the system has not so many threads; `body` may have been called then.
  static func run(_ count: Int, _ body: (Int) -> Void) throws(RunError) {
    let isComplete = withoutActuallyEscaping(body) { body in
      let threads = (0..<count).map { start(Context(body, $0)) }
      for case let thread? in threads { pthread_join(thread, nil) }
      return threads.allSatisfy { $0 != nil }
    }
    guard isComplete else { throw RunError(.memoryLimit, "the system has no \(count) threads for callers") }
  }

  private static func start(_ context: Context) -> pthread_t? {
    let pointer = Unmanaged.passRetained(context).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let context = Unmanaged<Context>.fromOpaque(pointer).takeRetainedValue()
        context.body(context.index)
        return nil
      }, pointer)
    if code == 0 { return thread }
    Unmanaged<Context>.fromOpaque(pointer).release()
    return nil
  }
}
