import Glibc

/// A thread that lives for one call.
enum OwnThread {
  /// Runs a blocking call on a thread made for it.
  /// - Throws: what the call throws, or `ProcessError` when no thread can be made.
  static func run<Answer: Sendable>(
    _ body: @escaping @Sendable () throws(ProcessError) -> Answer
  ) async throws(ProcessError) -> Answer {
    let result: Result<Answer, ProcessError> = await withCheckedContinuation { continuation in
      let work = Work { continuation.resume(returning: Result(catching: body)) }
      let context = Unmanaged.passRetained(work).toOpaque()
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
          return nil
        }, context)
      if code == 0 {
        pthread_detach(thread)
      } else {
        Unmanaged<Work>.fromOpaque(context).release()
        continuation.resume(returning: .failure(ProcessError("no thread could be made", code: code)))
      }
    }
    return try result.get()
  }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
