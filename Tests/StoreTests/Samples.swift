import Domain
import Foundation
import Testing

@testable import Store

/// A state folder of its own, removed with its owner.
final class TemporaryState: Sendable {
  let folder: StateFolder

  init() { folder = StateFolder(NSTemporaryDirectory() + "headgate-store-\(UUID().uuidString)") }

  deinit { try? FileManager.default.removeItem(atPath: folder.root) }
}

enum Samples {
  static let digest = Digest.sha256(of: "sample")

  static func path(_ text: String) throws -> RepositoryPath { try #require(RepositoryPath(text)) }

  static func deployment(_ name: String = "income") throws -> DesiredDeployment {
    let spec = ModelDeployment(
      name: ModelName(name),
      model: .build(
        BuildSpec(
          requirements: try path("requirements.txt"),
          steps: [
            BuildStep(
              name: "train", run: "python train.py",
              inputs: [.file(try path("train.py")), .dataset(DatasetName("adult"), split: "train")],
              output: "model.onnx")
          ])),
      gates: [], rollout: RolloutSpec(steps: [try #require(Share(basisPoints: 500)), .all]))
    return DesiredDeployment(
      spec: spec, place: SourcePlace(path: try path("specs/\(name).yaml"), line: 1, column: 1), digest: digest,
      commit: CommitID("c1"),
      files: [try path("specs/\(name).yaml"): BlobID("b1"), try path("caf\u{e9}/train.py"): BlobID("b2")])
  }

  static func record(_ name: String, generation: Int = 1) throws -> ObjectRecord {
    let deployment = try deployment(name)
    return ObjectRecord(
      name: ModelName(name), generation: generation, desiredDigest: digest, phase: .canary(step: 1),
      phaseSince: Timestamp(milliseconds: 1_700_000_000_123),
      candidate: Candidate(deployment: deployment, release: ReleaseNumber(4)),
      champion: Release(number: ReleaseNumber(3), deployment: deployment, model: digest, evidence: digest),
      nextRelease: ReleaseNumber(5),
      quarantine: [
        Quarantine(
          model: digest, deploymentDigest: digest, commit: CommitID("c0"), reason: "P99AboveLimit",
          since: Timestamp(milliseconds: 5))
      ])
  }

  static func revert() throws -> RevertRequest {
    RevertRequest(
      parent: CommitID("c2"), files: [try path("specs/income.yaml"): BlobID("b1"), try path("new.py"): nil],
      message: "Revert \"income\"\n\u{1F980}\n", time: 1_700_000_000)
  }

  static func intent(_ key: String, action: Action? = nil) throws -> Intent {
    Intent(
      key: key, model: ModelName("income"), action: try action ?? .revert(revert()), since: Timestamp(milliseconds: 7))
  }

  static func event(_ number: Int, of name: String = "income") -> Event {
    Event(
      time: Timestamp(milliseconds: Int64(number)), object: ObjectID(.modelDeployment, name), severity: .warning,
      reason: "GateFailed", message: "event \(number)", commit: CommitID("c1"), release: ReleaseNumber(2))
  }
}

/// Expects a store error of one kind whose message holds all of these words.
func expectStoreError(
  _ code: StoreError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation,
  by body: () throws -> Void
) {
  do {
    try body()
    Issue.record("no error", sourceLocation: sourceLocation)
  } catch let error as StoreError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for word in words { #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation) }
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}
