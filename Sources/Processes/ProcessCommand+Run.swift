import Glibc
import Synchronization

extension ProcessCommand {
  /// Runs the program in a process group of its own and waits for its end.
  ///
  /// When the time is over or the task is cancelled, the whole group is killed with SIGKILL. The program is started and
  /// awaited on one thread made for it: a child that asks the kernel to die with its parent dies with the *thread* that
  /// made it, so a pooled thread would not do.
  /// - Throws: `ProcessError` when the program cannot be started; `CancellationError` when the task was cancelled.
  package func run(deadline: Duration) async throws -> ProcessEnding {
    let child = RunningChild()
    let ending = try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: ProcessEnding?.self) { group in
        group.addTask { try await child.runOnOwnThread(self) }
        group.addTask {
          try? await Task.sleep(for: deadline)
          if !Task.isCancelled { child.kill(timedOut: true) }
          return nil
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
          if let result { return result }
        }
        throw ProcessError("\(executable) ended without a result")
      }
    } onCancel: {
      child.kill(timedOut: false)
    }
    try Task.checkCancellation()
    return ending
  }
}

/// A child process and the right to kill its group while it has not been reaped.
private final class RunningChild: Sendable {
  private enum State {
    case waiting
    case running(pid_t)
    /// Asked to end before it had begun.
    case unwanted
    case ended
  }

  private struct Life {
    var state = State.waiting
    var timedOut = false
  }

  private let life = Mutex(Life())

  func kill(timedOut: Bool) {
    life.withLock { life in
      switch life.state {
      case .waiting: life.state = .unwanted
      case .running(let pid):
        life.timedOut = timedOut
        _ = Glibc.kill(-pid, SIGKILL)
      case .unwanted, .ended: break
      }
    }
  }

  func runOnOwnThread(_ command: ProcessCommand) async throws -> ProcessEnding {
    try await withCheckedThrowingContinuation { continuation in
      let work = Work {
        continuation.resume(with: Result { try self.run(command) })
      }
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
        continuation.resume(throwing: ProcessError("no thread could be made: \(String(cString: strerror(code)))"))
      }
    }
  }

  private func run(_ command: ProcessCommand) throws -> ProcessEnding {
    let streams = try OutputStreams(command.output)
    let pid = try life.withLock { life in
      if case .unwanted = life.state { throw CancellationError() }
      let pid = try command.spawn(streams)
      life.state = .running(pid)
      return pid
    }
    let (output, error) = streams.drain()
    return ProcessEnding(status: reap(pid), standardOutput: output, standardError: error)
  }

  /// Waits without reaping first, so that no kill can reach a process that got the number anew.
  private func reap(_ pid: pid_t) -> ProcessEnding.Status {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    return life.withLock { life in
      // What the group left behind ends with its leader.
      _ = Glibc.kill(-pid, SIGKILL)
      life.state = .ended
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1, errno == EINTR {}
      if life.timedOut { return .timedOut }
      let signal = status & 0x7f
      return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
  }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
