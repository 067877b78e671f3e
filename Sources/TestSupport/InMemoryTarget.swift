import Domain
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
