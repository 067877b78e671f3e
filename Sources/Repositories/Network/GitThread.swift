import Dispatch
import Domain
import Processes

/// A thread for calls that block, so that none of them holds the cooperative pool. One call at a time.
struct GitThread: Sendable {
  private let queue: DispatchQueue

  init(_ name: String) {
    queue = DispatchQueue(label: name)
  }

  /// Runs a blocking call; cancelling the task cancels what the call waits for.
  func run<Answer: Sendable>(
    _ body: @escaping @Sendable (Cancellation) throws(GitError) -> Answer
  ) async throws(GitError) -> Answer {
    let cancellation = Cancellation()
    let result: Result<Answer, GitError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.async {
          continuation.resume(returning: Result { () throws(GitError) in try body(cancellation) })
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }
}
