import Foundation
import Testing

@testable import Statistics

/// Prints times; run in release with HEADGATE_TIMINGS=1.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HEADGATE_TIMINGS"] != nil), .serialized)
struct `The time of 1,000 replicates over 16,281 rows` {
  @Test(arguments: QualityMetric.allCases)
  func `is well under a second`(metric: QualityMetric) throws {
    let challenger = try `A bootstrap`.sample(rows: 16_281, seed: 1)
    let champion = try BinarySample(
      labels: challenger.labels, scores: challenger.scores?.map { $0 * $0 }, predictions: challenger.predictions)
    let clock = ContinuousClock()
    let bootstrap = try Bootstrap(seed: [1])
    let single = clock.measure { _ = bootstrap.estimate(metric, of: challenger) }
    let paired = try clock.measure { _ = try bootstrap.difference(metric, challenger: challenger, champion: champion) }
    print("bootstrap \(metric.rawValue): \(single), paired \(paired)")
    #expect(single < .seconds(1))
    #expect(paired < .seconds(1))
  }
}
