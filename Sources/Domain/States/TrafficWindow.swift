/// What a candidate answered since a canary step began, through restarts of the server.
package struct TrafficWindow: Hashable, Sendable, Codable {
  package let since: Timestamp
  /// When the step ends for want of samples; put off when the policy holds.
  package var deadline: Timestamp
  /// The server process the baseline was read from.
  package private(set) var instance: String
  private var baseline: TrafficCounters
  /// Counted by server processes that are gone.
  private var carried: TrafficCounters
  /// Counted by the present one.
  private var latest: TrafficCounters

  /// A window that begins with a reading.
  package init(since: Timestamp, deadline: Timestamp, instance: String, baseline: TrafficCounters) {
    self.since = since
    self.deadline = deadline
    self.instance = instance
    self.baseline = baseline
    carried = .none
    latest = .none
  }

  /// All that was counted in the window.
  package var counted: TrafficCounters { carried.adding(latest) }

  /// Takes a reading. A new process counts from zero; what its predecessor counted is kept.
  package mutating func read(_ counters: TrafficCounters, of instance: String) {
    if instance != self.instance || counters.requests < baseline.requests {
      carried = counted
      latest = .none
      baseline = .none
      self.instance = instance
    }
    latest = counters.since(baseline)
  }
}

extension TrafficCounters {
  /// The counts of both.
  package func adding(_ other: TrafficCounters) -> TrafficCounters {
    TrafficCounters(
      requests: requests + other.requests, errors: errors + other.errors, latency: latency.adding(other.latency))
  }
}
