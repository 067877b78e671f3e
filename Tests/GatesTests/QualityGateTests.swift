import Domain
import Foundation
import Statistics
import Testing

@testable import Gates

@Suite struct `A quality gate` {
  static let cases: [(String, Domain.QualityMetric)] = ["strong", "weak", "texts", "swapped", "zipmap", "matrix"]
    .flatMap { model in Domain.QualityMetric.allCases.map { (model, $0) } }

  @Test(arguments: cases)
  func `measures what scikit-learn measures over onnxruntime`(model: String, metric: Domain.QualityMetric) async throws
  {
    var fixture = try GateFixture()
    if model == "matrix" {
      fixture.serving = ServingSpec(features: ["strong", "weak", "count"], scoreOutput: "score")
    }
    let report = try await fixture.report(model, by: GateFixture.quality(metric, .atLeast(0)))
    let expected = try Expected.read()
    let value = try #require(expected.models[model]?.metrics[metric.rawValue])
    // The runtimes differ by single-precision rounding in `matrix` only.
    let tolerance = model == "matrix" ? 1e-6 : 1e-9
    #expect(try abs(#require(report.value) - value) <= tolerance * value, "\(report.message)")
    #expect(report.verdict == .pass)
    #expect(report.rowCount == expected.count)
    #expect(report.denominators == ["positives": 159, "negatives": 241])
    let interval = try #require(report.interval)
    #expect(interval.low < value && value < interval.high)
    #expect(interval.confidence == 0.95)
  }

  /// The area of `strong` is 0.8636 with a standard error near 0.018.
  @Test(arguments: [
    (QualityLimit.atLeast(0.86), nil, Verdict.pass, "KeepsLimit"),
    (.atLeast(0.87), nil, .fail, "BelowLimit"),
    (.atMost(0.86), nil, .fail, "AboveLimit"),
    (.atLeast(0.8), 0.95, .pass, "KeepsLimit"),
    (.atLeast(0.86), 0.95, .inconclusive, "IntervalSpansLimit"),
    (.atLeast(0.93), 0.95, .fail, "BelowLimit"),
  ])
  func `decides on the value, or on the interval when a confidence is asked`(
    limit: QualityLimit, confidence: Double?, verdict: Verdict, reason: String
  ) async throws {
    let report = try await GateFixture().report(
      "strong", by: GateFixture.quality(.rocAUC, limit, confidence: confidence))
    #expect(report.verdict == verdict)
    #expect(report.reason == reason)
    #expect(report.interval != nil)
  }

  @Test func `compares with the champion on the same rows`() async throws {
    let check = GateFixture.quality(.rocAUC, .notWorseThanChampion(margin: 0.01))
    let better = try await GateFixture().report("strong", champion: "weak", by: check)
    #expect(better.verdict == .pass)
    #expect(better.reason == "NotWorse")
    let areas = try Expected.read().models.mapValues { $0.metrics["roc_auc"] ?? 0 }
    let gain = try #require(areas["strong"]) - #require(areas["weak"])
    #expect(try abs(#require(better.value) - gain) < 1e-9)
    #expect(better.limit == ">= champion - 0.01")
    #expect(try better.championDigest == Digest.sha256(of: GateFixture.model("weak")))
    let worse = try await GateFixture().report("weak", champion: "strong", by: check)
    #expect(worse.verdict == .fail)
    #expect(worse.reason == "WorseThanChampion")
    let same = try await GateFixture().report("strong", champion: "strong", by: check)
    #expect(same.verdict == .pass)
    #expect(same.value == 0)
  }

  @Test func `mirrors the margin where smaller is better`() async throws {
    let check = GateFixture.quality(.brier, .notWorseThanChampion(margin: 0.01))
    let better = try await GateFixture().report("strong", champion: "weak", by: check)
    #expect(better.verdict == .pass)
    #expect(better.limit == "<= champion + 0.01")
    #expect(try await GateFixture().report("weak", champion: "strong", by: check).verdict == .fail)
  }

  @Test func `without a champion is not applicable`() async throws {
    let report = try await GateFixture().report(
      "strong", by: GateFixture.quality(.rocAUC, .notWorseThanChampion(margin: 0.01)))
    #expect(report.verdict == .notApplicable)
    #expect(report.reason == "NoChampion")
  }

  @Test func `is not blocked by a broken champion`() async throws {
    let check = GateFixture.quality(.rocAUC, .notWorseThanChampion(margin: 0.01))
    let broken = try await GateFixture().judge(
      GateFixture.model("strong"), champion: Array("not a model".utf8), by: [check])
    #expect(broken.reports.map(\.verdict) == [.notApplicable])
    #expect(broken.reports.map(\.reason) == ["ChampionUnusable"])
    let undefined = try await GateFixture().report("strong", champion: "undefined", by: check)
    #expect(undefined.verdict == .notApplicable)
    #expect(undefined.message.contains("not a finite number"))
  }

  /// The champion has one matrix of columns, which the candidate's spec says nothing about.
  @Test func `judges the champion as the champion is served`() async throws {
    let check = GateFixture.quality(.rocAUC, .notWorseThanChampion(margin: 0.01))
    var fixture = try GateFixture()
    let unknown = try await fixture.report("weak", champion: "matrix", by: check)
    #expect(unknown.reason == "ChampionUnusable")
    fixture.championServing = ServingSpec(features: ["strong", "weak", "count"], scoreOutput: "score")
    let known = try await fixture.report("weak", champion: "matrix", by: check)
    #expect(known.verdict == .fail)
    #expect(known.reason == "WorseThanChampion")
    let areas = try Expected.read().models.mapValues { $0.metrics["roc_auc"] ?? 0 }
    let loss = try #require(areas["weak"]) - #require(areas["matrix"])
    #expect(try abs(#require(known.value) - loss) < 1e-6)
  }

