import Domain
import Testing

@testable import Specs

/// A commit in memory.
struct Fleet {
  var files: [String: [UInt8]]

  init(_ files: [String: String]) {
    self.files = files.mapValues { Array($0.utf8) }
  }

  subscript(path: String) -> String {
    get { String(decoding: files[path] ?? [], as: UTF8.self) }
    set { files[path] = Array(newValue.utf8) }
  }

  /// All files, as a repository lists them.
  func listing(under folder: String = "") -> [RepositoryFile] {
    files.keys.sorted().compactMap { file(at: $0) }.filter { file in
      RepositoryPath(folder).map { file.path.isWithin($0) } ?? false
    }
  }

  func file(at path: String) -> RepositoryFile? {
    guard let bytes = files[path], let path = RepositoryPath(path) else { return nil }
    return RepositoryFile(path: path, blob: blob(of: bytes))
  }

  func load(_ loader: inout SpecLoader, commit: String = "c1", under folder: String = "specs") throws -> DesiredState {
    let byBlob = Dictionary(files.values.map { (blob(of: $0), $0) }) { first, _ in first }
    return try loader.load(
      commit: CommitID(commit), files: listing(under: folder), under: try #require(RepositoryPath(folder)),
      contents: { (blob) throws(GitError) in
        guard let bytes = byBlob[blob] else { throw GitError(.notFound, "no blob \(blob)") }
        return bytes
      }, file: { (path) throws(GitError) in file(at: path.text) })
  }

  func load(under folder: String = "specs") throws -> DesiredState {
    var loader = SpecLoader()
    return try load(&loader, under: folder)
  }

  private func blob(of bytes: [UInt8]) -> BlobID {
    // Not cryptographic: a test has few blobs, and a hash of Swift's would differ from run to run.
    BlobID(
      String(
        bytes.reduce(into: UInt64(14_695_981_039_346_656_037)) { $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211 },
        radix: 16))
  }
}

/// The specs other tests start from.
enum Sample {
  static let digest = "sha256:" + String(repeating: "ab", count: 32)

  static let dataset = """
    apiVersion: headgate.dev/v1
    kind: Dataset
    metadata: {name: adult}
    spec:
      file: {path: ../data/adult.csv, digest: \(digest)}
      missing: [""]
      label: {column: income, positive: ">50K"}
      split: {column: split}
      sensitive: [sex, race, {column: age, bins: [25, 45, 65]}]
      exclude: [fnlwgt]

    """

  static let deployment = """
    apiVersion: headgate.dev/v1
    kind: ModelDeployment
    metadata: {name: income}
    spec:
      model:
        build:
          python: {requirements: requirements.txt}
          steps:
          - {name: train, run: python train.py, inputs: [train.py, {dataset: adult, split: train}], output: model.onnx}
      serving: {outputs: {class: label, score: probabilities}}
      gates:
      - quality: {dataset: adult, split: test, metric: roc_auc, atLeast: 0.90}
      - quality: {dataset: adult, split: test, metric: roc_auc, notWorseThan: champion, margin: 0.005}
      - fairness: {dataset: adult, split: test, metric: equalized_odds_difference, by: [sex], atMost: 0.12, confidence: 0.95}
      - security: {}
      rollout:
        steps: [{weight: 5%}, {weight: 25%}, {weight: 100%}]
        advance: {minSamples: 500, maxErrorRate: 1%, maxP99: 50ms, deadline: 6h}
        onFailure: revert
        onDeadline: rollback

    """

  static let environment = """
    apiVersion: headgate.dev/v1
    kind: Environment
    metadata: {name: production}
    spec: {writeBack: none, historyRewrites: allow}

    """

  /// A fleet without a fault.
  static var fleet: Fleet {
    Fleet([
      "specs/adult.yaml": dataset, "specs/income.yaml": deployment, "specs/production.yaml": environment,
      "specs/train.py": "print()", "specs/requirements.txt": "", "data/adult.csv": "a,b", "specs/model.onnx": "onnx",
    ])
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

/// The diagnostics of one file that stands alone in a commit, with nothing looked up outside it.
func diagnostics(of yaml: String, path: String = "specs/a.yaml") throws -> [Diagnostic] {
  FileDecoder.decode(SourceText(path: try #require(RepositoryPath(path)), bytes: Array(yaml.utf8))).diagnostics
}
