import Domain

/// An order of rows that does not depend on how they are stored, with the digest of what it orders.
package struct CanonicalOrder: Sendable, Hashable {
  /// For each row of the split a number made from the row's content alone.
  package let keys: [RowKey]
  /// The digest of all rows' contents, whatever their order.
  package let contentDigest: Digest
}

/// The first 128 bits of the SHA-256 of a row.
package struct RowKey: Sendable, Hashable, Comparable {
  let high: UInt64
  let low: UInt64

  package static func < (left: RowKey, right: RowKey) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension DatasetSplit {
  /// Keys the rows by their content: each cell's column and text, columns sorted by name.
  ///
  /// Neither the order of rows or columns, nor quoting or line ends, nor the rows of other splits change it. Cells of
  /// text-valued sensitive attributes and of the split column are left out, so that renaming a group
  /// changes no verdict; rows that are equal otherwise get equal keys.
  package func canonicalOrder() -> CanonicalOrder {
    let table = dataset.table
    var leftOut = Set(dataset.spec.sensitive.filter { $0.bins == nil }.map(\.column))
    if let label = dataset.spec.label { leftOut.remove(label.column) }
    if let split = dataset.spec.splitColumn { leftOut.insert(split) }
    let columns = table.columns.indices
      .filter { !leftOut.contains(table.columns[$0]) }
      .sorted { table.columns[$0] < table.columns[$1] }
    var header: [UInt8] = []
    for column in columns { Self.append(Array(table.columns[column].utf8), to: &header) }
    var buffer: [UInt8] = []
    var keys: [RowKey] = []
    keys.reserveCapacity(rows.count)
    for row in rows {
      buffer.removeAll(keepingCapacity: true)
      for column in columns { table.withCell(row, column) { Self.append($0, to: &buffer) } }
      let bytes = buffer.withUnsafeBytes { Digest.sha256(of: $0) }.bytes
      keys.append(RowKey(high: Self.number(bytes[0..<8]), low: Self.number(bytes[8..<16])))
    }
    buffer.removeAll(keepingCapacity: true)
    for key in keys.sorted() {
      withUnsafeBytes(of: key.high.bigEndian) { buffer.append(contentsOf: $0) }
      withUnsafeBytes(of: key.low.bigEndian) { buffer.append(contentsOf: $0) }
    }
    var digest = DigestBuilder("headgate.rows.v1")
    digest.add(bytes: header)
    digest.add(bytes: buffer)
    return CanonicalOrder(keys: keys, contentDigest: digest.finish())
  }

  /// Appends a text behind its length, so that no two rows give the same bytes.
  private static func append(_ text: some Collection<UInt8>, to buffer: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(text.count).littleEndian) { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: text)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