  @Test func `tells two readings of the same model apart`() async throws {
    let check = GateFixture.quality(.rocAUC, .notWorseThanChampion(margin: 0.01))
    var fixture = try GateFixture()
    fixture.serving = ServingSpec(features: ["strong", "weak", "count"], scoreOutput: "score")
    fixture.championServing = ServingSpec(features: ["weak", "strong", "count"], scoreOutput: "score")
    let report = try await fixture.report("matrix", champion: "matrix", by: check)
    #expect(report.verdict == .pass)
    #expect(try #require(report.value) > 0.05)
  }

  @Test func `judges in the precision that the spec names`() async throws {
    let check = GateFixture.quality(.brier, .atMost(1))
    var fixture = try GateFixture()
    let features = ["strong", "weak", "count"]
    fixture.serving = ServingSpec(features: features, scoreOutput: "score")
    let full = try await fixture.judge(GateFixture.model("matrix"), by: [check])
    fixture.serving = ServingSpec(features: features, scoreOutput: "score", precision: .bfloat16)
    let reduced = try await fixture.judge(GateFixture.model("matrix"), by: [check])
    #expect(full.precision == nil && reduced.precision == .bfloat16)
    #expect(full.policyDigest != reduced.policyDigest)
    let values = (try #require(full.reports.first?.value), try #require(reduced.reports.first?.value))
    // Weights and inputs are off by 2^-9 at most, scores of three of them by some thousandths.
    #expect(values.0 != values.1 && abs(values.0 - values.1) < 0.01)
  }

  @Test func `cannot judge a model in a precision that does nothing`() async throws {
    var fixture = try GateFixture()
    fixture.serving = ServingSpec(precision: .bfloat16)
    let report = try await fixture.report("strong", by: GateFixture.quality(.brier, .atMost(1)))
    #expect(report.verdict == .error)
    #expect(report.message.contains("leave the precision out"), "\(report.message)")
    // Evidence names the precision also where no gate needs an answer of the model.
    let security = try await fixture.report("strong", by: .security)
    #expect(security.verdict == .error)
    #expect(security.message.contains("leave the precision out"), "\(security.message)")
    fixture.serving = ServingSpec()
    #expect(try await fixture.report("strong", by: .security).verdict == .pass)
  }

  @Test func `takes a numbered class for numbered labels only`() async throws {
    let check = GateFixture.quality(.accuracy, .atLeast(0))
    var fixture = try GateFixture()
    let texts = try await fixture.report("numbered", by: check)
    #expect(texts.verdict == .error)
    #expect(texts.reason == "OutputsUnbound")
    #expect(texts.message.contains("export the class as text, or label the data 0 and 1"), "\(texts.message)")
    // The score is one column: that needs no class.
    let area = try await fixture.report("numbered", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    #expect(area.verdict == .pass)
    fixture.rows = fixture.rows.split(separator: "\n")
      .map { $0.hasSuffix(",yes") ? $0.dropLast(3) + "1" : $0.hasSuffix(",no") ? $0.dropLast(2) + "0" : $0 }
      .joined(separator: "\n")
    fixture.label = LabelSpec(column: "y", positive: "1")
    let numbers = try await fixture.report("numbered", by: check)
    let expected = try Expected.read().models["strong"]?.metrics["accuracy"]
    #expect(try abs(#require(numbers.value) - #require(expected)) < 1e-9)
  }

  @Test func `is inconclusive where the metric is undefined`() async throws {
    // The model gives NaN where the age is missing.
    let report = try await GateFixture().report("undefined", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    #expect(report.verdict == .inconclusive)
    #expect(report.reason == "Undefined")
    #expect(report.value == nil)
    #expect(report.rowCount == 400)
  }

  @Test func `is inconclusive with too few rows or positives`() async throws {
    var fixture = try GateFixture()
    let lines = fixture.rows.split(separator: "\n")
    fixture.rows = lines.prefix(25).joined(separator: "\n")
    let few = try await fixture.report("strong", by: GateFixture.quality(.accuracy, .atLeast(0)))
    #expect(few.verdict == .inconclusive)
    #expect(few.reason == "TooFewRows")
    #expect(few.value != nil)
    let positives = lines.dropFirst().filter { $0.hasSuffix("yes") && $0.contains("test") }
    let negatives = lines.dropFirst().filter { $0.hasSuffix("no") }
    fixture.rows = ([lines[0]] + positives.prefix(3) + negatives).joined(separator: "\n")
    let skewed = try await fixture.report("strong", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    #expect(skewed.verdict == .inconclusive)
    #expect(skewed.reason == "TooFewPositives")
    #expect(skewed.denominators["positives"] == 3)
  }

  @Test func `runs a model that fixes its number of rows`() async throws {
    // 400 rows are not a multiple of 7: the last run is padded.
    let fixed = try await GateFixture().report("fixed", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    let free = try await GateFixture().report("strong", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    #expect(fixed.value == free.value)
    #expect(fixed.interval == free.interval)
  }

  @Test func `takes whole numbers, and says what it lacks`() async throws {
    let area = try await GateFixture().report("whole", by: GateFixture.quality(.rocAUC, .atLeast(0)))
    #expect(area.verdict == .pass)
    let accuracy = try await GateFixture().report("whole", by: GateFixture.quality(.accuracy, .atLeast(0)))
    #expect(accuracy.verdict == .error)
    #expect(accuracy.reason == "OutputsUnbound")
    #expect(accuracy.message.contains("the model gives no class"))
  }
}
