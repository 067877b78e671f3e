import CLibSQLite

/// A value given to a statement for one of its question marks.
enum SQLiteValue {
  case null
  case integer(Int)
  case text(String)
  case blob([UInt8])

  init(_ text: String?) { self = text.map { .text($0) } ?? .null }

  /// Hands a copy of the value to a statement.
  /// - Parameter index: counted from 1.
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    // SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies before it returns.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch self {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let value): return sqlite3_bind_int64(statement, index, Int64(value))
    case .text(let text):
      let count = UInt64(text.utf8.count)
      return text.withCString { sqlite3_bind_text64(statement, index, $0, count, copied, UInt8(SQLITE_UTF8)) }
    case .blob(let bytes):
      // No pointer would be taken for null.
      if bytes.isEmpty { return sqlite3_bind_zeroblob(statement, index, 0) }
      return bytes.withUnsafeBytes { sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), copied) }
    }
  }
}
