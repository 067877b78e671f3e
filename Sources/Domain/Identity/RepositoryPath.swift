/// A path inside a repository: relative, `/` between parts, no `.`, no `..`, never empty but for the root.
package struct RepositoryPath: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let text: String

  /// The root of the repository.
  package static let root = RepositoryPath(parts: [])

  private init(parts: [Substring]) {
    text = parts.joined(separator: "/")
  }

  /// Normalises a path relative to the root; `nil` when it is absolute or leaves the repository.
  package init?(_ text: String) {
    self.init(text, relativeTo: .root)
  }

  /// Normalises a path written in a file of `folder`; `nil` when it is absolute, holds a NUL or leaves the repository.
  package init?(_ text: String, relativeTo folder: RepositoryPath) {
    guard !text.hasPrefix("/"), !text.utf8.contains(0) else { return nil }
    var parts = folder.text.split(separator: "/")
    for part in text.split(separator: "/") {
      switch part {
      case ".": continue
      case "..":
        guard parts.popLast() != nil else { return nil }
      default: parts.append(part)
      }
    }
    self.init(parts: parts)
  }

  /// The folder this path lies in.
  package var folder: RepositoryPath { RepositoryPath(parts: text.split(separator: "/").dropLast()) }

  /// The last part of the path.
  package var baseName: String { text.split(separator: "/").last.map(String.init) ?? "" }

  /// Whether this path is `folder` or lies below it.
  package func isWithin(_ folder: RepositoryPath) -> Bool {
    folder.text.isEmpty || text == folder.text || text.hasPrefix(folder.text + "/")
  }

  package var description: String { text }

  package static func < (left: RepositoryPath, right: RepositoryPath) -> Bool { left.text < right.text }
}

extension RepositoryPath: Codable, CodingKeyRepresentable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let path = RepositoryPath(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a path inside a repository")
    }
    self = path
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  package var codingKey: any CodingKey { TextKey(stringValue: text) }

  package init?<T: CodingKey>(codingKey: T) {
    self.init(codingKey.stringValue)
  }
}

/// A coding key of any text.
package struct TextKey: CodingKey {
  package let stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
