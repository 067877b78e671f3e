import ArgumentParser
import Serving
import Specs

struct ControllerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controller", abstract: "Run the controller alone: watch a repository and reconcile.",
    discussion: """
      It routes traffic in the model server of the same state folder, which is started by `headgate server`. Builds run \
      only in the sandbox. What no flag says is read from headgate.yaml in the state folder: repository, branch, path, \
      interval.
      """)

  @OptionGroup var options: ControllerOptions

  func run() async throws {
    let folder = try options.state.folder
    let settings = Settings(flags: options.flags, file: try ConfigurationFile.read(folder))
    let composition = try await ControllerComposition(settings, folder: folder, requiresSandbox: true)
    Terminal.complain("headgate: watching \(composition.watched), state in \(folder.root)")
    try await Interruption.run { try await composition.run() }
  }
}

/// Runs work until SIGTERM or SIGINT asks for its end.
enum Interruption {
  static func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
    let (signals, continuation) = AsyncStream<Void>.makeStream()
    let handlers = TerminationSignals.handle { continuation.yield() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await work() }
      group.addTask { for await _ in signals { break } }
      do {
        try await group.next()
        group.cancelAll()
        try await group.waitForAll()
      } catch is CancellationError {
      }
    }
    handlers.cancel()
  }
}
