import Synchronization

/// Where the server stands: `starting` leads to `serving`, `serving` to `draining`.
final class ServerLife: Sendable {
  private enum Phase {
    case starting, serving, draining
  }

  private let phase = Mutex(Phase.starting)

  /// Whether new requests are welcome.
  var isReady: Bool { phase.withLock { $0 == .serving } }
  var isDraining: Bool { phase.withLock { $0 == .draining } }

  /// Everything that the routes asked for at the start is loaded or has failed.
  func didStart() {
    phase.withLock { if $0 == .starting { $0 = .serving } }
  }

  func drain() {
    phase.withLock { $0 = .draining }
  }
}
