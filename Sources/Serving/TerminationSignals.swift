import Dispatch
import Glibc

/// The requests to end that a process gets from outside: SIGTERM and SIGINT.
package enum TerminationSignals {
  /// Calls `body` for each of the signals from now on, instead of ending the process; a second signal ends it at once.
  ///
  /// - Returns: what keeps the handlers alive; let go of it to leave the signals ignored.
  package static func handle(_ body: @escaping @Sendable () -> Void) -> TerminationHandlers {
    let sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        signal(number, SIG_DFL)
        body()
      }
      source.resume()
      return source
    }
    return TerminationHandlers(sources: sources)
  }
}

/// Signal handlers in force.
///
/// SAFETY: `@unchecked Sendable` holds because the sources are only kept and cancelled, which any thread may do.
package final class TerminationHandlers: @unchecked Sendable {
  private let sources: [any DispatchSourceSignal]

  fileprivate init(sources: [any DispatchSourceSignal]) {
    self.sources = sources
  }

  deinit {
    cancel()
  }

  /// Ends the handling; the signals stay ignored. To be called at the end keeps the handlers alive until then.
  package func cancel() {
    sources.forEach { $0.cancel() }
  }
}
