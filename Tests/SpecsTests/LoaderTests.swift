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

@Suite struct `A digest` {
  /// The digest of the income deployment after a change to one file.
  private func digest(_ path: String, _ change: (String) -> String) throws -> Digest {
    var fleet = Sample.fleet
    fleet[path] = change(fleet[path])
    let state = try fleet.load()
    return try #require(
      state.deployments[ModelName("income")], "\(DiagnosticRenderer().text(state.diagnostics))"
    ).digest
  }

  private func unchanged() throws -> Digest { try digest("specs/income.yaml") { $0 } }

  @Test(arguments: [
    ("0.90", "0.9"), ("0.90", "9.0e-1"), ("6h", "360m"), ("6h", "5h60m"), ("5%}", "5.00%}"),
    ("kind: ModelDeployment", "kind: ModelDeployment # a note"),
    ("metadata: {name: income}", "metadata:\n  name: 'income'"),
    ("{name: income}", "{name: income, labels: {a: b}, annotations: {c: d}}"),
    ("{weight: 5%}, {weight: 25%}", "  {weight: \"5%\"},\n    {weight: 25%}"),
    ("  onFailure: revert\n    onDeadline: rollback", "  onDeadline: rollback\n    onFailure: revert"),
    ("train.py, {dataset", "./train.py, {dataset"), ("\n", "\r\n"),
  ])
  func `does not depend on how a spec is written`(written: String, instead: String) throws {
    let same = try digest("specs/income.yaml") { text in
      #expect(text.contains(written))
      return text.split(separator: written, omittingEmptySubsequences: false).joined(separator: instead)
    }
    #expect(try unchanged() == same)
  }

  @Test(arguments: [
    ("specs/income.yaml", "0.90", "0.91"), ("specs/income.yaml", "revert", "hold"),
    ("specs/income.yaml", "{weight: 5%}, ", ""), ("specs/income.yaml", "by: [sex]", "by: [race]"),
    ("specs/income.yaml", "  - security: {}\n", ""), ("specs/train.py", "print()", "print(1)"),
    ("specs/adult.yaml", ">50K", "<=50K"), ("data/adult.csv", "a,b", "a,c"),
  ])
  func `changes with what is asked for`(path: String, written: String, instead: String) throws {
    let other = try digest(path) { text in
      #expect(text.contains(written))
      return text.split(separator: written, omittingEmptySubsequences: false).joined(separator: instead)
    }
    #expect(try unchanged() != other)
  }

  @Test func `changes with the environment, but not when that only spells out the defaults`() throws {
    func with(_ spec: String) throws -> Digest {
      var fleet = Sample.fleet
      fleet["specs/default.yaml"] =
        "{apiVersion: headgate.dev/v1, kind: Environment, metadata: {name: default}, spec: \(spec)}"
      return try #require(try fleet.load().deployments[ModelName("income")]).digest
    }
    #expect(try with("{writeBack: none}") != unchanged())
    #expect(try with("{writeBack: push, historyRewrites: refuse, target: machine}") == unchanged())
  }

  @Test func `of a data set leaves out what only describes it`() throws {
    func dataset(_ change: (String) -> String) throws -> Digest {
      var fleet = Sample.fleet
      fleet["specs/adult.yaml"] = change(fleet["specs/adult.yaml"])
      return try #require(try fleet.load().datasets[DatasetName("adult")]).digest
    }
    #expect(try dataset { $0 } == dataset { $0 + "  licence: CC BY 4.0\n  source: UCI\n  description: census\n" })
    #expect(try dataset { $0 } != dataset { $0.replacing("fnlwgt", with: "education") })
  }

  @Test func `of a list depends on its order`() throws {
    let other = try digest("specs/adult.yaml") { $0.replacing("[sex, race,", with: "[race, sex,") }
    #expect(try unchanged() != other)
  }
}

