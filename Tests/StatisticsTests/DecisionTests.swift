import Testing

@testable import Statistics

@Suite struct `A decision` {
  static func estimate(_ value: Double?, _ lower: Double? = nil, _ upper: Double? = nil) -> Estimate {
    let measured =
      value.map { MetricValue(value: $0, count: 100, positives: 40) }
      ?? MetricValue(undefined: "0/0", count: 100, positives: 40)
    guard let lower, let upper else { return Estimate(value: measured, interval: nil, intervalReason: "none") }
    let interval = Interval(lower: lower, upper: upper, confidence: 0.95, method: "given")
    return Estimate(value: measured, interval: interval, intervalReason: nil)
  }

  @Test(arguments: [
    (0.91, Limit.atLeast(0.9), Decision.Outcome.pass), (0.9, .atLeast(0.9), .pass), (0.89, .atLeast(0.9), .fail),
    (0.11, .atMost(0.12), .pass), (0.12, .atMost(0.12), .pass), (0.13, .atMost(0.12), .fail),
  ])
  func `without confidence follows the value`(value: Double, limit: Limit, expected: Decision.Outcome) {
    #expect(Decision.threshold(Self.estimate(value, 0, 1), limit, onInterval: false).outcome == expected)
  }

  @Test(arguments: [
    (0.91, 0.95, Limit.atLeast(0.9), Decision.Outcome.pass), (0.9, 0.95, .atLeast(0.9), .pass),
    (0.85, 0.89, .atLeast(0.9), .fail), (0.85, 0.95, .atLeast(0.9), .inconclusive),
    (0.85, 0.9, .atLeast(0.9), .inconclusive),
    (0.05, 0.12, .atMost(0.12), .pass), (0.13, 0.2, .atMost(0.12), .fail), (0.1, 0.2, .atMost(0.12), .inconclusive),
  ])
  func `with confidence follows the whole interval`(
    lower: Double, upper: Double, limit: Limit, expected: Decision.Outcome
  ) {
    let estimate = Self.estimate((lower + upper) / 2, lower, upper)
    #expect(Decision.threshold(estimate, limit, onInterval: true).outcome == expected)
  }

  @Test(arguments: [
    // (lower, upper, larger is better, outcome) with margin 0.005
    (-0.005, 0.01, true, Decision.Outcome.pass), (-0.02, -0.006, true, .fail), (-0.02, 0.01, true, .inconclusive),
    (-0.02, -0.005, true, .inconclusive), (0.02, 0.03, true, .pass),
    (-0.01, 0.005, false, .pass), (0.006, 0.02, false, .fail), (-0.01, 0.02, false, .inconclusive),
  ])
  func `about a champion follows the interval of the difference`(
    lower: Double, upper: Double, largerIsBetter: Bool, expected: Decision.Outcome
  ) {
    let estimate = Self.estimate((lower + upper) / 2, lower, upper)
    let decision = Decision.notWorse(difference: estimate, margin: 0.005, largerIsBetter: largerIsBetter)
    #expect(decision.outcome == expected)
  }

  @Test func `is inconclusive without data`() {
    for onInterval in [true, false] {
      let undefined = Decision.threshold(Self.estimate(nil), .atLeast(0), onInterval: onInterval)
      #expect(undefined.outcome == .inconclusive)
      #expect(undefined.reason.contains("0/0"))
      let short = Decision.threshold(
        Self.estimate(1, 1, 1), .atLeast(0), onInterval: onInterval,
        shortfall: .init(cause: .tooFewPositives, text: "3 positives"))
      #expect(short.cause == .tooFewPositives)
      #expect(short.outcome == .inconclusive)
      #expect(short.reason.contains("3 positives"))
    }
    #expect(Decision.threshold(Self.estimate(1), .atLeast(0), onInterval: true).outcome == .inconclusive)
    #expect(
      Decision.notWorse(difference: Self.estimate(0), margin: 1, largerIsBetter: true).outcome == .inconclusive)
    #expect(
      Decision.notWorse(difference: Self.estimate(nil), margin: 1, largerIsBetter: true).outcome == .inconclusive)
  }

  @Test func `asks for enough rows in the denominators`() throws {
    let minimums = Minimums(rows: 50, denominator: 10)
    let few = MetricValue(value: 1, count: 100, positives: 3)
    #expect(minimums.shortfall(.rocAUC, few)?.text == "3 positives, at least 10 are needed")
    #expect(minimums.shortfall(.accuracy, few) == nil)
    #expect(minimums.shortfall(.accuracy, MetricValue(value: 1, count: 20, positives: 10)) != nil)
    let groups = try groupedSample([("a", tp: 20, fp: 0, fn: 10, tn: 30), ("b", tp: 1, fp: 0, fn: 2, tn: 50)]).counts
    #expect(minimums.shortfall(.demographicParityDifference, groups) == nil)
    #expect(
      minimums.shortfall(.equalizedOddsDifference, groups)?.text
        == "group b (53 rows): 3 positives, at least 10 are needed")
  }
}
