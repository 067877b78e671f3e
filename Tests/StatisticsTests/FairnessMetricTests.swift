import Testing

@testable import Statistics

/// Builds rows from the cells (true positives, false positives, false negatives, true negatives) of groups.
func groupedSample(_ cells: [(String, tp: Int, fp: Int, fn: Int, tn: Int)]) throws -> GroupedSample {
  var labels: [Bool] = []
  var predictions: [Bool] = []
  var groups: [Int] = []
  for (index, cell) in cells.enumerated() {
    for (label, prediction, count) in [
      (true, true, cell.tp), (false, true, cell.fp), (true, false, cell.fn), (false, false, cell.tn),
    ] {
      labels += Array(repeating: label, count: count)
      predictions += Array(repeating: prediction, count: count)
      groups += Array(repeating: index, count: count)
    }
  }
  return try GroupedSample(labels: labels, predictions: predictions, groups: groups, names: cells.map(\.0))
}

@Suite struct `A fairness metric` {
  /// Rates of a: selection 10/20, TPR 8/10, FPR 2/10. Of b: selection 6/30, TPR 4/10, FPR 2/20.
  @Test(arguments: [
    (FairnessMetric.demographicParityDifference, 0.5 - 0.2),
    (.demographicParityRatio, 0.2 / 0.5),
    (.equalizedOddsDifference, 0.8 - 0.4),
  ])
  func `compares the rates of groups`(metric: FairnessMetric, expected: Double) throws {
    let groups = try groupedSample([("a", tp: 8, fp: 2, fn: 2, tn: 8), ("b", tp: 4, fp: 2, fn: 6, tn: 18)]).counts
    let value = metric.measure(groups)
    #expect(try abs(#require(value.value) - expected) < 1e-15)
    #expect(groups.map(\.count) == [20, 30])
    #expect(groups.map(\.positives) == [10, 10])
    #expect(groups.map(\.selected) == [10, 6])
  }

  @Test func `takes the worse of true and false positive rates`() throws {
    let groups = try groupedSample([("a", tp: 5, fp: 9, fn: 5, tn: 1), ("b", tp: 5, fp: 1, fn: 5, tn: 9)]).counts
    let value = try #require(FairnessMetric.equalizedOddsDifference.measure(groups).value)
    #expect(abs(value - 0.8) < 1e-15)
  }

  @Test func `is undefined for a group without positives, and 0/0 = 0 with fairlearn`() throws {
    // Fairlearn gives the empty group the true positive rate 0: a false alarm of 2/3.
    let groups = try groupedSample([("a", tp: 2, fp: 0, fn: 1, tn: 3), ("b", tp: 0, fp: 0, fn: 0, tn: 5)]).counts
    let value = FairnessMetric.equalizedOddsDifference.measure(groups)
    #expect(value.value == nil)
    #expect(value.undefinedReason?.contains("group b (5 rows, 0 positives) has no positives") == true)
    let compatible = FairnessMetric.equalizedOddsDifference.measure(groups, zeroDenominator: .fairlearn)
    #expect(try abs(#require(compatible.value) - 2.0 / 3) < 1e-15)
    #expect(FairnessMetric.demographicParityDifference.measure(groups).value != nil)
  }

  @Test func `is undefined when there is nothing to compare`() throws {
    let one = try groupedSample([("a", tp: 1, fp: 1, fn: 1, tn: 1)]).counts
    #expect(FairnessMetric.demographicParityDifference.measure(one).value == nil)
    #expect(FairnessMetric.demographicParityDifference.measure(one, zeroDenominator: .fairlearn).value == 0)
    #expect(FairnessMetric.demographicParityDifference.measure([]).value == nil)
    let unselected = try groupedSample([("a", tp: 0, fp: 0, fn: 1, tn: 1), ("b", tp: 0, fp: 0, fn: 1, tn: 1)]).counts
    #expect(FairnessMetric.demographicParityRatio.measure(unselected).value == nil)
    #expect(FairnessMetric.demographicParityRatio.measure(unselected, zeroDenominator: .fairlearn).value == nil)
  }

  @Test func `weighs rows`() throws {
    let sample = try GroupedSample(
      labels: [true, false, true, false], predictions: [true, false, true, false], groups: [0, 0, 1, 1],
      names: ["a", "b"], weights: [3, 1, 1, 3])
    #expect(FairnessMetric.demographicParityDifference.measure(sample.counts).value == 0.5)
  }

  @Test func `refuses groups without a name`() {
    #expect(throws: SampleError.self) {
      try GroupedSample(labels: [true], predictions: [true], groups: [1], names: ["a"])
    }
  }
}