@Suite struct `One invalid file` {
  @Test func `never stops the others`() throws {
    var fleet = Sample.fleet
    fleet["specs/bad.yaml"] = Sample.deployment.replacing("name: income", with: "name: bad")
      .replacing("rollout:", with: "rolout:")
    let state = try fleet.load()
    #expect(state.deployments.keys.map(\.text) == ["income"])
    #expect(state.invalidFiles.map(\.text) == ["specs/bad.yaml"])
    #expect(state.diagnostics.map(\.hint) == ["did you mean 'rollout'?"])
  }

  @Test func `is held whole, but its sound data set can be used by others`() throws {
    var fleet = Sample.fleet
    fleet["specs/adult.yaml"] =
      Sample.dataset + "---\n"
      + Sample.deployment.replacing("name: income", with: "name: bad").replacing("roc_auc", with: "auc")
      + "---\n" + Sample.deployment.replacing("name: income", with: "name: held")
    let state = try fleet.load()
    #expect(state.deployments.keys.map(\.text) == ["income"])
    #expect(state.datasets.keys.map(\.text) == ["adult"])
    #expect(state.invalidFiles.map(\.text) == ["specs/adult.yaml"])
  }

  @Test func `with a data set makes the deployments that refer to it invalid`() throws {
    var fleet = Sample.fleet
    fleet["specs/adult.yaml"] = Sample.dataset.replacing("sensitive", with: "sensitiv")
    let state = try fleet.load()
    #expect(state.deployments.isEmpty)
    #expect(state.invalidFiles.map(\.text).sorted() == ["specs/adult.yaml", "specs/income.yaml"])
    #expect(state.diagnostics.contains { $0.message == "the Dataset 'adult' has errors, at specs/adult.yaml:3:18" })
  }

  @Test func `that may hide the default environment holds those that rely on it`() throws {
    for text in [
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {name: \"default}\n",
      "apiVersion: headgate.dev/v2\nkind: Environment\nmetadata: {name: default}\nspec: {writeBack: none}\n",
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {nam: default}\nspec: {writeBack: none}\n",
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {name: default}\nspec: {writeBack: non}\n",
    ] {
      var fleet = Sample.fleet
      fleet["specs/environment.yaml"] = text
      let state = try fleet.load()
      #expect(state.deployments.isEmpty, "\(text)")
      #expect(state.invalidFiles.map(\.text).contains("specs/income.yaml"))
    }
  }

  @Test(arguments: [
    (Sample.deployment, true, false),
    (Sample.deployment.replacing("{name: income}", with: "{nam: income}"), false, true),
    (Sample.deployment.replacing("headgate.dev/v1", with: "headgate.dev/v9"), false, true),
    (Sample.deployment.replacing("{name: income}", with: "{name: \"income}"), false, true),
  ]) func `holds the objects it names, and hides those it may name`(text: String, isNamed: Bool, isObscure: Bool) throws
  {
    // Moved without its relative paths: train.py is not in the new folder.
    var fleet = Sample.fleet
    fleet.files["specs/income.yaml"] = nil
    fleet["specs/models/income.yaml"] = text
    let state = try fleet.load()
    let path = try #require(RepositoryPath("specs/models/income.yaml"))
    #expect(state.invalidFiles == [path])
    #expect(state.heldObjects == (isNamed ? [ObjectID(.modelDeployment, "income"): path] : [:]))
    #expect(state.obscureFiles == (isObscure ? [path] : []))
  }

  @Test func `is told that a name is taken by another, and both are held`() throws {
    var fleet = Sample.fleet
    fleet["specs/z/other.yaml"] = Sample.deployment.replacing("train.py", with: "../train.py")
      .replacing("requirements.txt", with: "../requirements.txt")
    let state = try fleet.load()
    #expect(state.deployments.isEmpty)
    #expect(state.invalidFiles.map(\.text).sorted() == ["specs/income.yaml", "specs/z/other.yaml"])
    #expect(state.diagnostics.map(\.place.description) == ["specs/income.yaml:3:18", "specs/z/other.yaml:3:18"])
    #expect(
      state.diagnostics.map(\.message) == [
        "ModelDeployment 'income' is given twice, also at specs/z/other.yaml:3:18",
        "ModelDeployment 'income' is given twice, also at specs/income.yaml:3:18",
      ])
  }
}

