import CLibSQLite
import Domain

/// The journal of the one controller of a state folder, in SQLite.
///
/// Every call returns only when what it wrote would survive a power cut: write-ahead log, `synchronous = FULL`. Others may
/// read at the same time (`JournalReader`).
package final class SQLiteJournal: Journal, Memo, History {
  /// Larger results belong in the artifact store.
  package static let memoByteLimit = 16 << 20

  let database: SharedDatabase
  private let path: String
  private let lock: StateLock

  /// Takes the state folder for this process, opens or makes the journal and counts this start in the fencing token.
  ///
  /// - Throws: `locked` while another controller runs, `damaged`, `newerFormat`, `full` or `failed`.
  package init(folder: StateFolder) throws(StoreError) {
    path = folder.journal
    lock = try StateLock(folder)
    do {
      let opened = try Database(path: path)
      let format = try Schema.check(opened, path: path)
      guard try opened.text("PRAGMA quick_check(1)") == "ok" else {
        throw SQLiteError(code: SQLITE_CORRUPT, message: "its pages contradict each other")
      }
      try opened.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
      try Schema.migrate(opened, from: format)
      try opened.execute("UPDATE controller SET fencing_token = fencing_token + 1")
      database = SharedDatabase(opened)
    } catch {
      throw StoreError(error, doing: "open", path: folder.journal)
    }
  }

  package func load() throws(StoreError) -> JournalSnapshot {
    try run("read") { try JournalRows.snapshot($0) }
  }

  package func begin(_ intent: Intent) throws(StoreError) {
    try write { try JournalRows.begin(intent, $0) }
  }

  package func commit(_ transition: JournalTransition) throws(StoreError) {
    try write { try JournalRows.commit(transition, $0) }
  }

  package func events(of object: ObjectID?, limit: Int) throws(StoreError) -> [Event] {
    try run("read") { try JournalRows.events(of: object, limit: limit, $0) }
  }

  package func value(of key: Digest, in namespace: String) throws(StoreError) -> String? {
    try run("read") { try JournalRows.memo(key, namespace, $0) }
  }

  package func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError) {
    guard value.utf8.count <= Self.memoByteLimit else {
      throw StoreError(.tooLarge, "a remembered result of \(value.utf8.count) bytes is above \(Self.memoByteLimit)")
    }
    try write { try JournalRows.remember(value, key, namespace, $0) }
  }

  private func write(_ body: (Database) throws -> Void) throws(StoreError) {
    try run("write to") { database in
      try database.transaction(.immediate) { try body(database) }
    }
  }

  private func run<Answer: Sendable>(
    _ doing: String, _ body: (Database) throws -> Answer
  ) throws(StoreError) -> Answer {
    do {
      return try database.access { try body($0) }
    } catch {
      throw StoreError(error, doing: doing, path: path)
    }
  }
}
