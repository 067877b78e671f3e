import Domain
import FoundationEssentials
import Glibc

/// Admits a version by the evidence that lies in the state folder, read and recomputed here.
///
/// Nothing the controller says is believed except which policy is in force: the digest of the model is that of the bytes the
/// server has mapped, the digest of the evidence that of the file's bytes, and each gate of the policy is looked up in it.
package struct EvidenceAdmission: Admission {
  /// More than any report of gates needs.
  package static let maxEvidenceBytes = 16 << 20

  private let folder: StateFolder

  package init(_ folder: StateFolder) {
    self.folder = folder
  }

  package func admit(
    _ version: VersionRoute, of model: ModelName, bytes: UnsafeRawBufferPointer
  ) throws(AdmissionRefusal) {
    let digest = Digest.sha256(of: bytes)
    guard digest == version.digest else {
      throw AdmissionRefusal(
        .modelChanged, "the model file has digest \(digest), the routes ask for \(version.digest); build it again")
    }
    let evidence = try readEvidence(version.evidence)
    guard evidence.model == model else {
      throw AdmissionRefusal(
        .otherModel, "the evidence is for model '\(evidence.model)', not '\(model)'; put this model through its gates")
    }
    guard evidence.modelDigest == digest else {
      throw AdmissionRefusal(
        .otherModel, "the evidence is for \(evidence.modelDigest), not \(digest); put this model through its gates")
    }
    let policy = version.policy.digest
    guard evidence.policyDigest == policy else {
      throw AdmissionRefusal(
        .otherPolicy,
        "the evidence was made under policy \(evidence.policyDigest.short), in force is \(policy.short); run the gates again"
      )
    }
    for requirement in version.policy.requirements {
      try check(requirement, in: evidence)
    }
  }

  private func check(_ requirement: GatePolicy.Requirement, in evidence: Evidence) throws(AdmissionRefusal) {
    let name = requirement.gate.name
    let reports = evidence.reports.filter { $0.gateDigest == requirement.digest }
    guard let report = reports.first else {
      throw AdmissionRefusal(.notPassed, "the evidence has no verdict of gate '\(name)'; run the gates again")
    }
    // Two verdicts on one gate leave open which of them is meant.
    guard reports.count == 1, report.gate == name, report.datasetDigest == requirement.datasetDigest else {
      throw AdmissionRefusal(
        .notPassed, "the verdict of gate '\(name)' is ambiguous or about other data; run the gates again")
    }
    switch report.verdict {
    case .pass: return
    case .notApplicable:
      guard requirement.gate.check.comparesWithChampion, Self.hadNothingToCompare(report, in: evidence) else {
        throw AdmissionRefusal(.notPassed, "gate '\(name)' may not be left out (\(report.reason)); run the gates again")
      }
    case .fail, .inconclusive, .error:
      throw AdmissionRefusal(.notPassed, "gate '\(name)' ended with \(report.verdict.rawValue): \(report.message)")
    }
  }

  /// A comparison is the only gate that may be left out: if there was no champion, or if the very champion it was to be
  /// compared with could not be judged. A broken champion must not block its successor.
  private static func hadNothingToCompare(_ report: GateReport, in evidence: Evidence) -> Bool {
    switch report.reason {
    case GateReport.noChampion: evidence.championDigest == nil
    case GateReport.championUnusable:
      report.championDigest != nil && report.championDigest == evidence.championDigest
    default: false
    }
  }

  private func readEvidence(_ digest: Digest?) throws(AdmissionRefusal) -> Evidence {
    guard let digest else {
      throw AdmissionRefusal(.noEvidence, "the routes name no evidence; put the model through its gates")
    }
    let path = folder.folder(of: .evidence) + "/" + Shelf.fileName(of: digest)
    let bytes = try readFile(path, named: digest)
    guard Digest.sha256(of: bytes) == digest else {
      throw AdmissionRefusal(
        .damagedEvidence, "the bytes of \(path) are not those of its name; delete the file and run the gates again")
    }
    do {
      let evidence = try JSONDecoder().decode(Evidence.self, from: Data(bytes))
      guard evidence.format == Evidence.currentFormat else {
        throw AdmissionRefusal(
          .damagedEvidence,
          "the evidence \(digest.short) has format '\(evidence.format.prefix(80))', "
            + "not \(Evidence.currentFormat); run the gates again")
      }
      return evidence
    } catch let refusal as AdmissionRefusal {
      throw refusal
    } catch {
      throw AdmissionRefusal(.damagedEvidence, "\(path) is not evidence: \(error); run the gates again")
    }
  }

  private func readFile(_ path: String, named digest: Digest) throws(AdmissionRefusal) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      guard errno == ENOENT else {
        throw AdmissionRefusal(.damagedEvidence, "cannot open \(path): \(String(cString: strerror(errno)))")
      }
      throw AdmissionRefusal(.noEvidence, "there is no evidence \(digest); put the model through its gates")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= Self.maxEvidenceBytes
    else {
      throw AdmissionRefusal(
        .damagedEvidence, "\(path) is no regular file, or larger than \(Self.maxEvidenceBytes) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw AdmissionRefusal(.damagedEvidence, "\(path) cannot be read to its end") }
      filled += count
    }
    return bytes
  }
}
