import Building
import Control
import Domain
import Gates
import Glibc
import Provenance
import Reconciling
import Repositories
import Specs
import Store
import Targets

/// A controller with everything it works with, on one state folder.
struct ControllerComposition {
  let controller: Controller
  private let interface: ControlInterface
  /// The repository and the branch, as messages show them.
  let watched: String
  private let folder: StateFolder

  /// - Parameter requiresSandbox: without it, a machine that cannot sandbox builds runs them with less isolation, after a
  ///   warning, and the objects show `SandboxReduced`.
  init(_ settings: Settings, folder: StateFolder, requiresSandbox: Bool) async throws {
    let remote = Self.remote(try settings.requiredRepository(folder))
    // Sockets, journal and builds are the owner's alone.
    umask(0o077)
    let journal = try SQLiteJournal(folder: folder)
    let store = try FileArtifactStore(folder: folder)
    let repository = try GitRepository(
      remote: remote, branch: settings.branch,
      folder: folder.repositories + "/" + Digest.sha256(of: remote).short + ".git")
    let inputs = RepositoryInputs(repository: repository, artifacts: store, memo: journal)
    let states = CommitStates(repository: repository, folder: settings.path)
    let sandbox = try await Self.sandbox(required: requiresSandbox)
    var controllerSettings = ControllerSettings()
    controllerSettings.pollInterval = settings.interval
    controller = try Controller(
      seams: ControllerSeams(
        journal: AnnouncingJournal(journal: journal), repository: repository, writeBack: repository, source: states,
        builder: SandboxedBuilder(
          inputs: inputs, artifacts: store, memo: journal, sandbox: sandbox, folder: folder.builds),
        gatekeeper: ModelGatekeeper(
          artifacts: store, inputs: inputs, scanner: FormatScanner(), memo: journal, runtimeVersion: BuildVersion.text,
          instructionSet: BuildVersion.instructionSet),
        target: LocalTarget(folder), store: store),
      settings: controllerSettings, wallTime: { .now })
    interface = ControlInterface(controller: controller, history: journal, store: store) {
      try await states.state(at: try await repository.fetchHead())
    }
    watched = "\(repository.displayedRemote) \(settings.branch)"
    self.folder = folder
  }

  /// Watches, reconciles and answers the command line until cancelled.
  func run() async throws {
    // The journal's lock says that no other controller uses this socket.
    unlink(folder.controllerSocket)
    defer { unlink(folder.controllerSocket) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await controller.run() }
      group.addTask { try await interface.run(socket: folder.controllerSocket) }
      try await group.next()
      group.cancelAll()
    }
  }

  private static func sandbox(required: Bool) async throws -> Sandbox {
    if required { return try await Sandbox.detect() }
    switch await Sandbox.available() {
    case .success(let sandbox): return sandbox
    case .failure(let reason):
      Terminal.complain("headgate: builds run with less isolation: \(reason.message)")
      return .reduced
    }
  }

  /// A path is made absolute, since git runs in other folders.
  private static func remote(_ text: String) -> String {
    guard !text.contains(":"), let resolved = realpath(text, nil) else { return text }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
