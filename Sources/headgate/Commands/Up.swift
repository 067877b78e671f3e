import ArgumentParser
import Domain
import Glibc
import Processes
import Specs
import Targets

struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the controller and a model server on this machine.",
    discussion: """
      The server runs in a process group of its own: it serves on when the controller is killed, and the next `up` adopts \
      it. SIGINT and SIGTERM end both, after the requests under way. Where the sandbox is not available, builds run with \
      less isolation after a warning. What no flag says is read from headgate.yaml in the state folder: repository, \
      branch, path, interval, rest.host, rest.port, threads.
      """)

  @OptionGroup var options: ControllerOptions
  @OptionGroup var serving: ServingOptions

  func run() async throws {
    let folder = try options.state.folder
    let settings = Settings(flags: serving.flags.over(options.flags), file: try ConfigurationFile.read(folder))
    let composition = try await ControllerComposition(settings, folder: folder, requiresSandbox: false)
    let log = folder.root + "/server.log"
    let command = ServerCommand(
      executable: try Self.thisProgram(),
      arguments: [
        "server", "--state", folder.root, "--rest-host", settings.restHost, "--rest-port", "\(settings.restPort)",
      ]
        + (settings.threads.map { ["--threads", "\($0)"] } ?? []),
      environment: Dictionary(
        ProcessEnvironment.variables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
      log: log)
    let supervisor = ServerSupervisor(folder, command: command) { event in
      Terminal.complain("headgate: model server \(event.text); its log is \(log)")
    }
    Terminal.complain("headgate: watching \(composition.watched), state in \(folder.root)")
    try await Interruption.run {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await supervisor.run() }
        group.addTask { try await composition.run() }
        try await group.next()
        group.cancelAll()
      }
    }
    await ServerLifetime.end(folder)
  }

  private static func thisProgram() throws -> String {
    guard let path = realpath("/proc/self/exe", nil) else { throw Failure("/proc is not mounted: mount it") }
    defer { free(path) }
    return String(cString: path)
  }
}

extension ServerSupervisor.Event {
  fileprivate var text: String {
    switch self {
    case .adopted: "was running already"
    case .started(let pid): "started as process \(pid)"
    case .listening: "listens"
    case .ended: "has ended"
    case .failed(let message): message
    }
  }
}
