import Glibc

extension ProcessCommand {
  /// Starts the program and leaves it to itself, so that it outlives whoever starts it.
  ///
  /// Its output belongs in a file: nobody would read what is captured.
  /// - Throws: `ProcessError` when the program cannot be started.
  package func startDetached() throws(ProcessError) -> DetachedProcess {
    var streams = try OutputStreams(output)
    return DetachedProcess(pid: try spawn(&streams))
  }
}

/// A program that was started here and goes on by itself.
package struct DetachedProcess: Sendable, Hashable {
  package let pid: pid_t

  /// Whether it still runs. A dead one is reaped, after which this is always false.
  package func isAlive() -> Bool {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) == 0
  }

  /// Kills its group, and reaps it.
  package func kill() {
    guard isAlive() else { return }
    Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
  }
}
