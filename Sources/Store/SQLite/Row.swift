import CLibSQLite

/// The row at which a statement stands; it is gone at the next one.
struct Row {
  let statement: OpaquePointer

  /// The text of a column, counted from 0.
  func text(_ column: Int32) throws(SQLiteError) -> String {
    guard let text = try optionalText(column) else { throw unexpected(column, "a text") }
    return text
  }

  /// The text of a column, `nil` where it is null.
  func optionalText(_ column: Int32) throws(SQLiteError) -> String? {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: return nil
    case SQLITE_TEXT:
      guard let bytes = sqlite3_column_text(statement, column) else {
        throw SQLiteError(code: SQLITE_NOMEM, message: "out of memory")
      }
      let count = Int(sqlite3_column_bytes(statement, column))
      return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    default: throw unexpected(column, "a text")
    }
  }

  /// The whole number of a column.
  func integer(_ column: Int32) throws(SQLiteError) -> Int {
    guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else { throw unexpected(column, "a whole number") }
    return Int(sqlite3_column_int64(statement, column))
  }

  private func unexpected(_ column: Int32, _ wanted: String) -> SQLiteError {
    let name = sqlite3_column_name(statement, column).map { String(cString: $0) } ?? "\(column)"
    return SQLiteError(code: SQLITE_CORRUPT, message: "column \(name) does not hold \(wanted)")
  }
}
