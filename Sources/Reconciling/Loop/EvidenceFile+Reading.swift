import Domain
import FoundationEssentials

extension EvidenceFile {
  /// The evidence in a file, for people to look at; `nil` when it cannot be read. Admission reads evidence for itself.
  package static func read(_ path: String) -> Evidence? {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
    return try? JSONDecoder().decode(Evidence.self, from: data)
  }
}
