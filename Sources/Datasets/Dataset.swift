import Domain

/// A data set: what its spec says and the table that the spec's digest names.
package struct Dataset: Sendable {
  package let spec: DatasetSpec
  package let table: CSVTable
  let missing: MissingMarkers

  /// Reads a data set from the bytes of its file.
  ///
  /// - Throws: `DatasetError.digestMismatch` when the bytes are not those of the spec's digest, `unknownName` when the
  ///   spec names a column that the file does not have, `malformed` or `tooLarge` for the file itself.
  package init(_ spec: DatasetSpec, bytes: [UInt8], limits: CSVLimits = CSVLimits()) throws(DatasetError) {
    let name = spec.file.baseName
    guard bytes.count <= limits.byteCount else {
      throw DatasetError(.tooLarge, "\(name) has \(bytes.count) bytes; the limit is \(limits.byteCount)")
    }
    let digest = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
    guard digest == spec.digest else {
      throw DatasetError(
        .digestMismatch,
        "\(name) has digest \(digest), and data set '\(spec.name)' asks for \(spec.digest); "
          + "restore the file, or write its digest into the spec")
    }
    table = try CSVTable(csv: bytes, name: name, limits: limits)
    self.spec = spec
    missing = MissingMarkers(spec.missing)
    var named = spec.exclude + spec.sensitive.map(\.column)
    if let label = spec.label { named.append(label.column) }
    if let split = spec.splitColumn { named.append(split) }
    for column in named { _ = try table.requiredIndex(of: column) }
  }

  /// Reads a data set from a file.
  ///
  /// - Throws: `DatasetError.unreadable` too.
  package init(_ spec: DatasetSpec, path: String, limits: CSVLimits = CSVLimits()) throws(DatasetError) {
    try self.init(spec, bytes: RegularFile.read(path, limit: limits.byteCount), limits: limits)
  }

  /// The rows of one split, in the order of the file.
  ///
  /// - Throws: `DatasetError.unknownName` when there is no split column or no row of that split.
  package func split(_ name: String) throws(DatasetError) -> DatasetSplit {
    guard let columnName = spec.splitColumn else {
      throw DatasetError(
        .unknownName, "data set '\(spec.name)' has no splits; give it `split: {column: ...}` to use split '\(name)'")
    }
    let column = try table.requiredIndex(of: columnName)
    let texts = try table.texts(of: column, rows: 0..<table.rowCount, missing: missing)
    guard let code = texts.values.firstIndex(of: name) else {
      throw DatasetError(
        .unknownName,
        "no row of data set '\(spec.name)' is in split '\(name)'; column '\(columnName)' has "
          + CSVTable.list(texts.values.sorted()))
    }
    let rows = texts.codes.indices.filter { texts.codes[$0] == Int32(code) }
    return DatasetSplit(dataset: self, name: name, rows: rows)
  }
}
