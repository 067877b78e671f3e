import Domain
import Foundation
import Statistics
import Testing

@testable import Gates

@Suite struct `A gatekeeper` {
  static let checks = [
    GateFixture.quality(.rocAUC, .atLeast(0.8), confidence: 0.95), GateFixture.quality(.f1, .atLeast(0.5)),
    GateFixture.quality(.logLoss, .notWorseThanChampion(margin: 0.01)),
    GateFixture.quality(.accuracy, .notWorseThanChampion(margin: 0.2)),
    GateFixture.fairness(.equalizedOddsDifference, by: ["sex", "age"], .atMost(0.9), confidence: 0.9),
    GateFixture.fairness(.demographicParityRatio, .atLeast(0.5)), .security,
  ]

  /// What must not depend on how the data is stored.
  struct Judged: Hashable {
    let verdict: Verdict
    let reason: String
    let value: Double?
    let interval: Domain.Interval?
    let denominators: [String: Double]

    init(_ report: GateReport) {
      verdict = report.verdict
      reason = report.reason
      value = report.value
      interval = report.interval
      denominators = report.denominators
    }
  }

  static func judged(_ fixture: GateFixture) async throws -> [Judged] {
    var fixture = fixture
    // Eight rows have no age: enough to see that they do not disturb.
    fixture.minimums = Minimums(rows: 30, denominator: 1)
    let evidence = try await fixture.judge(
      GateFixture.model("strong"), champion: GateFixture.model("weak"), by: checks)
    return evidence.reports.map { Judged($0) }
  }

  @Test func `gives the same figures for rows in any order, split apart, and groups under other names`() async throws {
    let fixture = try GateFixture()
    let reference = try await Self.judged(fixture)
    #expect(reference.map(\.verdict) == [.pass, .pass, .pass, .pass, .pass, .pass, .pass])
    let lines = fixture.rows.split(separator: "\n")
    var reversed = fixture
    reversed.rows = ([lines[0]] + lines.dropFirst().reversed()).joined(separator: "\r\n")
    #expect(try await Self.judged(reversed) == reference)
    var withoutTraining = fixture
    withoutTraining.rows = lines.filter { !$0.contains("train") }.joined(separator: "\n")
    #expect(try await Self.judged(withoutTraining) == reference)
    var renamed = fixture
    renamed.rows = fixture.rows.replacing(",f,", with: ",zz,").replacing(",m,", with: ",\"a,b\",")
    #expect(try await Self.judged(renamed) == reference)
    var columns = fixture
    columns.rows = lines.map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).reversed().joined(separator: ",")
    }.joined(separator: "\n")
    #expect(try await Self.judged(columns) == reference)
  }

  @Test func `gives equal rows no order of their own`() async throws {
    // Every row stands twice, and rows differ in the model's input only: the content digests tie.
    var fixture = try GateFixture()
    let lines = fixture.rows.split(separator: "\n")
    let doubled = lines.dropFirst() + lines.dropFirst()
    fixture.rows = ([lines[0]] + doubled).joined(separator: "\n")
    let reference = try await Self.judged(fixture)
    fixture.rows = ([lines[0]] + doubled.reversed()).joined(separator: "\n")
    #expect(try await Self.judged(fixture) == reference)
  }

  @Test func `depends on the gate and on the rows`() async throws {
    let fixture = try GateFixture()
    let first = try await fixture.report("strong", by: GateFixture.quality(.rocAUC, .atLeast(0.8)))
    let other = try await fixture.report("strong", by: GateFixture.quality(.rocAUC, .atLeast(0.81)))
    #expect(first.value == other.value)
    #expect(first.interval != other.interval)
    #expect(first.gateDigest != other.gateDigest)
  }

  @Test func `puts everything into the evidence that is needed to check it again`() async throws {
    var fixture = try GateFixture()
    fixture.minimums = Minimums(rows: 30, denominator: 1)
    let candidate = try GateFixture.model("strong")
    let champion = try GateFixture.model("weak")
    let evidence = try await fixture.judge(candidate, champion: champion, by: Self.checks)
    #expect(evidence.model == ModelName("income"))
    #expect(evidence.modelDigest == Digest.sha256(of: candidate))
    #expect(evidence.championDigest == Digest.sha256(of: champion))
    #expect(evidence.reports.map(\.gate) == (0..<7).map { "gate \($0)" })
    #expect(evidence.reports.dropLast().allSatisfy { $0.datasetDigest == Digest.sha256(of: fixture.rows) })
    #expect(evidence.verdict == .pass)
    let decoded = try JSONDecoder().decode(Evidence.self, from: JSONEncoder().encode(evidence))
    #expect(decoded == evidence)
  }

  @Test func `gives a remembered verdict again`() async throws {
    var fixture = try GateFixture()
    let memo = MemoryMemo()
    fixture.memo = memo
    let candidate = try GateFixture.model("strong")
    let champion = try GateFixture.model("weak")
    let first = try await fixture.judge(candidate, champion: champion, by: Self.checks)
    #expect(memo.hits == 0)
    #expect(memo.count == 7)
    #expect(try await fixture.judge(candidate, champion: champion, by: Self.checks) == first)
    #expect(memo.hits == 7)
    // Another champion changes only the gates that compare with it.
    _ = try await fixture.judge(candidate, champion: candidate, by: Self.checks)
    #expect(memo.hits == 12)
    #expect(memo.count == 9)
  }

  @Test func `remembers how the champion was served, and nothing of one that could not be judged`() async throws {
    var fixture = try GateFixture()
    let memo = MemoryMemo()
    fixture.memo = memo
    let candidate = try GateFixture.model("strong")
    let champion = try GateFixture.model("matrix")
    let check = GateFixture.quality(.accuracy, .notWorseThanChampion(margin: 0.2))
    let unusable = try await fixture.judge(candidate, champion: champion, by: [check])
    #expect(unusable.reports.map(\.reason) == ["ChampionUnusable"])
    #expect(memo.count == 0)
    let features = ["strong", "weak", "count"]
    fixture.championServing = ServingSpec(features: features, scoreOutput: "score")
    let first = try await fixture.judge(candidate, champion: champion, by: [check])
    #expect(first.verdict == .pass)
    #expect(memo.count == 1)
    fixture.championServing = ServingSpec(features: features, scoreOutput: "logit")
    _ = try await fixture.judge(candidate, champion: champion, by: [check])
    #expect(memo.hits == 0)
    #expect(memo.count == 2)
  }

  @Test func `remembers no error`() async throws {
    var fixture = try GateFixture()
    let memo = MemoryMemo()
    fixture.memo = memo
    fixture.wrongDigest = true
    let evidence = try await fixture.judge(GateFixture.model("strong"), by: [GateFixture.quality(.rocAUC, .atLeast(0))])
    #expect(evidence.verdict == .error)
    #expect(evidence.reports.first?.reason == "DatasetUnusable")
    #expect(memo.count == 0)
  }

  @Test(arguments: [
    ("strong", "tset", "DatasetUnusable", "no row of data set 'rows' is in split 'tset'"),
    ("outside", "test", "ModelUnusable", "external"),
  ])
  func `calls a gate that could not run an error, not a failure`(
    model: String, split: String, reason: String, message: String
  ) async throws {
    let report = try await GateFixture().report(model, by: GateFixture.quality(.rocAUC, .atLeast(0), split: split))
    #expect(report.verdict == .error)
    #expect(report.reason == reason)
    #expect(report.message.contains(message))
    #expect(report.limit == ">= 0.0")
  }

  @Test func `judges nothing without the candidate's file`() async throws {
    let store = MemoryArtifacts()
    let keeper = ModelGatekeeper(
      artifacts: store, inputs: FixedInputs(bytes: []), scanner: FixedScanner(findings: []), memo: nil,
      runtimeVersion: "test", instructionSet: "any")
    let path = try #require(RepositoryPath("model.onnx"))
    let digest = Digest.sha256(of: "absent")
    let deployment = DesiredDeployment(
      spec: ModelDeployment(name: ModelName("m"), model: .artifact(path: path, digest: digest), gates: []),
      place: SourcePlace(path: path, line: 1, column: 1), digest: digest, commit: CommitID("0"), files: [:])
    await #expect(throws: StageError.self) {
      _ = try await keeper.judge(GateRequest(deployment: deployment, candidate: digest, champion: nil))
    }
  }

  @Test func `stops when its task is cancelled`() async throws {
    let fixture = try GateFixture()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await fixture.judge(GateFixture.model("strong"), by: Self.checks)
    }
    let error = await #expect(throws: StageError.self) { try await task.value }
    #expect(error?.reason == "Cancelled")
    #expect(error?.remedy == .retry)
  }
}

