import Domain
import Synchronization

/// Counts what one version answers. Outlives reloads of the same digest.
final class TrafficMeter: Sendable {
  /// Sums that the statistics endpoint reports: how often, and how long in nanoseconds.
  struct Span: Hashable, Sendable {
    var count = 0
    var nanoseconds = 0

    mutating func add(_ duration: Duration) {
      count += 1
      nanoseconds +=
        Int(clamping: duration.components.seconds) * 1_000_000_000
        + Int(clamping: duration.components.attoseconds / 1_000_000_000)
    }
  }

  /// Everything counted, at one moment.
  struct Reading: Sendable {
    /// What the answers say of the model. What a client did wrong says nothing, and its quick refusals must not make a
    /// candidate look sound.
    var requests = 0
    var errors = 0
    var latency = LatencyHistogram()
    /// Refusals of what a client did wrong.
    var refusals = LatencyHistogram()
    var codes: [Int: Int] = [:]
    var success = Span()
    var failure = Span()
    var queue = Span()
    var input = Span()
    var inference = Span()
    var output = Span()
    /// Rows of the first input, summed.
    var rows = 0
    /// Milliseconds since 1970.
    var lastInference = 0
    /// Seconds that all requests took together.
    var latencySum: Double { Double(success.nanoseconds + failure.nanoseconds) / 1e9 }
  }

  private let state = Mutex(Reading())

  var reading: Reading { state.withLock { $0 } }

  var counters: TrafficCounters {
    state.withLock { TrafficCounters(requests: $0.requests, errors: $0.errors, latency: $0.latency) }
  }

  /// Counts one answer.
  /// - Parameter breaksContract: whether the version refused what another version of its model would take: that is the
  ///   version's error, although the client reads a 4xx.
  func record(code: Int, latency: Duration, phases: Phases?, breaksContract: Bool = false, now: Timestamp) {
    let isError = code >= 500 || breaksContract
    let microseconds = UInt64(max(0, latency.microseconds))
    state.withLock { state in
      state.codes[code, default: 0] += 1
      if code < 400 || isError {
        state.requests += 1
        state.latency.record(microseconds: microseconds)
      } else {
        state.refusals.record(microseconds: microseconds)
      }
      if isError { state.errors += 1 }
      guard code < 300, let phases else {
        state.failure.add(latency)
        return
      }
      state.success.add(latency)
      state.queue.add(phases.queue)
      state.input.add(phases.input)
      state.inference.add(phases.inference)
      state.output.add(phases.output)
      state.rows += phases.rows
      state.lastInference = Int(now.milliseconds)
    }
  }

  /// How long the parts of one request took.
  struct Phases: Sendable {
    var queue = Duration.zero
    var input = Duration.zero
    var inference = Duration.zero
    var output = Duration.zero
    var rows = 0
  }
}
