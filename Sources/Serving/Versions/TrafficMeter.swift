import Domain
import Synchronization

/// Counts what one version answers. Outlives reloads of the same digest.
///
/// A rollout judges a version by the requests that are valid by its signature: by how many of them it answered, and how
/// fast. What becomes of a request, and how it counts:
///
/// | the request | the client reads | counts as |
/// |---|---|---|
/// | is answered | 200 | `answered` |
/// | cannot be read, or has inputs of unequal numbers of rows | 400 | `refused` |
/// | names an input or output that the version does not declare, or has another type or shape, or leaves one out | 400 | `refused` |
/// | the same, but another version with traffic declares what it asks for | 400 | `failed` |
/// | is what the version declares, but its values are none that the model knows | 400 | `failed` |
/// | is what the version declares, but needs more memory than a run may take | 413 | `failed` |
/// | is what the version declares, but a node fails on it, or the answer has no form | 500 | `failed` |
/// | finds the version's queue full, and no larger version has room | 503 | `failed` |
///
/// What the client alone did wrong is thus neither success nor error: it says nothing of the model, and quick refusals
/// must not make a candidate look sound. A model that has no answer to a valid request failed, whatever status the client
/// reads: else a candidate that turns away half of all people would be promoted on the other half.
/// Metrics and statistics count all requests by what the client reads; `headgate_version_errors_total` is `failed`.
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
    /// What was answered or failed.
    var requests = 0
    /// What failed.
    var errors = 0
    /// Of what was answered or failed.
    var latency = LatencyHistogram()
    /// How long it took to refuse what a client did wrong.
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

  /// How a request ended for the version that it met.
  enum End: Hashable, Sendable {
    case answered
    /// For what the client did wrong.
    case refused
    /// Without an answer to a valid request.
    case failed
  }

  /// Counts one request.
  func record(_ end: End, code: Int, latency: Duration, phases: Phases?, now: Timestamp) {
    let microseconds = UInt64(max(0, latency.microseconds))
    state.withLock { state in
      state.codes[code, default: 0] += 1
      if end == .refused {
        state.refusals.record(microseconds: microseconds)
      } else {
        state.requests += 1
        state.latency.record(microseconds: microseconds)
      }
      if end == .failed { state.errors += 1 }
      guard end == .answered, let phases else {
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
