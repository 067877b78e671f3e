import Domain
import Foundation
import Statistics
import Testing

@testable import Gates

@Suite struct `A fairness gate` {
  @Test(arguments: Domain.FairnessMetric.allCases, ["strong", "weak", "swapped"])
  func `measures what Fairlearn measures`(metric: Domain.FairnessMetric, model: String) async throws {
    let report = try await GateFixture().report(model, by: GateFixture.fairness(metric, .atLeast(0)))
    let expected = try #require(try Expected.read().models[model])
    let value = try #require(expected.metrics[metric.rawValue])
    #expect(try abs(#require(report.value) - value) < 1e-9)
    #expect(report.groups.map(\.group) == ["f", "m"])
    for group in report.groups {
      let rates = try #require(expected.rates[group.group])
      #expect(group.attribute == "sex")
      #expect(try abs(#require(group.selectionRate) - #require(rates["selection"])) < 1e-9)
      #expect(try abs(#require(group.truePositiveRate) - #require(rates["tpr"])) < 1e-9)
      #expect(try abs(#require(group.falsePositiveRate) - #require(rates["fpr"])) < 1e-9)
      #expect(group.positives + group.negatives == Double(group.rowCount))
    }
  }

  @Test(arguments: [
    (FairnessLimit.atMost(0.1), nil, Verdict.pass), (.atMost(0.05), nil, .fail),
    (.atMost(0.1), 0.95, .inconclusive), (.atMost(0.5), 0.95, .pass),
  ])
  func `decides on the value, or on the interval`(limit: FairnessLimit, confidence: Double?, verdict: Verdict)
    async throws
  {
    let check = GateFixture.fairness(.equalizedOddsDifference, limit, confidence: confidence)
    #expect(try await GateFixture().report("strong", by: check).verdict == verdict)
  }

  @Test func `lets the worst of several attributes decide and shows all groups`() async throws {
    var fixture = try GateFixture()
    fixture.minimums = Minimums(rows: 1, denominator: 1)
    let check = GateFixture.fairness(.demographicParityDifference, by: ["sex", "age"])
    let both = try await fixture.report("strong", by: check)
    let age = try await fixture.report(
      "strong", by: GateFixture.fairness(.demographicParityDifference, by: ["age"]))
    let sex = try await fixture.report("strong", by: GateFixture.fairness(.demographicParityDifference))
    #expect(both.value == max(try #require(age.value), try #require(sex.value)))
    // No age is 100 or more: the bin is listed and not compared. Rows without an age are a group.
    #expect(both.groups.map(\.group) == ["f", "m", "<30", "30 to <50", "50 to <100", ">=100", "(missing)"])
    #expect(both.groups[5].rowCount == 0)
    #expect(both.groups[5].selectionRate == nil)
  }

  @Test func `is inconclusive when a group has no positives, with the denominators`() async throws {
    var fixture = try GateFixture()
    let lines = fixture.rows.split(separator: "\n")
    fixture.rows = lines.filter { !($0.contains(",f,") && $0.hasSuffix("yes")) }.joined(separator: "\n")
    let odds = try await fixture.report("strong", by: GateFixture.fairness(.equalizedOddsDifference))
    #expect(odds.verdict == .inconclusive)
    #expect(odds.reason == "TooFewPositives")
    #expect(odds.message.contains("group f"))
    #expect(odds.groups.first?.positives == 0)
    #expect(odds.groups.first?.truePositiveRate == nil)
    fixture.minimums = Minimums(rows: 0, denominator: 0)
    let undefined = try await fixture.report("strong", by: GateFixture.fairness(.equalizedOddsDifference))
    #expect(undefined.verdict == .inconclusive)
    #expect(undefined.reason == "Undefined")
    let parity = try await fixture.report("strong", by: GateFixture.fairness(.demographicParityDifference))
    #expect(parity.verdict == .pass)
  }

  @Test func `says which attributes the data set has`() async throws {
    let report = try await GateFixture().report(
      "strong", by: GateFixture.fairness(.equalizedOddsDifference, by: ["race"]))
    #expect(report.verdict == .error)
    #expect(report.reason == "DatasetUnusable")
    #expect(report.message.contains("it lists 'sex', 'age'"))
  }
}