@Suite struct `The loader` {
  @Test func `leaves other files alone`() throws {
    var fleet = Sample.fleet
    fleet["specs/notes.txt"] = "apiVersion: nothing"
    fleet["specs/.github/workflow.yml"] = "on: push"
    fleet["specs/.config.yaml"] = "x: 1"
    fleet["other/thing.yaml"] = "x: 1"
    fleet["specs/empty.yaml"] = "# nothing yet\n---\n---\n"
    let state = try fleet.load()
    #expect(state.diagnostics.isEmpty)
    #expect(state.invalidFiles.isEmpty)
  }

  @Test func `takes a YAML file that a step declares for an input, not for a spec`() throws {
    var fleet = Sample.fleet
    fleet["specs/params.yaml"] = "depth: [3, 4"
    #expect(try fleet.load().invalidFiles.map(\.text) == ["specs/params.yaml"])
    fleet["specs/income.yaml"] = Sample.deployment.replacing("[train.py,", with: "[train.py, params.yaml,")
    let state = try fleet.load()
    #expect(state.diagnostics.isEmpty)
    #expect(state.invalidFiles.isEmpty)
    #expect(state.deployments[ModelName("income")]?.files.count == 4)
  }

  @Test func `lists the neighbours of a deployment in its file`() throws {
    var fleet = Sample.fleet
    fleet.files["specs/adult.yaml"] = nil
    fleet["specs/income.yaml"] = Sample.dataset + "---\n" + Sample.deployment
    let state = try fleet.load()
    let adult = try #require(state.datasets[DatasetName("adult")])
    #expect(
      state.deployments[ModelName("income")]?.neighbours == [ObjectID(.dataset, "adult"): adult.digest])
  }

  @Test func `decodes only files whose content changed`() throws {
    var loader = SpecLoader()
    var fleet = Generated.fleet(deployments: 200)
    let first = try fleet.load(&loader)
    #expect(first.diagnostics.isEmpty)
    #expect(loader.decodedFileCount == 200 + 20 + 3)
    _ = try fleet.load(&loader, commit: "c2")
    #expect(loader.decodedFileCount == 223)
    fleet["specs/team-1/model-1.yaml"] = fleet["specs/team-1/model-1.yaml"].replacing("0.9}", with: "0.8}")
    let third = try fleet.load(&loader, commit: "c3")
    #expect(loader.decodedFileCount == 224)
    let changed = third.deployments.filter { $0.value.digest != first.deployments[$0.key]?.digest }
    #expect(changed.keys.map(\.text) == ["model-1"])
    #expect(third.deployments.values.allSatisfy { $0.commit == CommitID("c3") })
    #expect(third == (try fleet.loadFresh(commit: "c3")))
  }

  @Test func `sees a changed input without decoding any spec`() throws {
    var loader = SpecLoader()
    var fleet = Sample.fleet
    let before = try fleet.load(&loader)
    let count = loader.decodedFileCount
    fleet["data/adult.csv"] = "other"
    let after = try fleet.load(&loader)
    #expect(loader.decodedFileCount == count)
    #expect(before.deployments[ModelName("income")]?.digest != after.deployments[ModelName("income")]?.digest)
    #expect(after == (try fleet.load()))
    fleet.files["specs/train.py"] = nil
    let broken = try fleet.load(&loader)
    #expect(loader.decodedFileCount == count)
    #expect(broken.deployments.isEmpty)
    #expect(broken.diagnostics.map(\.message) == ["there is no file 'specs/train.py' in this commit"])
  }

  @Test func `gives the same state however it got there`() throws {
    var loader = SpecLoader()
    var fleet = Sample.fleet
    let edits: [(inout Fleet) -> Void] = [
      { $0["specs/bad.yaml"] = "kind: x" }, { $0.files["specs/adult.yaml"] = nil },
      { $0["specs/moved.yaml"] = Sample.dataset }, { $0["specs/twice.yml"] = Sample.dataset },
      { $0.files["specs/moved.yaml"] = nil }, { $0["specs/default.yaml"] = "kind: Environment" },
      { $0["specs/default.yaml"] = Sample.environment.replacing("production", with: "default") },
      { $0.files["specs/bad.yaml"] = nil }, { $0.files = [:] }, { $0 = Sample.fleet },
    ]
    for edit in edits {
      edit(&fleet)
      #expect(try fleet.load(&loader) == fleet.load())
    }
  }

  @Test func `passes errors of the repository on and can go on afterwards`() throws {
    var loader = SpecLoader()
    let fleet = Sample.fleet
    #expect(throws: GitError.self) {
      _ = try loader.load(
        commit: CommitID("c"), files: fleet.listing(),
        contents: { (_) throws(GitError) in throw GitError(.corrupt, "no") }, file: { (_) throws(GitError) in nil })
    }
    #expect(try fleet.load(&loader) == fleet.load())
  }

  @Test func `tells that a file is too large`() throws {
    let file = try #require(Sample.fleet.file(at: "specs/adult.yaml"))
    var loader = SpecLoader()
    let state = try loader.load(
      commit: CommitID("c"), files: [file], contents: { (_) throws(GitError) in throw GitError(.tooLarge, "no") },
      file: { (_) throws(GitError) in nil })
    #expect(state.diagnostics.map(\.message) == ["the file has more bytes than the limit of 1048576"])
    #expect(state.invalidFiles == [file.path])
  }

  @Test func `asks for each file outside the folder once`() throws {
    let fleet = Generated.fleet(deployments: 30)
    var asked: [String] = []
    var loader = SpecLoader()
    let contents = Dictionary(fleet.files.compactMap { path, bytes in fleet.file(at: path).map { ($0.blob, bytes) } }) {
      first, _ in first
    }
    _ = try loader.load(
      commit: CommitID("c"), files: fleet.listing(under: "specs"),
      contents: { (blob) throws(GitError) in contents[blob] ?? [] },
      file: { (path) throws(GitError) in
        asked.append(path.text)
        return fleet.file(at: path.text)
      })
    #expect(asked.count == Set(asked).count)
    #expect(asked.count == 20)
  }
}

