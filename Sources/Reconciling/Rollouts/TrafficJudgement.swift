import Domain

/// What a candidate's own traffic in one step says of it.
///
/// A step is judged once `minSamples` answers were counted:
/// - the error rate fails when `errors / answers > maxErrorRate`;
/// - the 99th percentile is the nearest rank, the `ceil(0.99 n)`-th of the n sorted latencies. It is above the limit
///   exactly when more than `n - ceil(0.99 n) = floor(n / 100)` latencies are, so that counting those suffices.
///
/// Before that, a step fails as soon as its failure at the `minSamples`-th answer is certain: more errors, or more slow
/// answers, than `minSamples` answers may hold, because neither count ever falls. The latter asks for at least 20
/// answers as well (or `minSamples`, when fewer), so that the first requests of a cold candidate never decide alone.
package enum TrafficJudgement: Hashable, Sendable {
  /// The reason is one CamelCase word.
  case failed(reason: String, message: String)
  case passed
  case undecided(missing: Int)

  /// The fewest answers on which a slow candidate is given up before all samples are there.
  static let fewestForLatency = 20

  package init(_ counted: TrafficCounters, limits: AdvanceLimits) {
    // A step without a minimum would be judged on nothing.
    let wanted = max(1, limits.minSamples)
    let basis = max(wanted, counted.requests)
    if let rate = limits.maxErrorRate, counted.errors * 10_000 > rate.basisPoints * basis {
      self = .failed(
        reason: "ErrorRateAboveLimit",
        message: "\(counted.errors) of \(counted.requests) answers were errors, more than \(rate) of \(basis) allows.")
      return
    }
    if let limit = limits.maxP99, counted.requests >= min(wanted, Self.fewestForLatency) {
      let slow = counted.latency.count(above: limit)
      if slow > basis / 100 {
        let p99 = counted.latency.quantile(0.99).map { Self.milliseconds($0) } ?? "?"
        self = .failed(
          reason: "LatencyAboveLimit",
          message:
            "\(slow) of \(counted.requests) answers took longer than \(Self.milliseconds(Double(limit.microseconds)))"
            + ", more than 1% of \(basis) allows (p99 so far \(p99)).")
        return
      }
    }
    self = counted.requests >= wanted ? .passed : .undecided(missing: wanted - counted.requests)
  }

  /// The figures of a step in one line.
  static func summary(of counted: TrafficCounters) -> String {
    let p99 = counted.latency.quantile(0.99).map { milliseconds($0) } ?? "unknown"
    return "\(counted.requests) answers, \(counted.errors) errors, p99 \(p99)."
  }

  private static func milliseconds(_ microseconds: Double) -> String {
    let hundredths = Int((microseconds / 10).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
  }
}

extension LatencyHistogram {
  /// How many latencies lie above a limit, each taken as the middle of its bucket (within 0.8 %).
  func count(above limit: Duration) -> Int {
    let limit = Double(limit.microseconds)
    return counts.reduce(0) { $0 + (Self.middle(of: $1.key) > limit ? $1.value : 0) }
  }
}
