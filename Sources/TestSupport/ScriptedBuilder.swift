import Domain
import Synchronization

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