extension Fleet {
  fileprivate func loadFresh(commit: String) throws -> DesiredState {
    var loader = SpecLoader()
    return try load(&loader, commit: commit)
  }
}

/// Fleets of any size: deployments that refer to 20 data sets and 3 environments, in 100 folders.
enum Generated {
  static func fleet(deployments: Int) -> Fleet {
    var fleet = Fleet([:])
    for index in 0..<20 {
      fleet["specs/datasets/data-\(index).yaml"] = Sample.dataset.replacing("name: adult", with: "name: data-\(index)")
        .replacing("../data/adult.csv", with: "../../data/\(index).csv")
      fleet["data/\(index).csv"] = "a,b\n\(index)\n"
    }
    for name in ["east", "west", "north"] {
      fleet["specs/environments/\(name).yaml"] = Sample.environment.replacing("production", with: name)
    }
    for index in 0..<deployments {
      let folder = "specs/team-\(index % 100)"
      fleet["\(folder)/model-\(index).yaml"] = Sample.deployment.replacing("name: income", with: "name: model-\(index)")
        .replacing("dataset: adult", with: "dataset: data-\(index % 20)").replacing("0.90", with: "0.9")
        .replacing("spec:", with: "spec:\n  environment: \(["east", "west", "north"][index % 3])")
      fleet["\(folder)/train.py"] = "print(\(index % 100))"
      fleet["\(folder)/requirements.txt"] = ""
    }
    return fleet
  }
}
