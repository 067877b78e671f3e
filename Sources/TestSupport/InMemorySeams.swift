import Domain
import Reconciling
import Synchronization

/// A target over a simulated server.
package final class InMemoryTarget: Target {
  private struct State {
    var server = SimulatedServer()
    var isReachable = true
    var applied = 0
    var requestsPerLook = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// How many documents were taken.
  package var appliedCount: Int { state.withLock { $0.applied } }
  package var document: RouteDocument? { state.withLock { $0.server.document } }
  package var status: ServerStatus { state.withLock { $0.server.status } }

  /// Requests to each model between two looks.
  package func send(_ count: Int) { state.withLock { $0.requestsPerLook = count } }
  package func setReachable(_ isReachable: Bool) { state.withLock { $0.isReachable = isReachable } }
  package func restart() { state.withLock { $0.server.restart() } }
  package func forget() { state.withLock { $0.server.forget() } }
  package func behave(_ behaviour: SimulatedServer.Behaviour, model: Digest) {
    state.withLock { $0.server.behaviours[model] = behaviour }
  }

  package func apply(_ routes: RouteDocument) async throws(StageError) {
    let result = state.withLock { state -> Result<Void, StageError> in
      guard state.isReachable else { return .failure(.unreachable) }
      do throws(StageError) {
        try state.server.apply(routes)
        state.applied += 1
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  package func observe() async throws(StageError) -> ServerStatus {
    let result = state.withLock { state -> Result<ServerStatus, StageError> in
      guard state.isReachable else { return .failure(.unreachable) }
      state.server.tick(requests: state.requestsPerLook)
      return .success(state.server.status)
    }
    return try result.get()
  }
}

extension StageError {
  fileprivate static var unreachable: StageError {
    StageError(.loading, reason: "TargetUnreachable", "The server does not answer.", remedy: .retry)
  }
}

/// A builder that makes the model a sample names, as slowly and as faultily as it is told.
package final class ScriptedBuilder: Builder {
  private struct State {
    var failures: [ModelName: [StageError]] = [:]
    var gates: [ModelName: AsyncStream<Never>] = [:]
    var started: [ModelName] = []
    var cancelled: [ModelName] = []
  }

  private let state = Mutex(State())

  package init() {}

  package var started: [ModelName] { state.withLock { $0.started } }
  package var cancelled: [ModelName] { state.withLock { $0.cancelled } }

  /// Lets the next builds of an object fail, one after another.
  package func fail(_ name: ModelName, with errors: [StageError]) {
    state.withLock { $0.failures[name] = errors }
  }

  /// Makes builds of an object last until the returned closure is called, or until they are cancelled.
  package func hold(_ name: ModelName) -> @Sendable () -> Void {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    state.withLock { $0.gates[name] = stream }
    return {
      self.state.withLock { $0.gates[name] = nil }
      continuation.finish()
    }
  }

  package func build(_ deployment: DesiredDeployment) async throws(StageError) -> BuildResult {
    let name = deployment.spec.name
    let gate = state.withLock { state in
      state.started.append(name)
      return state.gates[name]
    }
    if let gate {
      for await _ in gate {}
      if Task.isCancelled {
        state.withLock { $0.cancelled.append(name) }
        throw StageError(.building, reason: "Cancelled", "The build was cancelled.", remedy: .retry)
      }
    }
    let failure = state.withLock { state -> StageError? in
      guard state.failures[name]?.isEmpty == false else { return nil }
      return state.failures[name]?.removeFirst()
    }
    if let failure { throw failure }
    let model = Samples.model(of: deployment)
    return BuildResult(model: model, inputs: deployment.digest, log: nil, reused: false)
  }
}

/// A gatekeeper that lets pass what it is not told to judge otherwise.
package final class ScriptedGatekeeper: Gatekeeper {
  private let verdicts = Mutex<[Digest: Verdict]>([:])

  package init() {}

  /// The verdict on a model from now on.
  package func judge(_ model: Digest, as verdict: Verdict) {
    verdicts.withLock { $0[model] = verdict }
  }

  package func judge(_ request: GateRequest) async throws(StageError) -> Evidence {
    Samples.evidence(for: request, verdict: verdicts.withLock { $0[request.candidate] } ?? .pass)
  }
}

/// Files by digest, in memory.
package final class InMemoryStore: ArtifactStore {
  private let shelves = Mutex<[Shelf: [Digest: [UInt8]]]>([:])

  package init() {}

  package func bytes(of digest: Digest, in shelf: Shelf) -> [UInt8]? {
    shelves.withLock { $0[shelf]?[digest] }
  }

  package func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    let digest = Digest.sha256(of: bytes)
    shelves.withLock { $0[shelf, default: [:]][digest] = bytes }
    return digest
  }

  package func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    throw StoreError(.failed, "The store in memory takes no files.")
  }

  package func path(of digest: Digest, in shelf: Shelf) -> String? {
    bytes(of: digest, in: shelf).map { _ in "/in-memory/\(Shelf.fileName(of: digest))" }
  }
}
