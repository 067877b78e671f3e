import Domain

/// A configuration with the defaults filled in.
package struct Settings: Sendable, Hashable {
  /// The repository has no default: only the server can do without one.
  package let repository: String?
  package let branch: String
  package let path: RepositoryPath
  package let interval: Duration
  package let restHost: String
  package let restPort: Int
  /// `nil` leaves the number to the server.
  package let threads: Int?

  /// What flags say goes before what the file says, and that before the defaults.
  package init(flags: Configuration, file: Configuration = Configuration()) {
    let chosen = flags.over(file)
    repository = chosen.repository
    branch = chosen.branch ?? "main"
    path = chosen.path ?? RepositoryPath("specs") ?? .root
    interval = chosen.interval ?? .seconds(15)
    restHost = chosen.restHost ?? "127.0.0.1"
    restPort = chosen.restPort ?? 8080
    threads = chosen.threads
  }
}
