import Domain
import Glibc

/// The journal opened only to be read, while a controller runs or without one: for the commands that show state.
package final class JournalReader: Memo, History {
  private let database: SharedDatabase
  private let path: String

  /// - Throws: `notFound` when there is no journal, `newerFormat`, `damaged` or `failed`.
  package init(folder: StateFolder) throws(StoreError) {
    let path = folder.journal
    self.path = path
    guard access(path, F_OK) == 0 else {
      throw StoreError(
        .notFound, "there is no journal at \(path): start `headgate up`, or name its folder with --state")
    }
    do {
      let opened = try Database(path: path, access: .readOnly)
      let format = try Schema.check(opened, path: path)
      guard format == Schema.currentFormat else {
        throw StoreError(
          .failed, "\(path) is of an older format (\(format)): start the controller once, which brings it up to date")
      }
      database = SharedDatabase(opened)
    } catch {
      throw StoreError(error, doing: "open", path: path)
    }
  }

  /// The state as the last transaction left it.
  package func load() throws(StoreError) -> JournalSnapshot {
    try read { try JournalRows.snapshot($0) }
  }

  package func events(of object: ObjectID?, limit: Int) throws(StoreError) -> [Event] {
    try read { try JournalRows.events(of: object, limit: limit, $0) }
  }

  package func value(of key: Digest, in namespace: String) throws(StoreError) -> String? {
    try read { try JournalRows.memo(key, namespace, $0) }
  }

  /// Always refused: only a controller writes.
  package func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError) {
    throw StoreError(.failed, "\(path) is open only to be read: results are remembered by the controller")
  }

  private func read<Answer: Sendable>(_ body: (Database) throws -> Answer) throws(StoreError) -> Answer {
    do {
      // One transaction: what is read belongs together, whatever the controller writes meanwhile.
      return try database.access { database in try database.transaction(.deferred) { try body(database) } }
    } catch {
      throw StoreError(error, doing: "read", path: path)
    }
  }
}
