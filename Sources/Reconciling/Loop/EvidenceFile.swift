import Domain
import FoundationEssentials

/// The bytes of an evidence file: JSON with sorted keys, so that the same verdicts always have the same digest.
package enum EvidenceFile {
  /// Encodes evidence for the evidence shelf.
  package static func bytes(of evidence: Evidence) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(evidence))
  }
}
