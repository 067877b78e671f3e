import CLibSQLite

/// One connection to an SQLite database, for one thread at a time: see `SharedDatabase`.
///
/// What the journal asks of SQLite is a dozen statements. A binding made for applications brings its observers, its
/// query language and its pool, and an eighth of the time that the whole product takes to build; so the binding is our
/// own and holds only what the journal uses.
final class Database {
  private let handle: OpaquePointer

  enum Access {
    case readOnly, readWrite
  }

  /// Opens the database, and makes it if it may be written.
  ///
  /// A statement that finds the database in use waits up to five seconds for it.
  init(path: String, access: Access = .readWrite) throws(SQLiteError) {
    let flags = access == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard let opened else { throw SQLiteError(code: code, message: "out of memory") }
    guard code == SQLITE_OK else {
      let error = SQLiteError(code: code, of: opened)
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
    try check(sqlite3_busy_timeout(handle, 5_000))
  }

  // Every statement is finalized where it is made, so that there is nothing to refuse the end for.
  deinit { sqlite3_close_v2(handle) }

  /// Carries out statements that take no values and whose rows nobody wants.
  func execute(_ statements: String) throws(SQLiteError) {
    try check(sqlite3_exec(handle, statements, nil, nil, nil))
  }

  /// Carries out one statement.
  func run(_ statement: String, _ values: [SQLiteValue]) throws {
    _ = try rows(statement, values) { _ in }
  }

  /// What a query yields, each row made into a value while it is there.
  func rows<Value>(
    _ query: String, _ values: [SQLiteValue] = [], _ read: (Row) throws -> Value
  ) throws -> [Value] {
    var prepared: OpaquePointer?
    try check(sqlite3_prepare_v2(handle, query, -1, &prepared, nil))
    guard let statement = prepared else { return [] }
    defer { sqlite3_finalize(statement) }
    for (index, value) in values.enumerated() {
      try check(value.bind(to: statement, at: Int32(index + 1)))
    }
    var answer: [Value] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return answer }
      guard code == SQLITE_ROW else { throw SQLiteError(code: code, of: handle) }
      answer.append(try read(Row(statement: statement)))
    }
  }

  /// The number that a query yields in its first row, if it has one.
  func integer(_ query: String) throws -> Int? {
    try rows(query) { try $0.integer(0) }.first
  }

  /// The text that a query yields in its first row, if it has one.
  func text(_ query: String, _ values: [SQLiteValue] = []) throws -> String? {
    try rows(query, values) { try $0.text(0) }.first
  }

  enum Transaction: String {
    /// Waits for the right to write before it begins.
    case immediate = "BEGIN IMMEDIATE"
    /// Sees the database as it is at its first read.
    case deferred = "BEGIN DEFERRED"
  }

  /// Everything that `body` does, or nothing of it when it throws.
  func transaction<Answer>(_ kind: Transaction, _ body: () throws -> Answer) throws -> Answer {
    try execute(kind.rawValue)
    do {
      let answer = try body()
      try execute("COMMIT")
      return answer
    } catch {
      // A full disk has ended the transaction already; and the error to be told of is the first one.
      if sqlite3_get_autocommit(handle) == 0 { try? execute("ROLLBACK") }
      throw error
    }
  }

  private func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw SQLiteError(code: code, of: handle) }
  }
}
