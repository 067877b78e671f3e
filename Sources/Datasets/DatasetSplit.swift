import Domain

/// The rows of a data set that belong to one split.
package struct DatasetSplit: Sendable {
  package let dataset: Dataset
  package let name: String
  /// The rows' numbers in the table, in the order of the file.
  package let rows: [Int]

  /// Rows in the split.
  package var count: Int { rows.count }

  private var table: CSVTable { dataset.table }

  /// The numbers of a column, NaN where missing.
  ///
  /// - Throws: `DatasetError.badValue` at the first cell that is no number, `unknownName` without such a column.
  package func numbers(_ column: String) throws(DatasetError) -> [Double] {
    try table.numbers(of: table.requiredIndex(of: column), rows: rows, missing: dataset.missing)
  }

  /// The texts of a column.
  ///
  /// - Throws: `DatasetError.badValue` at the first cell that is not UTF-8, `unknownName` without such a column.
  package func texts(_ column: String) throws(DatasetError) -> TextColumn {
    try table.texts(of: table.requiredIndex(of: column), rows: rows, missing: dataset.missing)
  }

  /// What a column holds in this split.
  ///
  /// - Throws: `DatasetError.unknownName` without such a column.
  package func kind(of column: String) throws(DatasetError) -> ColumnKind {
    table.kind(of: try table.requiredIndex(of: column), rows: rows, missing: dataset.missing)
  }

  /// The labels: whether each row's label is the positive one, and every label that the whole file holds, sorted.
  ///
  /// - Throws: `DatasetError.badValue` for a row without a label, `unknownName` when the spec has no label or no row of
  ///   the file holds the positive one.
  package func labels() throws(DatasetError) -> (isPositive: [Bool], values: [String]) {
    guard let label = dataset.spec.label else {
      throw DatasetError(
        .unknownName, "data set '\(dataset.spec.name)' has no label; give it `label: {column: ..., positive: ...}`")
    }
    let column = try table.requiredIndex(of: label.column)
    let all = try table.texts(of: column, rows: 0..<table.rowCount, missing: dataset.missing)
    guard let positive = all.values.firstIndex(of: label.positive) else {
      throw DatasetError(
        .unknownName,
        "no row of data set '\(dataset.spec.name)' has the positive label '\(label.positive)'; "
          + "column '\(label.column)' has \(CSVTable.list(all.values.sorted()))")
    }
    var isPositive: [Bool] = []
    isPositive.reserveCapacity(rows.count)
    for row in rows {
      guard all.codes[row] != TextColumn.missing else {
        throw table.error(
          .badValue, row: row, column: column, "the label is missing; a row without a label cannot be judged")
      }
      isPositive.append(all.codes[row] == Int32(positive))
    }
    return (isPositive, all.values.sorted())
  }

  /// An error about one cell of the split.
  package func error(row: Int, column: String, _ message: String) -> DatasetError {
    guard let index = table.index(of: column), rows.indices.contains(row) else {
      return DatasetError(.badValue, message)
    }
    return table.error(.badValue, row: rows[row], column: index, message)
  }
}
