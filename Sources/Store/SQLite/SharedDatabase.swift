import Synchronization

/// A connection to an SQLite database that threads take turns with.
///
/// SAFETY: `@unchecked Sendable` holds because the connection is given away at the beginning, and is reached only by the
/// one thread that has its turn.
final class SharedDatabase: @unchecked Sendable {
  private let connection: Database
  private let turn = Mutex(())

  init(_ connection: sending Database) {
    self.connection = connection
  }

  /// Carries out statements that belong together while no other thread has its turn.
  func access<Answer: Sendable>(_ body: (Database) throws -> Answer) rethrows -> Answer {
    try turn.withLock { _ in try body(connection) }
  }
}
