import Connections
import Domain
import Processes

/// Keeps one model server alive: adopts the one that answers on `server.sock`, starts one when none does, and starts it again
/// when it ends. When the supervisor itself ends, the server goes on: the next supervisor adopts it.
///
/// The end of a server is noticed at once, because the system then closes the connection that watches it; nothing is polled
/// while it lives. A restarted server has its routes from its own disk.
package struct ServerSupervisor: Sendable {
  /// What the supervisor did or saw.
  package enum Event: Sendable, Hashable {
    /// A server that was there already, left by a former controller.
    case adopted
    case started(pid: Int32)
    /// The server answers on its socket.
    case listening
    case ended
    /// The server cannot be started, or ends again and again.
    case failed(String)
  }

  private let folder: StateFolder
  private let command: ServerCommand
  /// How long a new server may take until it listens.
  private let startDeadline: Duration
  private let onEvent: @Sendable (Event) -> Void

  package init(
    _ folder: StateFolder, command: ServerCommand, startDeadline: Duration = .seconds(20),
    onEvent: @escaping @Sendable (Event) -> Void = { _ in }
  ) {
    self.folder = folder
    self.command = command
    self.startDeadline = startDeadline
    self.onEvent = onEvent
  }

  /// Runs until the task is cancelled; never ends the server.
  package func run() async {
    await run(clock: ContinuousClock())
  }

  /// The same on any clock.
  package func run(clock: some Clock<Duration>) async {
    var policy = RestartPolicy()
    if let watch = await connect() {
      onEvent(.adopted)
      await watch.waitForEnd()
      guard !Task.isCancelled else { return }
      onEvent(.ended)
    }
    while !Task.isCancelled {
      let start = clock.now
      await runOnce(clock)
      guard !Task.isCancelled else { return }
      let wait = policy.ended(after: start.duration(to: clock.now))
      guard wait > .zero else { continue }
      onEvent(.failed("the server ended \(policy.earlyEnds) times right after its start; the next start is in \(wait)"))
      try? await clock.sleep(for: wait)
    }
  }

  /// Starts a server and waits for its end.
  private func runOnce(_ clock: some Clock<Duration>) async {
    let process: DetachedProcess
    do throws(StageError) {
      process = try command.start()
    } catch {
      onEvent(.failed(error.message))
      return
    }
    onEvent(.started(pid: process.pid))
    let deadline = clock.now.advanced(by: startDeadline)
    while process.isAlive(), !Task.isCancelled {
      if let watch = await connect() {
        onEvent(.listening)
        await watch.waitForEnd()
        guard !Task.isCancelled else { return }
        onEvent(.ended)
        // The process closes its sockets just before it is gone.
        await waitForEnd(of: process, clock)
        return
      }
      guard clock.now < deadline else {
        onEvent(.failed("the server does not listen within \(startDeadline); see \(command.log)"))
        process.kill()
        return
      }
      try? await clock.sleep(for: .milliseconds(10))
    }
    guard !Task.isCancelled else { return }
    onEvent(.ended)
    // Another server may have taken the socket meanwhile: then it is the one to watch.
    guard let watch = await connect() else { return }
    onEvent(.adopted)
    await watch.waitForEnd()
  }

  /// Gives a server that closed its socket time to finish; one that hangs then is killed.
  private func waitForEnd(of process: DetachedProcess, _ clock: some Clock<Duration>) async {
    let deadline = clock.now.advanced(by: .seconds(1))
    while process.isAlive(), clock.now < deadline {
      try? await clock.sleep(for: .milliseconds(5))
      if Task.isCancelled { return }
    }
    process.kill()
  }

  private func connect() async -> ConnectionWatch? {
    do throws(ClientError) {
      return try await ConnectionWatch(.unix(path: folder.serverSocket), connectTimeout: .seconds(2))
    } catch {
      return nil
    }
  }
}
