import Domain
import Testing

@testable import Specs

@Suite struct `A fleet without a fault` {
  @Test func `becomes the desired state`() throws {
    let state = try Sample.fleet.load()
    #expect(DiagnosticRenderer().text(state.diagnostics) == "")
    #expect(state.invalidFiles.isEmpty)
    let income = try #require(state.deployments[ModelName("income")])
    #expect(income.spec.environment == .builtIn)
    #expect(income.environment == EnvironmentSpec())
    #expect(income.place.description == "specs/income.yaml:3:18")
    #expect(
      income.files.keys.map(\.text).sorted() == ["specs/income.yaml", "specs/requirements.txt", "specs/train.py"])
    #expect(
      income.files
        == Dictionary(
          uniqueKeysWithValues: try income.files.keys.map {
            ($0, try #require(Sample.fleet.file(at: $0.text)).blob)
          }))
    #expect(income.datasets.keys.map(\.text) == ["adult"])
    #expect(income.neighbours.isEmpty)
    let production = try #require(state.environments[EnvironmentName("production")]).spec
    #expect(
      production
        == EnvironmentSpec(
          name: EnvironmentName("production"), writeBack: .none, historyRewrites: .allow))
  }

  @Test func `has every value of a data set`() throws {
    let adult = try #require(try Sample.fleet.load().datasets[DatasetName("adult")]).spec
    #expect(
      adult
        == DatasetSpec(
          name: DatasetName("adult"), file: try #require(RepositoryPath("data/adult.csv")),
          digest: try #require(Digest(Sample.digest)), missing: [""],
          label: LabelSpec(column: "income", positive: ">50K"),
          splitColumn: "split",
          sensitive: [
            SensitiveAttribute(column: "sex"), SensitiveAttribute(column: "race"),
            SensitiveAttribute(column: "age", bins: [25, 45, 65]),
          ], exclude: ["fnlwgt"]))
  }

  @Test(arguments: [("float32", nil), ("bfloat16", .bfloat16)] as [(String, ReducedPrecision?)])
  func `has the precision of a deployment`(text: String, precision: ReducedPrecision?) throws {
    var fleet = Sample.fleet
    fleet["specs/precise.yaml"] = """
      apiVersion: headgate.dev/v1
      kind: ModelDeployment
      metadata: {name: precise}
      spec: {model: {artifact: {path: model.onnx, digest: \(Sample.digest)}}, serving: {precision: \(text)}}
      """
    fleet["specs/model.onnx"] = "model"
    let deployment = try #require(try fleet.load().deployments[ModelName("precise")])
    #expect(deployment.spec.serving == ServingSpec(precision: precision))
  }

  @Test func `has every value of a deployment`() throws {
    let income = try #require(try Sample.fleet.load().deployments[ModelName("income")]).spec
    let adult = DatasetName("adult")
    #expect(
      income.model
        == .build(
          BuildSpec(
            requirements: RepositoryPath("specs/requirements.txt"),
            steps: [
              BuildStep(
                name: "train", run: "python train.py",
                inputs: [.file(try #require(RepositoryPath("specs/train.py"))), .dataset(adult, split: "train")],
                output: "model.onnx")
            ])))
    #expect(income.serving == ServingSpec(classOutput: "label", scoreOutput: "probabilities"))
    #expect(
      income.gates == [
        GateSpec(
          name: "quality/roc_auc",
          check: .quality(
            QualityCheck(dataset: adult, split: "test", metric: .rocAUC, limit: .atLeast(0.9)))),
        GateSpec(
          name: "quality/roc_auc/champion",
          check: .quality(
            QualityCheck(dataset: adult, split: "test", metric: .rocAUC, limit: .notWorseThanChampion(margin: 0.005)))),
        GateSpec(
          name: "fairness/equalized_odds_difference",
          check: .fairness(
            FairnessCheck(
              dataset: adult, split: "test", metric: .equalizedOddsDifference, by: ["sex"], limit: .atMost(0.12),
              confidence: 0.95))),
        GateSpec(name: "security", check: .security),
      ])
    #expect(
      income.rollout
        == RolloutSpec(
          steps: [500, 2500, 10_000].compactMap { Share(basisPoints: $0) },
          advance: AdvanceLimits(
            minSamples: 500, maxErrorRate: Share(basisPoints: 100), maxP99: .milliseconds(50),
            deadline: .seconds(6 * 3600)),
          onFailure: .revert, onDeadline: .rollback))
  }

  @Test func `takes the defaults of Domain where nothing is said`() throws {
    var fleet = Sample.fleet
    fleet["specs/short.yaml"] = """
      apiVersion: headgate.dev/v1
      kind: ModelDeployment
      metadata: {name: short, labels: {team: no, x: on}, annotations: {note: "1"}}
      spec: {model: {artifact: {path: model.onnx, digest: \(Sample.digest)}}}
      """
    let short = try #require(try fleet.load().deployments[ModelName("short")]).spec
    #expect(
      short
        == ModelDeployment(
          name: ModelName("short"),
          model: .artifact(
            path: try #require(RepositoryPath("specs/model.onnx")), digest: try #require(Digest(Sample.digest))),
          gates: [GateSpec(name: "security", check: .security)]))
  }

  @Test func `scans a model for which no gates are listed, and takes that for the same wish`() throws {
    let start = try #require(Sample.deployment.firstRange(of: "  gates:"))
    let end = try #require(Sample.deployment.firstRange(of: "  rollout:"))
    let spellings = ["", "  gates: []\n", "  gates: [{security: {}}]\n", "  gates: [{name: security, security: {}}]\n"]
    var digests: Set<Digest> = []
    for gates in spellings {
      var fleet = Sample.fleet
      fleet["specs/income.yaml"] =
        Sample.deployment[..<start.lowerBound] + gates + Sample.deployment[end.lowerBound...]
      let income = try #require(try fleet.load().deployments[ModelName("income")])
      #expect(income.spec.gates == [GateSpec(name: "security", check: .security)])
      digests.insert(income.digest)
    }
    #expect(digests.count == 1)
  }

  @Test func `carries limits of steps and outputs of earlier ones`() throws {
    var fleet = Sample.fleet
    fleet["specs/two.yaml"] = """
      apiVersion: headgate.dev/v1
      kind: ModelDeployment
      metadata: {name: two}
      spec:
        environment: production
        serving: {features: [b, a]}
        model:
          build:
            steps:
            - {name: clean, run: a, inputs: [{dataset: adult, split: train}], output: rows.csv}
            - name: train
              run: |
                first
                second
              inputs: [{step: clean}]
              output: model.onnx
              limits: {timeout: 1h30m, memory: 512MiB, output: 10KiB}
        rollout: {steps: [{weight: 0.25%}, {weight: 100%}], onFailure: hold, onDeadline: hold}
      """
    let state = try fleet.load()
    let two = try #require(state.deployments[ModelName("two")])
    #expect(two.environment.writeBack == .none)
    #expect(two.spec.serving.features == ["b", "a"])
    #expect(two.spec.rollout.steps.map(\.basisPoints) == [25, 10_000])
    #expect(two.spec.rollout.onFailure == .hold)
    #expect(two.spec.rollout.onDeadline == .hold)
    guard case .build(let build) = two.spec.model else {
      Issue.record("not a build")
      return
    }
    #expect(
      build.steps[1]
        == BuildStep(
          name: "train", run: "first\nsecond\n", inputs: [.step("clean", output: "rows.csv")], output: "model.onnx",
          limits: BuildLimits(timeout: .seconds(5400), memoryBytes: 536_870_912, outputBytes: 10_240)))
  }
}
