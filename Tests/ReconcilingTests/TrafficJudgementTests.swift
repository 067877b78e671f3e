import Domain
import Testing

@testable import Reconciling

@Suite struct `The judgement of a step` {
  private func counted(_ requests: Int, errors: Int = 0, slow: Int = 0) -> TrafficCounters {
    TrafficCounters(
      requests: requests, errors: errors,
      latency: LatencyHistogram(counts: [
        (bucket: LatencyHistogram.bucket(of: 1000), count: requests - slow),
        (bucket: LatencyHistogram.bucket(of: 90_000), count: slow),
      ]))
  }

  private let limits = AdvanceLimits(
    minSamples: 500, maxErrorRate: Share(basisPoints: 100), maxP99: .milliseconds(50))

  // Counted by hand: 1 % of 500 are 5; the 99th percentile of 500 by nearest rank is the 495th, so that five may be slow.
  @Test(arguments: [
    (500, 0, 0, "passed"), (500, 5, 0, "passed"), (500, 6, 0, "ErrorRateAboveLimit"), (500, 0, 5, "passed"),
    (500, 0, 6, "LatencyAboveLimit"), (499, 5, 5, "undecided"), (100, 6, 0, "ErrorRateAboveLimit"),
    (100, 5, 0, "undecided"), (100, 0, 6, "LatencyAboveLimit"), (19, 0, 19, "undecided"),
    (20, 0, 20, "LatencyAboveLimit"), (1000, 10, 10, "passed"), (1000, 11, 0, "ErrorRateAboveLimit"),
    (1000, 0, 11, "LatencyAboveLimit"), (0, 0, 0, "undecided"),
  ])
  func `is exact at the limits`(requests: Int, errors: Int, slow: Int, expected: String) {
    let verdict =
      switch TrafficJudgement(counted(requests, errors: errors, slow: slow), limits: limits) {
      case .passed: "passed"
      case .failed(let reason, _): reason
      case .undecided: "undecided"
      }
    #expect(verdict == expected)
  }

  @Test func `agrees with the percentile itself once all samples are there`() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<300 {
      let count = Int.random(in: 1...400, using: &random)
      var latencies: [UInt64] = []
      var histogram = LatencyHistogram()
      for _ in 0..<count {
        let latency = UInt64.random(in: 1...100_000, using: &random) / (random.chance(95) ? 10 : 1)
        latencies.append(latency)
        histogram.record(microseconds: latency)
      }
      // Nearest rank by definition: the smallest value with at least 99 % of all at or below it.
      let sorted = latencies.sorted()
      let p99 = sorted[(99 * count + 99) / 100 - 1]
      let limit = Duration.microseconds(Int64(20_000))
      let expected = LatencyHistogram.middle(of: LatencyHistogram.bucket(of: p99)) > 20_000
      let judged = TrafficJudgement(
        TrafficCounters(requests: count, errors: 0, latency: histogram),
        limits: AdvanceLimits(minSamples: 1, maxP99: limit))
      #expect((judged != .passed) == expected)
    }
  }

  @Test func `passes without limits on the samples alone`() {
    #expect(TrafficJudgement(counted(10, errors: 10), limits: AdvanceLimits(minSamples: 10)) == .passed)
  }
}
