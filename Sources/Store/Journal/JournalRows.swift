import Domain
import FoundationEssentials
import GRDB

/// The rows of the journal as Domain values. Every function runs within a transaction of its caller.
enum JournalRows {
  /// Events beyond these are forgotten, oldest first.
  static let keptEventCount = 100_000

  static func snapshot(_ database: Database) throws -> JournalSnapshot {
    var records: [ModelName: ObjectRecord] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT name, record FROM objects") {
      let record: ObjectRecord = try decode(row["record"], "record of \(row["name"] as String)")
      records[record.name] = record
    }
    let intents = try Row.fetchAll(database, sql: "SELECT key, intent FROM intents ORDER BY sequence")
    return JournalSnapshot(
      records: records, openIntents: try intents.map { try decode($0["intent"], "intent \($0["key"] as String)") },
      controller: try controller(database), retired: try retired(database))
  }

  private static func retired(_ database: Database) throws -> [ModelName: ReleaseNumber] {
    let rows = try Row.fetchAll(
      database, sql: "SELECT name, next_release FROM retired WHERE name NOT IN (SELECT name FROM objects)")
    return Dictionary(
      rows.map { (ModelName($0["name"]), ReleaseNumber($0["next_release"])) }, uniquingKeysWith: { _, last in last })
  }

  static func controller(_ database: Database) throws -> ControllerRecord {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM controller WHERE id = 1") else {
      throw StoreError(.damaged, "the journal has no record of its controller: restore a copy, or move it away")
    }
    return ControllerRecord(
      appliedCommit: (row["applied_commit"] as String?).map { CommitID($0) }, routeGeneration: row["route_generation"],
      fencingToken: row["fencing_token"], ownCommits: try decode(row["own_commits"], "list of own commits"),
      applied: try decode(row["applied"], "list of what was applied"))
  }

  /// Counters never go back: a server refuses whatever carries an older one.
  static func save(_ record: ControllerRecord, _ database: Database) throws {
    try database.execute(
      sql: """
        UPDATE controller SET applied_commit = ?, route_generation = max(route_generation, ?),
          fencing_token = max(fencing_token, ?), own_commits = ?, applied = ?
        """,
      arguments: [
        record.appliedCommit?.text, record.routeGeneration, record.fencingToken, try encode(record.ownCommits),
        try encode(record.applied),
      ])
  }

  static func begin(_ intent: Intent, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO intents (key, intent) VALUES (?, ?)", arguments: [intent.key, try encode(intent)])
  }

  static func commit(_ transition: JournalTransition, _ database: Database) throws {
    if let key = transition.closing {
      try database.execute(sql: "DELETE FROM intents WHERE key = ?", arguments: [key])
    }
    for record in transition.saved {
      try database.execute(
        sql: "INSERT OR REPLACE INTO objects (name, record) VALUES (?, ?)",
        arguments: [record.name.text, try encode(record)])
    }
    for (name, next) in transition.removed {
      try database.execute(sql: "DELETE FROM objects WHERE name = ?", arguments: [name.text])
      try database.execute(
        sql: "INSERT OR REPLACE INTO retired (name, next_release) VALUES (?, ?)", arguments: [name.text, next.value])
    }
    for event in transition.events {
      try database.execute(
        sql: "INSERT INTO events (kind, name, event) VALUES (?, ?, ?)",
        arguments: [event.object.kind.rawValue, event.object.name, try encode(event)])
    }
    if !transition.events.isEmpty {
      try database.execute(
        sql: "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", arguments: [keptEventCount])
    }
    if let controller = transition.controller {
      try save(controller, database)
    }
  }

  static func events(of object: ObjectID?, limit: Int, _ database: Database) throws -> [Event] {
    let filter = object == nil ? "" : "WHERE kind = ? AND name = ?"
    let named: [any DatabaseValueConvertible] = object.map { [$0.kind.rawValue, $0.name] } ?? []
    let texts = try String.fetchAll(
      database, sql: "SELECT event FROM events \(filter) ORDER BY id DESC LIMIT ?",
      arguments: StatementArguments(named + [max(0, limit)]))
    return try texts.map { try decode($0, "event") }
  }

  static func memo(_ key: Digest, _ namespace: String, _ database: Database) throws -> String? {
    try String.fetchOne(
      database, sql: "SELECT value FROM memo WHERE namespace = ? AND digest = ?",
      arguments: [namespace, Data(key.bytes)])
  }

  static func remember(_ value: String, _ key: Digest, _ namespace: String, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO memo (namespace, digest, value) VALUES (?, ?, ?)",
      arguments: [namespace, Data(key.bytes), value])
  }

  private static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ text: String, _ what: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    } catch {
      throw StoreError(
        .damaged, "the \(what) in the journal cannot be read: restore a copy of the journal, or move it away")
    }
  }
}
