import Domain
import HeadgateRuntime

/// Judges the bytes of a model file without running them: what the scanner sees, and weights that lie outside of the
/// file, which its digest does not cover.
struct SecurityGate: Sendable {
  let requirement: GatePolicy.Requirement
  let scanner: any Scanner

  func judge(_ bytes: ModelBytes, fileName: String) -> GateReport {
    var findings = bytes.withUnsafeBytes { scanner.scan($0, name: fileName) }
    do throws(ModelFileError) {
      // Files of trees are read whole here: no part of them says beforehand that the rest makes a model.
      findings += try ModelInspection.inspect(bytes).externalData.map(Self.finding)
    } catch {
      // What cannot be read cannot be vouched for.
      findings.append(
        Finding(rule: "UnreadableModel", blocks: true, message: "the file cannot be read as a model: \(error)"))
    }
    let blocking = findings.filter(\.blocks)
    let draft = ReportDraft(requirement)
    guard let first = blocking.first else {
      let message =
        findings.isEmpty ? "nothing suspicious in \(bytes.count) bytes" : "\(findings.count) findings, none blocks"
      return draft.report(.pass, findings.isEmpty ? "NoFindings" : "NoBlockingFindings", message, findings: findings)
    }
    let others = blocking.count > 1 ? " (and \(blocking.count - 1) more)" : ""
    return draft.report(
      .fail, "BlockingFindings", "\(first.rule): \(first.message)\(others)", findings: findings)
  }

  /// A location of weights as the file writes it.
  private static func finding(_ location: String) -> Finding {
    let shown = String(location.prefix(120))
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    let leaves =
      location.hasPrefix("/") || location.contains("\\") || location.contains("\0") || parts.contains("..")
      || location.contains(":")
    return leaves
      ? Finding(
        rule: "ExternalDataOutsideBundle", blocks: true,
        message: "weights are read from '\(shown)', outside of the model's folder; save the model as one file")
      : Finding(
        rule: "ExternalData", blocks: true,
        message: "weights lie in '\(shown)', which the model's digest does not cover; save the model as one file")
  }
}
