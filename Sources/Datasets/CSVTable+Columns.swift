/// What the cells of a column can be read as.
package enum ColumnKind: String, Sendable, Hashable {
  /// Every cell that is not missing is a decimal number.
  case number
  case text
}

/// A column of texts, each distinct one kept once.
package struct TextColumn: Sendable, Hashable {
  /// The distinct texts in order of first appearance.
  package let values: [String]
  /// For each row the index into ``values``, or ``missing``.
  package let codes: [Int32]

  /// The code of a cell without a value.
  package static let missing: Int32 = -1
}

extension CSVTable {
  /// What a column holds over the given rows; a column of missing cells only is text.
  package func kind(of column: Int, rows: some Sequence<Int>, missing: MissingMarkers) -> ColumnKind {
    var sawNumber = false
    for row in rows {
      let isText = withCell(row, column) { text in
        if missing.contains(text) { return false }
        sawNumber = true
        return DecimalNumber.parse(text) == nil
      }
      if isText { return .text }
    }
    return sawNumber ? .number : .text
  }

  /// The numbers of a column over the given rows, NaN where missing.
  ///
  /// - Throws: `DatasetError.badValue` at the first cell that is no number.
  package func numbers(of column: Int, rows: [Int], missing: MissingMarkers) throws(DatasetError) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(rows.count)
    for row in rows {
      let number = withCell(row, column) { text in
        missing.contains(text) ? Double.nan : DecimalNumber.parse(text)
      }
      guard let number else {
        throw error(
          .badValue, row: row, column: column,
          "'\(Self.shortened(text(row: row, column: column)))' is not a number; "
            + "correct it, or list it under the data set's missing values")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The texts of a column over the given rows.
  ///
  /// - Throws: `DatasetError.badValue` at the first cell that is not UTF-8.
  package func texts(of column: Int, rows: some Sequence<Int>, missing: MissingMarkers) throws(DatasetError)
    -> TextColumn
  {
    var values: [String] = []
    var codes: [Int32] = []
    var codeOfValue: [String: Int32] = [:]
    for row in rows {
      var isMissing = false
      let text = withCell(row, column) { bytes -> String? in
        isMissing = missing.contains(bytes)
        return isMissing ? "" : String(validating: bytes, as: UTF8.self)
      }
      guard let text else {
        throw error(.badValue, row: row, column: column, "the text is not UTF-8; save the file as UTF-8")
      }
      if isMissing {
        codes.append(TextColumn.missing)
      } else if let code = codeOfValue[text] {
        codes.append(code)
      } else {
        let code = Int32(values.count)
        codeOfValue[text] = code
        values.append(text)
        codes.append(code)
      }
    }
    return TextColumn(values: values, codes: codes)
  }
}

/// The texts that stand for "no value".
package struct MissingMarkers: Sendable, Hashable {
  private let markers: [[UInt8]]

  package init(_ texts: [String]) {
    markers = texts.map { Array($0.utf8) }
  }

  func contains(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    for marker in markers where marker.count == text.count && marker.elementsEqual(text) { return true }
    return false
  }
}
