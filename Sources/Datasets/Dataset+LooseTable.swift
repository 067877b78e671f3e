import Domain

extension Dataset {
  /// Reads a table that no spec describes: without label, splits and excluded columns.
  ///
  /// - Parameter missing: cell texts that mean "no value".
  /// - Throws: `DatasetError.unreadable`, `malformed` or `tooLarge`.
  package init(loose path: String, missing: [String], limits: CSVLimits = CSVLimits()) throws(DatasetError) {
    let bytes = try RegularFile.read(path, limit: limits.byteCount)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let digest = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
    let spec = DatasetSpec(
      name: DatasetName(name), file: RepositoryPath(name) ?? .root, digest: digest, missing: missing)
    try self.init(spec, bytes: bytes, limits: limits)
  }

  /// All rows, in the order of the file.
  package var allRows: DatasetSplit {
    DatasetSplit(dataset: self, name: "all", rows: Array(0..<table.rowCount))
  }
}
