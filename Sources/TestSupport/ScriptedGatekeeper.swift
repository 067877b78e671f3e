import Domain
import Synchronization

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
