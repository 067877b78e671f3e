/// A text with one meaning, so that a commit is never passed where a blob is wanted.
package protocol TextIdentifier: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
  var text: String { get }
  init(_ text: String)
}

extension TextIdentifier {
  package var description: String { text }

  package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The hexadecimal name of a Git commit.
package struct CommitID: TextIdentifier {
  package let text: String
  package init(_ text: String) { self.text = text }

  /// The first ten digits, for people.
  package var short: String { String(text.prefix(10)) }
}

/// The hexadecimal name of a Git blob: what a file holds, wherever it lies.
package struct BlobID: TextIdentifier {
  package let text: String
  package init(_ text: String) { self.text = text }
}

/// The name of a `ModelDeployment`, which is also the name of the model it serves.
package struct ModelName: TextIdentifier {
  package let text: String
  package init(_ text: String) { self.text = text }
}

/// The name of a `Dataset`.
package struct DatasetName: TextIdentifier {
  package let text: String
  package init(_ text: String) { self.text = text }
}

/// The name of an `Environment`.
package struct EnvironmentName: TextIdentifier {
  package let text: String
  package init(_ text: String) { self.text = text }

  /// The built-in environment of every deployment that names none.
  package static let builtIn = EnvironmentName("default")
}

/// The release number of a deployment: 1, 2, ... It is the version that answers carry.
package struct ReleaseNumber: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  package let value: Int
  package init(_ value: Int) { self.value = value }
  package var description: String { String(value) }
  package var next: ReleaseNumber { ReleaseNumber(value + 1) }
  package static func < (left: ReleaseNumber, right: ReleaseNumber) -> Bool { left.value < right.value }

  package init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Int.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// The kinds of object a repository may hold.
package enum Kind: String, Sendable, Codable, CaseIterable, Comparable {
  case modelDeployment = "ModelDeployment"
  case dataset = "Dataset"
  case environment = "Environment"

  package static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
}

/// Which object: its kind and its name.
package struct ObjectID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
  package let kind: Kind
  package let name: String

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }

  package var description: String { "\(kind.rawValue)/\(name)" }

  package static func < (left: ObjectID, right: ObjectID) -> Bool {
    (left.kind, left.name) < (right.kind, right.name)
  }
}
