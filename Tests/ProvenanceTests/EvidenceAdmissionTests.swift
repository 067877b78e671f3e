import Domain
import Foundation
import Testing

@testable import Provenance

/// A model, its evidence and its route, each of which a test may spoil.
private struct Case {
  let folder: StateFolder
  let bytes: [UInt8] = Array("a model".utf8)
  var requirements = [
    GatePolicy.Requirement(gate: GateSpec(name: "security", check: .security), datasetDigest: nil),
    GatePolicy.Requirement(
      gate: GateSpec(
        name: "champion",
        check: .quality(
          QualityCheck(
            dataset: DatasetName("d"), split: "test", metric: .rocAUC, limit: .notWorseThanChampion(margin: 0.01)))),
      datasetDigest: Digest.sha256(of: "dataset")),
  ]
  var serving = ServingSpec()
  var model = ModelName("m")
  var verdicts: [Verdict] = [.pass, .pass]
  var reasons = ["Clean", "NotWorse"]
  var championDigest: Digest?
  /// The champion that the reports name.
  var comparedWith: Digest?

  init() throws {
    let path = "/tmp/hg-\(UInt32.random(in: .min ... .max))"
    folder = StateFolder(path)
    try FileManager.default.createDirectory(atPath: folder.folder(of: .evidence), withIntermediateDirectories: true)
  }

  var policy: GatePolicy { GatePolicy(requirements: requirements, serving: serving) }

  func evidence(policyDigest: Digest? = nil, modelDigest: Digest? = nil) -> Evidence {
    let reports = requirements.indices.filter { $0 < verdicts.count }.map { index in
      GateReport(
        gate: requirements[index].gate.name, kind: requirements[index].gate.check.kind,
        gateDigest: requirements[index].digest, verdict: verdicts[index], reason: reasons[index], message: "words",
        datasetDigest: requirements[index].datasetDigest, championDigest: comparedWith)
    }
    return Evidence(
      model: model, modelDigest: modelDigest ?? Digest.sha256(of: bytes), policyDigest: policyDigest ?? policy.digest,
      reports: reports, championDigest: championDigest, runtimeVersion: "1", instructionSet: "any")
  }

  func store(_ evidence: Evidence) throws -> Digest {
    let text = Array(try JSONEncoder().encode(evidence))
    let digest = Digest.sha256(of: text)
    try Data(text).write(to: URL(filePath: path(of: digest)))
    return digest
  }

  func path(of digest: Digest) -> String { folder.folder(of: .evidence) + "/" + Shelf.fileName(of: digest) }

  /// Asks for admission; `nil` when it is given.
  func admit(_ evidence: Digest?, bytes: [UInt8]? = nil, digest: Digest? = nil) -> AdmissionRefusal? {
    let route = VersionRoute(
      version: ReleaseNumber(1), digest: digest ?? Digest.sha256(of: self.bytes), evidence: evidence, policy: policy,
      weight: .all)
    defer { try? FileManager.default.removeItem(atPath: folder.root) }
    return (bytes ?? self.bytes).withUnsafeBytes { region in
      do throws(AdmissionRefusal) {
        try EvidenceAdmission(folder).admit(route, of: ModelName("m"), bytes: region)
        return nil
      } catch {
        return error
      }
    }
  }
}

@Suite struct `Admission by evidence` {
  @Test func `lets a version pass whose gates all passed`() throws {
    let it = try Case()
    #expect(it.admit(try it.store(it.evidence())) == nil)
  }

  @Test func `lets a comparison be left out when there was no champion`() throws {
    var it = try Case()
    it.verdicts = [.pass, .notApplicable]
    it.reasons = ["Clean", "NoChampion"]
    #expect(it.admit(try it.store(it.evidence())) == nil)
  }

  @Test func `lets a comparison be left out with the champion that cannot be judged`() throws {
    var it = try Case()
    it.verdicts = [.pass, .notApplicable]
    it.reasons = ["Clean", "ChampionUnusable"]
    it.championDigest = Digest.sha256(of: "champion")
    it.comparedWith = it.championDigest
    #expect(it.admit(try it.store(it.evidence())) == nil)
  }

  @Test(arguments: [("champion", nil), (nil, "champion"), ("champion", "other"), (nil, nil)] as [(String?, String?)])
  func `refuses an unusable champion that is not the one of the evidence`(champion: String?, reported: String?) throws {
    var it = try Case()
    it.verdicts = [.pass, .notApplicable]
    it.reasons = ["Clean", "ChampionUnusable"]
    it.championDigest = champion.map { Digest.sha256(of: $0) }
    it.comparedWith = reported.map { Digest.sha256(of: $0) }
    #expect(it.admit(try it.store(it.evidence()))?.reason == .notPassed)
  }

