import CSpawn
import Glibc

/// A process started here that has not been reaped: its number, and its group's, cannot belong to another one.
struct ChildProcess: ~Copyable {
  private let pid: pid_t
  /// Readable at the end of the process; -1 on a system without such descriptors.
  private let end: Int32

  init(pid: pid_t) {
    self.pid = pid
    end = headgate_process_descriptor(pid)
  }

  /// Whether it has ended; it is not reaped.
  func hasEnded() -> Bool {
    while true {
      var info = siginfo_t()
      let answer = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
      if answer == -1, errno == EINTR { continue }
      // A host that ignores SIGCHLD has no children to wait for.
      return answer == -1 || info.si_signo != 0
    }
  }

  /// Waits for output or the end, for a moment: nothing wakes it at a deadline or a cancellation.
  func wait(_ streams: borrowing OutputStreams) {
    streams.wait(process: end, milliseconds: 50)
  }

  /// Ends the process, not yet what it started: with a grace first so that it can remove its lock files, then for good.
  func stop(grace: Duration) {
    if grace > .zero {
      kill(-pid, SIGTERM)
      let start = ContinuousClock.now
      while !hasEnded(), ContinuousClock.now - start < grace { poll(nil, 0, 5) }
    }
    kill(-pid, SIGKILL)
  }

  /// Takes the status of the process, which is ending or has ended.
  /// - Parameter killingRemainder: whether what the group left behind ends with its leader.
  consuming func reap(killingRemainder: Bool) -> ProcessEnding.Status {
    while true {
      var info = siginfo_t()
      // Not reaped first, so that no signal can reach a group that got the number anew.
      guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR else { break }
    }
    if killingRemainder { kill(-pid, SIGKILL) }
    var status: Int32 = 0
    var answer = waitpid(pid, &status, 0)
    while answer == -1, errno == EINTR { answer = waitpid(pid, &status, 0) }
    // A host that ignores SIGCHLD has no status to give: never taken for a success.
    guard answer == pid else { return .exited(255) }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  deinit {
    if end >= 0 { close(end) }
  }
}
