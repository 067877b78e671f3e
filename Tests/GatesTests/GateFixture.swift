import Datasets
import Domain
import Foundation
import HeadgateRuntime
import Statistics
import Synchronization
import Testing

@testable import Gates

/// The rows and models of `Fixtures`, and a gatekeeper over them.
struct GateFixture: Sendable {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "Fixtures")

  var rows: String
  var missing = [""]
  var label = LabelSpec(column: "y", positive: "yes")
  var sensitive = [SensitiveAttribute(column: "sex"), SensitiveAttribute(column: "age", bins: [30, 50, 100])]
  var exclude: [String] = []
  var serving = ServingSpec()
  /// How the champion is served; nil is as the candidate is.
  var championServing: ServingSpec?
  var minimums = ModelGatekeeper.defaultMinimums
  var findings: [Finding] = []
  /// Another scanner than one that finds these.
  var scanner: (any Domain.Scanner)?
  var memo: MemoryMemo?
  /// A digest for the spec that is not the file's.
  var wrongDigest = false

  init() throws {
    rows = try String(contentsOf: Self.folder.appending(path: "rows.csv"), encoding: .utf8)
  }

  static func model(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: "\(name).onnx")))
  }

  /// Judges a model by gates; the candidate and the champion are fixture names or bytes.
  func judge(_ candidate: [UInt8], champion: [UInt8]? = nil, by checks: [GateCheck]) async throws -> Evidence {
    let store = MemoryArtifacts()
    let path = try #require(RepositoryPath("data/rows.csv"))
    let name = DatasetName("rows")
    let spec = DatasetSpec(
      name: name, file: path, digest: Digest.sha256(of: wrongDigest ? "another" : rows), missing: missing, label: label,
      splitColumn: "part", sensitive: sensitive, exclude: exclude)
    let place = SourcePlace(path: path, line: 1, column: 1)
    let gates = checks.enumerated().map { GateSpec(name: "gate \($0)", check: $1) }
    let modelPath = try #require(RepositoryPath("model.onnx"))
    let deployment = DesiredDeployment(
      spec: ModelDeployment(
        name: ModelName("income"), model: .artifact(path: modelPath, digest: Digest.sha256(of: candidate)),
        serving: serving, gates: gates),
      place: place, digest: Digest.sha256(of: "deployment"), commit: CommitID("0"), files: [:],
      datasets: [name: DesiredObject(spec: spec, place: place, digest: spec.digest)])
    let keeper = ModelGatekeeper(
      artifacts: store, inputs: FixedInputs(bytes: Array(rows.utf8)),
      scanner: scanner ?? FixedScanner(findings: findings), memo: memo, runtimeVersion: "test", instructionSet: "any",
      minimums: minimums)
    let request = GateRequest(
      deployment: deployment, candidate: try store.put(candidate, in: .artifacts),
      champion: try champion.map { try store.put($0, in: .artifacts) }, championServing: championServing)
    return try await keeper.judge(request)
  }

  /// Judges a fixture model by one gate.
  func report(_ candidate: String, champion: String? = nil, by check: GateCheck) async throws -> GateReport {
    let champion = try champion.map { try Self.model($0) }
    let evidence = try await judge(Self.model(candidate), champion: champion, by: [check])
    return try #require(evidence.reports.first)
  }

  static func quality(
    _ metric: Domain.QualityMetric, _ limit: QualityLimit, confidence: Double? = nil, split: String = "test"
  ) -> GateCheck {
    .quality(
      QualityCheck(dataset: DatasetName("rows"), split: split, metric: metric, limit: limit, confidence: confidence))
  }

  static func fairness(
    _ metric: Domain.FairnessMetric, by: [String] = ["sex"], _ limit: FairnessLimit = .atMost(1),
    confidence: Double? = nil
  ) -> GateCheck {
    .fairness(
      FairnessCheck(
        dataset: DatasetName("rows"), split: "test", metric: metric, by: by, limit: limit, confidence: confidence))
  }
}

/// What onnxruntime, scikit-learn and Fairlearn say of the fixtures.
struct Expected: Decodable, Sendable {
  struct Model: Decodable, Sendable {
    let metrics: [String: Double]
    let rates: [String: [String: Double]]
  }
  let count: Int
  let positives: Int
  let models: [String: Model]

  static func read() throws -> Expected {
    try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: GateFixture.folder.appending(path: "expected.json")))
  }
}

/// Artifacts in a temporary folder that goes with them.
final class MemoryArtifacts: ArtifactStore {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "headgate-gates-\(UUID())")

  deinit { try? FileManager.default.removeItem(at: folder) }

  func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    let digest = Digest.sha256(of: bytes)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: folder.appending(path: digest.hex))
    } catch {
      throw StoreError(.failed, "\(error)")
    }
    return digest
  }

  func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    throw StoreError(.failed, "not used here")
  }

  func path(of digest: Digest, in shelf: Shelf) -> String? {
    let path = folder.appending(path: digest.hex).path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  func holds(_ digest: Digest, in shelf: Shelf) -> Bool { path(of: digest, in: shelf) != nil }
}

/// Gives every file the same bytes.
struct FixedInputs: BuildInputs {
  let bytes: [UInt8]

  func file(_ path: RepositoryPath, of deployment: DesiredDeployment) async throws(StageError) -> BuildInput {
    BuildInput(fileName: path.baseName, digest: Digest.sha256(of: bytes), content: .bytes(bytes))
  }

  func split(_ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment)
    async throws(StageError) -> BuildInput
  {
    throw StageError(.gating, reason: "Unused", "gates read whole files", remedy: .changeSpec)
  }
}

/// Finds the same in every file.
struct FixedScanner: Domain.Scanner {
  let findings: [Finding]
  func scan(_ bytes: UnsafeRawBufferPointer, name: String) -> [Finding] { findings }
}

/// Remembers in memory and counts what was asked.
final class MemoryMemo: Memo {
  private let state = Mutex<(values: [Digest: String], hits: Int)>(([:], 0))

  var hits: Int { state.withLock { $0.hits } }
  var count: Int { state.withLock { $0.values.count } }

  func value(of key: Digest, in namespace: String) throws(StoreError) -> String? {
    state.withLock { state in
      if state.values[key] != nil { state.hits += 1 }
      return state.values[key]
    }
  }

  func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError) {
    state.withLock { $0.values[key] = value }
  }
}
