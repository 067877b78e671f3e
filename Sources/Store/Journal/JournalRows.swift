import Domain
import FoundationEssentials

/// The rows of the journal as Domain values. Every function runs within a transaction of its caller.
enum JournalRows {
  /// Events beyond these are forgotten, oldest first.
  static let keptEventCount = 100_000

  static func snapshot(_ database: Database) throws -> JournalSnapshot {
    let records: [ObjectRecord] = try database.rows("SELECT name, record FROM objects") { row in
      try decode(try row.text(1), "record of \(try row.text(0))")
    }
    let intents: [Intent] = try database.rows("SELECT key, intent FROM intents ORDER BY sequence") { row in
      try decode(try row.text(1), "intent \(try row.text(0))")
    }
    return JournalSnapshot(
      records: Dictionary(records.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last }), openIntents: intents,
      controller: try controller(database), retired: try retired(database))
  }

  private static func retired(_ database: Database) throws -> [ModelName: ReleaseNumber] {
    let rows = try database.rows(
      "SELECT name, next_release FROM retired WHERE name NOT IN (SELECT name FROM objects)"
    ) { row in
      (ModelName(try row.text(0)), ReleaseNumber(try row.integer(1)))
    }
    return Dictionary(rows, uniquingKeysWith: { _, last in last })
  }

  static func controller(_ database: Database) throws -> ControllerRecord {
    let records = try database.rows(
      "SELECT applied_commit, route_generation, fencing_token, own_commits, applied FROM controller WHERE id = 1"
    ) { row in
      ControllerRecord(
        appliedCommit: try row.optionalText(0).map { CommitID($0) }, routeGeneration: try row.integer(1),
        fencingToken: try row.integer(2), ownCommits: try decode(try row.text(3), "list of own commits"),
        applied: try decode(try row.text(4), "list of what was applied"))
    }
    guard let record = records.first else {
      throw StoreError(.damaged, "the journal has no record of its controller: restore a copy, or move it away")
    }
    return record
  }

  /// Counters never go back: a server refuses whatever carries an older one.
  static func save(_ record: ControllerRecord, _ database: Database) throws {
    try database.run(
      """
      UPDATE controller SET applied_commit = ?, route_generation = max(route_generation, ?),
        fencing_token = max(fencing_token, ?), own_commits = ?, applied = ?
      """,
      [
        SQLiteValue(record.appliedCommit?.text), .integer(record.routeGeneration), .integer(record.fencingToken),
        .text(try encode(record.ownCommits)), .text(try encode(record.applied)),
      ])
  }

  static func begin(_ intent: Intent, _ database: Database) throws {
    try database.run(
      "INSERT OR REPLACE INTO intents (key, intent) VALUES (?, ?)", [.text(intent.key), .text(try encode(intent))])
  }

  static func commit(_ transition: JournalTransition, _ database: Database) throws {
    if let key = transition.closing {
      try database.run("DELETE FROM intents WHERE key = ?", [.text(key)])
    }
    for record in transition.saved {
      try database.run(
        "INSERT OR REPLACE INTO objects (name, record) VALUES (?, ?)",
        [.text(record.name.text), .text(try encode(record))])
    }
    for (name, next) in transition.removed {
      try database.run("DELETE FROM objects WHERE name = ?", [.text(name.text)])
      try database.run(
        "INSERT OR REPLACE INTO retired (name, next_release) VALUES (?, ?)",
        [.text(name.text), .integer(next.value)])
    }
    for event in transition.events {
      try database.run(
        "INSERT INTO events (kind, name, event) VALUES (?, ?, ?)",
        [.text(event.object.kind.rawValue), .text(event.object.name), .text(try encode(event))])
    }
    if !transition.events.isEmpty {
      try database.run(
        "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", [.integer(keptEventCount)])
    }
    if let controller = transition.controller {
      try save(controller, database)
    }
  }

  static func events(of object: ObjectID?, limit: Int, _ database: Database) throws -> [Event] {
    let filter = object == nil ? "" : "WHERE kind = ? AND name = ?"
    let named: [SQLiteValue] = object.map { [.text($0.kind.rawValue), .text($0.name)] } ?? []
    return try database.rows(
      "SELECT event FROM events \(filter) ORDER BY id DESC LIMIT ?", named + [.integer(max(0, limit))]
    ) { row in
      try decode(try row.text(0), "event")
    }
  }

  static func memo(_ key: Digest, _ namespace: String, _ database: Database) throws -> String? {
    try database.text(
      "SELECT value FROM memo WHERE namespace = ? AND digest = ?", [.text(namespace), .blob(key.bytes)])
  }

  static func remember(_ value: String, _ key: Digest, _ namespace: String, _ database: Database) throws {
    try database.run(
      "INSERT OR REPLACE INTO memo (namespace, digest, value) VALUES (?, ?, ?)",
      [.text(namespace), .blob(key.bytes), .text(value)])
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