@Suite struct `A security gate` {
  @Test func `passes a file in which nothing is found`() async throws {
    let report = try await GateFixture().report("strong", by: .security)
    #expect(report.verdict == .pass)
    #expect(report.reason == "NoFindings")
    #expect(report.datasetDigest == nil)
  }

  @Test func `fails at a finding that blocks and shows all`() async throws {
    var fixture = try GateFixture()
    let note = Finding(rule: "Note", blocks: false, message: "harmless")
    fixture.findings = [note]
    let noted = try await fixture.report("strong", by: .security)
    #expect(noted.verdict == .pass)
    #expect(noted.findings == [note])
    let pickle = Finding(rule: "Pickle", blocks: true, message: "imports os.system")
    fixture.findings = [note, pickle]
    let failed = try await fixture.report("strong", by: .security)
    #expect(failed.verdict == .fail)
    #expect(failed.reason == "BlockingFindings")
    #expect(failed.message == "Pickle: imports os.system")
    #expect(failed.findings == [note, pickle])
  }

  @Test(arguments: [("outside", "ExternalDataOutsideBundle"), ("beside", "ExternalData")])
  func `fails for weights in other files`(model: String, rule: String) async throws {
    let report = try await GateFixture().report(model, by: .security)
    #expect(report.verdict == .fail)
    #expect(report.findings.map(\.rule) == [rule])
  }

  @Test func `fails for a file that is no model`() async throws {
    let evidence = try await GateFixture().judge(Array("not a model".utf8), by: [.security])
    #expect(evidence.reports.map(\.verdict) == [.fail])
    #expect(evidence.reports.first?.findings.map(\.rule) == ["UnreadableModel"])
  }
}
