import Testing

@testable import Statistics

@Suite struct `A bootstrap of fairness` {
  static let cells: [(String, tp: Int, fp: Int, fn: Int, tn: Int)] = [
    ("a", tp: 80, fp: 20, fn: 20, tn: 80), ("b", tp: 40, fp: 20, fn: 60, tn: 180),
  ]

  @Test func `has the width of the difference of two proportions`() throws {
    // Selection rates 100/200 and 60/300: standard error sqrt(0.25/200 + 0.16/300) = 0.042230.
    let interval = try #require(
      Bootstrap(seed: [1], replicates: 20_000)
        .estimate(.demographicParityDifference, of: groupedSample(Self.cells)).interval)
    #expect(abs(interval.lower - (0.3 - 1.96 * 0.042230)) < 0.006)
    #expect(abs(interval.upper - (0.3 + 1.96 * 0.042230)) < 0.006)
  }

  @Test(arguments: FairnessMetric.allCases)
  func `counting cells is the same as drawing rows`(metric: FairnessMetric) throws {
    let sample = try groupedSample(Self.cells)
    let weighted = try GroupedSample(
      labels: sample.labels, predictions: sample.predictions, groups: sample.groups, names: sample.names,
      weights: Array(repeating: 2, count: sample.labels.count))
    let bootstrap = try Bootstrap(seed: [2], replicates: 10_000)
    let cells = try #require(bootstrap.estimate(metric, of: sample).interval)
    let rows = try #require(bootstrap.estimate(metric, of: weighted).interval)
    #expect(abs(cells.lower - rows.lower) < 0.008)
    #expect(abs(cells.upper - rows.upper) < 0.008)
  }

  @Test(arguments: FairnessMetric.allCases)
  func `depends neither on the order of rows nor on the names of groups`(metric: FairnessMetric) throws {
    let renamed = [Self.cells[1], Self.cells[0]].map { ("z" + $0.0, tp: $0.tp, fp: $0.fp, fn: $0.fn, tn: $0.tn) }
    let bootstrap = try Bootstrap(seed: [3])
    let one = try bootstrap.estimate(metric, of: groupedSample(Self.cells))
    let other = try bootstrap.estimate(metric, of: groupedSample(renamed))
    #expect(one == other)
  }

  @Test func `is not certain of groups in which every row is treated alike`() throws {
    let few = try groupedSample([("a", tp: 10, fp: 0, fn: 0, tn: 10), ("b", tp: 10, fp: 0, fn: 0, tn: 10)])
    let interval = try #require(Bootstrap(seed: [5]).estimate(.equalizedOddsDifference, of: few).interval)
    #expect(interval.lower == 0)
    // One proportion of 10 of 10 reaches down to 0.69 at 0.95 confidence.
    #expect((0.15...0.35).contains(interval.upper))
    let many = try groupedSample([("a", tp: 1000, fp: 0, fn: 0, tn: 1000), ("b", tp: 1000, fp: 0, fn: 0, tn: 1000)])
    #expect(try #require(Bootstrap(seed: [5]).estimate(.equalizedOddsDifference, of: many).interval).upper < 0.005)
  }

  @Test func `of an undefined metric is undefined`() throws {
    let sample = try groupedSample([("a", tp: 2, fp: 0, fn: 1, tn: 3), ("b", tp: 0, fp: 0, fn: 0, tn: 5)])
    let estimate = try Bootstrap(seed: [4]).estimate(.equalizedOddsDifference, of: sample)
    #expect(estimate.interval == nil)
    #expect(estimate.intervalReason?.contains("no positives") == true)
    let compatible = try Bootstrap(seed: [4])
      .estimate(.equalizedOddsDifference, of: sample, zeroDenominator: .fairlearn)
    #expect(compatible.interval != nil)
  }
}