  @Test func `refuses without evidence`() throws {
    let it = try Case()
    #expect(it.admit(nil)?.reason == .noEvidence)
    #expect(it.admit(Digest.sha256(of: "missing"))?.reason == .noEvidence)
  }

  @Test func `refuses a model of which one byte has changed`() throws {
    let it = try Case()
    #expect(it.admit(try it.store(it.evidence()), bytes: Array("a modem".utf8))?.reason == .modelChanged)
  }

  @Test func `refuses evidence for another digest`() throws {
    let it = try Case()
    #expect(it.admit(try it.store(it.evidence(modelDigest: Digest.sha256(of: "other"))))?.reason == .otherModel)
  }

  @Test func `refuses evidence for another model`() throws {
    var it = try Case()
    it.model = ModelName("other")
    #expect(it.admit(try it.store(it.evidence()))?.reason == .otherModel)
  }

  @Test func `refuses evidence for another policy, however it differs`() throws {
    let it = try Case()
    #expect(it.admit(try it.store(it.evidence(policyDigest: Digest.sha256(of: "other"))))?.reason == .otherPolicy)
    var features = try Case()
    let digest = try features.store(features.evidence())
    features.serving = ServingSpec(features: ["a", "b"])
    #expect(features.admit(digest)?.reason == .otherPolicy)
    var margin = try Case()
    let old = try margin.store(margin.evidence())
    margin.requirements.removeLast()
    #expect(margin.admit(old)?.reason == .otherPolicy)
  }

  @Test(arguments: [Verdict.fail, .inconclusive, .error, .notApplicable])
  func `refuses when a gate did not pass`(verdict: Verdict) throws {
    var it = try Case()
    it.verdicts = [verdict, .pass]
    it.reasons = ["NoChampion", "NotWorse"]
    #expect(it.admit(try it.store(it.evidence()))?.reason == .notPassed)
    var unusable = try Case()
    unusable.verdicts = [verdict, .pass]
    unusable.reasons = ["ChampionUnusable", "NotWorse"]
    unusable.championDigest = Digest.sha256(of: "champion")
    unusable.comparedWith = unusable.championDigest
    #expect(unusable.admit(try unusable.store(unusable.evidence()))?.reason == .notPassed)
  }

  @Test func `refuses a comparison that was left out although there was a champion`() throws {
    var it = try Case()
    it.verdicts = [.pass, .notApplicable]
    it.reasons = ["Clean", "NoChampion"]
    it.championDigest = Digest.sha256(of: "champion")
    #expect(it.admit(try it.store(it.evidence()))?.reason == .notPassed)
    var other = try Case()
    other.verdicts = [.pass, .notApplicable]
    other.reasons = ["Clean", "Skipped"]
    #expect(other.admit(try other.store(other.evidence()))?.reason == .notPassed)
  }

  @Test func `refuses when the verdict of a gate is missing`() throws {
    var it = try Case()
    it.verdicts = [.pass]
    #expect(it.admit(try it.store(it.evidence()))?.reason == .notPassed)
  }

  @Test func `refuses evidence whose bytes are not those of its name`() throws {
    let it = try Case()
    let digest = try it.store(it.evidence())
    let text = try String(contentsOfFile: it.path(of: digest), encoding: .utf8)
    try text.replacingOccurrences(of: "words", with: "sword").write(
      toFile: it.path(of: digest), atomically: false, encoding: .utf8)
    #expect(it.admit(digest)?.reason == .damagedEvidence)
  }

  @Test(arguments: ["", "no", #"{"format":"other"}"#])
  func `refuses what is no evidence`(text: String) throws {
    let it = try Case()
    let digest = Digest.sha256(of: text)
    try Data(text.utf8).write(to: URL(filePath: it.path(of: digest)))
    #expect(it.admit(digest)?.reason == .damagedEvidence)
  }

  @Test func `does not wait for a pipe that lies in the evidence's place`() throws {
    let it = try Case()
    let digest = Digest.sha256(of: "pipe")
    #expect(mkfifo(it.path(of: digest), 0o600) == 0)
    #expect(it.admit(digest)?.reason == .damagedEvidence)
  }
}
