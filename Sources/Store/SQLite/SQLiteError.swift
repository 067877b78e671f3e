import CLibSQLite

/// What SQLite answered instead of doing what it was asked.
///
/// See https://www.sqlite.org/rescode.html.
struct SQLiteError: Error, Equatable {
  /// The extended result code.
  let code: Int32
  let message: String

  /// The kind of error, without what the extended code adds.
  var primaryCode: Int32 { code & 0xff }

  init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// The error that a connection has just met.
  init(code: Int32, of connection: OpaquePointer) {
    self.init(code: code, message: String(cString: sqlite3_errmsg(connection)))
  }
}
