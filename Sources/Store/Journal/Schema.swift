import Domain

/// The tables of the journal and the way from each format to the next.
///
/// Objects, intents and deployments are kept as the JSON of their Domain types: what is asked for in SQL has columns of its
/// own. A format is the number of steps taken; a step is never changed once it is released.
enum Schema {
  /// Marks the file as ours: `HdGt`.
  static let applicationID = 0x4864_4774

  static let steps: [String] = [
    """
    CREATE TABLE controller (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      applied_commit TEXT,
      route_generation INTEGER NOT NULL,
      fencing_token INTEGER NOT NULL,
      own_commits TEXT NOT NULL
    ) STRICT;
    INSERT INTO controller VALUES (1, NULL, 0, 0, '[]');
    CREATE TABLE objects (
      name TEXT PRIMARY KEY,
      record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE intents (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      key TEXT NOT NULL UNIQUE,
      intent TEXT NOT NULL
    ) STRICT;
    CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      event TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_object ON events (kind, name, id);
    CREATE TABLE memo (
      namespace TEXT NOT NULL,
      digest BLOB NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (namespace, digest)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE controller ADD COLUMN applied TEXT NOT NULL DEFAULT '[]';
    """,
    """
    CREATE TABLE retired (
      name TEXT PRIMARY KEY,
      next_release INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
  ]

  static var currentFormat: Int { steps.count }

  /// Refuses a file that is not a journal of ours, or that a newer version has written. Changes nothing.
  /// - Returns: the format of the file; 0 for a new one.
  static func check(_ database: Database, path: String) throws -> Int {
    let application = try database.integer("PRAGMA application_id") ?? 0
    let format = try database.integer("PRAGMA user_version") ?? 0
    let isEmpty = try database.integer("SELECT count(*) FROM sqlite_schema") == 0
    guard application == applicationID || (isEmpty && application == 0 && format == 0) else {
      throw StoreError(.damaged, "\(path) is not a journal of Headgate: move it away, or choose another state folder")
    }
    guard format <= currentFormat else {
      throw StoreError(
        .newerFormat,
        "\(path) was written by a newer Headgate (format \(format), this one knows \(currentFormat)): upgrade this one")
    }
    return format
  }

  /// Takes the steps that are missing, all or none.
  static func migrate(_ database: Database, from format: Int) throws {
    guard format < currentFormat else { return }
    try database.transaction(.immediate) {
      for step in steps[format...] {
        try database.execute(step)
      }
      try database.execute("PRAGMA application_id = \(applicationID)")
      try database.execute("PRAGMA user_version = \(currentFormat)")
    }
  }
}
