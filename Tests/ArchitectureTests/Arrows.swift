/// Which modules each target may import. A new arrow is a decision: it is written here with the change that needs it.
enum Arrows {
  /// Modules of the toolchain and the system, which every target may import.
  static let system: Set = [
    "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Swift", "Synchronization",
  ]

  /// Target, then our own modules, then those of other packages.
  private static let rows: [(target: String, ours: [String], outside: [String])] = [
    // The inference half knows no spec and no Git.
    // Reads compressed streams and zip archives for both halves: arrays that models are run on, pickles that are refused.
    ("HeadgateArchives", [], []),
    ("HeadgateKernels", [], []),
    ("HeadgateTensors", ["HeadgateKernels"], []),
    // Pictures and arrays are packed alike.
    ("HeadgateOperators", ["HeadgateArchives", "HeadgateTensors"], []),
    ("HeadgateRuntime", ["HeadgateArchives", "HeadgateOperators", "HeadgateTensors"], []),
    // The deployment half knows no tensor.
    ("CLibCrypto", [], []),
    ("CLibGit2", [], []),
    ("CLibSQLite", [], []),
    ("CLibYAML", [], []),
    ("CSpawn", [], []),
    ("Statistics", [], []),
    // Digests are words of the domain, so it computes them.
    ("Domain", ["CLibCrypto"], []),
    ("Processes", ["CSpawn"], []),
    ("Connections", [], ["NIOCore", "NIOHTTP1", "NIOPosix"]),
    ("Datasets", ["Domain"], []),
    // The git program does what needs a network.
    ("Repositories", ["CLibGit2", "Domain", "Processes"], []),
    ("Specs", ["CLibYAML", "Domain"], []),
    ("Store", ["CLibSQLite", "Domain"], []),
    ("Building", ["Domain", "Processes"], []),
    ("Provenance", ["Domain", "HeadgateArchives"], []),
    ("Reconciling", ["Domain"], []),
    ("Targets", ["Connections", "Domain", "Processes"], []),
    // Requests are made of the rows of a table.
    ("LoadTesting", ["Connections", "Datasets", "Domain"], []),
    // It serves what the controller says, in the controller's words.
    (
      "Control", ["Domain", "Reconciling"], ["HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOPosix"]
    ),
    // Where the halves meet.
    ("Gates", ["Datasets", "Domain", "HeadgateRuntime", "HeadgateTensors", "Statistics"], []),
    (
      "Serving", ["Domain", "HeadgateRuntime", "HeadgateTensors"],
      ["HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOPosix"]
    ),
    (
      "headgate",
      [
        "Building", "Connections", "Control", "Datasets", "Domain", "Gates", "HeadgateRuntime", "LoadTesting",
        "Processes", "Provenance", "Reconciling", "Repositories", "Serving", "Specs", "Store", "Targets",
      ], ["ArgumentParser", "Logging"]
    ),
    ("TestSupport", ["Domain", "Reconciling"], []),
  ]

  /// What each target may import, beside the modules of the system.
  static let allowed: [String: Set<String>] = Dictionary(
    uniqueKeysWithValues: rows.map { ($0.target, Set($0.ours + $0.outside)) })
}
