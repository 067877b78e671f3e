import Glibc

extension ProcessCommand {
  /// Runs the program to its end and collects what it writes. Blocks the calling thread.
  ///
  /// The end is the program's own: processes it leaves behind may hold its output open, and are not waited for.
  /// - Throws: `ProcessError` when the program cannot be started.
  package func run(_ limits: ProcessLimits, _ cancellation: Cancellation) throws(ProcessError) -> ProcessEnding {
    guard !cancellation.isCancelled else {
      return ProcessEnding(status: .stopped(.cancelled), standardOutput: [], standardError: [])
    }
    var streams = try OutputStreams(output)
    let start = ContinuousClock.now
    let child = ChildProcess(pid: try spawn(&streams))
    var reason: ProcessEnding.StopReason?
    while true {
      streams.read()
      if child.hasEnded() { break }
      reason = limits.reasonToStop(streams, since: start, cancellation)
      if reason != nil { break }
      child.wait(streams)
    }
    if reason != nil { child.stop(grace: limits.grace) }
    let status = child.reap(killingRemainder: reason != nil || limits.killsRemainder)
    // What it wrote just before its end is still in the pipes.
    streams.read()
    if reason == nil, limits.stopsAtOutputLimit, streams.isOutputOverLimit { reason = .tooMuchOutput }
    return ProcessEnding(
      status: reason.map { .stopped($0) } ?? status, standardOutput: streams.output, standardError: streams.errorTail)
  }

  /// Runs the program on a thread made for it: a child that asks the kernel to die with its parent dies with the *thread*
  /// that made it, so a pooled thread would not do.
  ///
  /// When the time is over or the task is cancelled, the whole group is killed with SIGKILL.
  /// - Throws: `ProcessError` when the program cannot be started; `CancellationError` when the task was cancelled.
  package func run(deadline: Duration) async throws -> ProcessEnding {
    let cancellation = Cancellation()
    let ending = try await withTaskCancellationHandler {
      try await OwnThread.run { () throws(ProcessError) in try run(ProcessLimits(total: deadline), cancellation) }
    } onCancel: {
      cancellation.cancel()
    }
    try Task.checkCancellation()
    return ending
  }
}

extension ProcessLimits {
  fileprivate func reasonToStop(
    _ streams: borrowing OutputStreams, since start: ContinuousClock.Instant, _ cancellation: Cancellation
  ) -> ProcessEnding.StopReason? {
    if cancellation.isCancelled { return .cancelled }
    if stopsAtOutputLimit, streams.isOutputOverLimit { return .tooMuchOutput }
    let now = ContinuousClock.now
    if let silence, now - streams.lastByte > silence { return .silent }
    return now - start > total ? .timeOver : nil
  }
}
