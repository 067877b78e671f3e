import ArgumentParser
import Domain
import Logging
import Provenance
import Serving
import Specs

struct ServerProgram: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Run the model server alone: serve what the controller of the same state folder says.",
    discussion: """
      It starts from the last routes it took, and needs no controller to go on serving. A model without passing evidence \
      in the state folder gets no traffic. What no flag says is read from headgate.yaml in the state folder: rest.host, \
      rest.port, threads.
      """)

  @OptionGroup var state: StateOptions
  @OptionGroup var serving: ServingOptions

  func run() async throws {
    let folder = try state.folder
    let settings = Settings(flags: serving.flags, file: try ConfigurationFile.read(folder))
    let server = ModelServer(
      .gated(folder, EvidenceAdmission(folder)), settings: settings.ofServer, logger: Logger(label: "headgate.server"))
    // Announced once the socket is ours: another server that lives keeps its own number.
    try await server.runUntilTerminated { ServerLifetime.announce(folder) }
  }
}

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve one model file for development, without gates, on this machine only.",
    discussion: """
      The model has the file's name without its ending. Answers, metrics and the log are marked 'ungated'. No state folder \
      is used.
      """)

  @Argument(
    help: "A model file: ONNX, XGBoost's JSON or UBJSON, or LightGBM's text.",
    completion: .file(extensions: ["onnx", "json", "ubj", "txt"]))
  var file: String
  @Flag(help: "Let other machines reach the ungated model.")
  var allowUngated = false
  @OptionGroup var serving: ServingOptions

  func run() async throws {
    let server = ModelServer(
      .ungated(file: file, allowsPublic: allowUngated), settings: Settings(flags: serving.flags).ofServer,
      logger: Logger(label: "headgate.serve"))
    try await server.runUntilTerminated()
  }
}

extension Settings {
  fileprivate var ofServer: ServerSettings {
    var settings = ServerSettings(host: restHost, port: restPort, version: BuildVersion.text)
    if let threads { settings.threadCount = threads }
    return settings
  }
}

extension ModelServer {
  /// Serves until SIGTERM or SIGINT; what was accepted is answered first.
  /// - Parameter onListening: called once both addresses answer.
  fileprivate func runUntilTerminated(onListening: @escaping @Sendable () -> Void = {}) async throws {
    let handlers = TerminationSignals.handle { self.stop() }
    do {
      try await run { address in
        onListening()
        Terminal.show("listening on http://\(address.host):\(address.port)")
      }
    } catch let error as ServerError {
      throw Failure(error.message)
    }
    handlers.cancel()
  }
}
