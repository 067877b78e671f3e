extension DatasetSplit {
  /// Writes the split as CSV: header, rows in the order of the file, LF, quotes only where a cell needs them.
  ///
  /// Columns that the spec excludes and the split column are left out: a training step sees nothing else.
  package func csv() -> [UInt8] {
    let table = dataset.table
    var hidden = Set(dataset.spec.exclude)
    if let split = dataset.spec.splitColumn { hidden.insert(split) }
    let columns = table.columns.indices.filter { !hidden.contains(table.columns[$0]) }
    var output: [UInt8] = []
    output.reserveCapacity(table.rowCount == 0 ? 0 : table.bytes.count / table.rowCount * rows.count)
    for (index, column) in columns.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      Array(table.columns[column].utf8).withUnsafeBufferPointer {
        Self.append($0, alone: columns.count == 1, to: &output)
      }
    }
    output.append(UInt8(ascii: "\n"))
    for row in rows {
      for (index, column) in columns.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        table.withCell(row, column) { Self.append($0, alone: columns.count == 1, to: &output) }
      }
      output.append(UInt8(ascii: "\n"))
    }
    return output
  }

  /// Appends a cell; an empty one that is alone in its row is quoted, or its row would be an empty line.
  private static func append(_ text: UnsafeBufferPointer<UInt8>, alone: Bool, to output: inout [UInt8]) {
    let needsQuotes =
      alone && text.isEmpty
      || text.contains {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
      }
    guard needsQuotes else {
      output.append(contentsOf: text)
      return
    }
    output.append(UInt8(ascii: "\""))
    for byte in text {
      if byte == UInt8(ascii: "\"") { output.append(byte) }
      output.append(byte)
    }
    output.append(UInt8(ascii: "\""))
  }
}
