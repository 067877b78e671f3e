/// What a `Dataset` says of one CSV file.
package struct DatasetSpec: Hashable, Sendable, Codable {
  package let name: DatasetName
  package let file: RepositoryPath
  /// The SHA-256 of the file's bytes.
  package let digest: Digest
  /// Cell texts that mean "no value".
  package let missing: [String]
  package let label: LabelSpec?
  /// The column whose value names the split of a row.
  package let splitColumn: String?
  package let sensitive: [SensitiveAttribute]
  /// Columns that are never features.
  package let exclude: [String]

  package init(
    name: DatasetName, file: RepositoryPath, digest: Digest, missing: [String] = [], label: LabelSpec? = nil,
    splitColumn: String? = nil, sensitive: [SensitiveAttribute] = [], exclude: [String] = []
  ) {
    self.name = name
    self.file = file
    self.digest = digest
    self.missing = missing
    self.label = label
    self.splitColumn = splitColumn
    self.sensitive = sensitive
    self.exclude = exclude
  }
}

/// The column that holds the truth.
package struct LabelSpec: Hashable, Sendable, Codable {
  package let column: String
  /// The value that counts as 1.
  package let positive: String

  package init(column: String, positive: String) {
    self.column = column
    self.positive = positive
  }
}

/// A column whose groups fairness gates compare.
package struct SensitiveAttribute: Hashable, Sendable, Codable {
  package let column: String
  /// Rising edges for a numeric column: `[25, 45]` gives below 25, 25 to below 45, 45 and above.
  package let bins: [Double]?

  package init(column: String, bins: [Double]? = nil) {
    self.column = column
    self.bins = bins
  }
}
