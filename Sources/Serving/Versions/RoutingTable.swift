import Domain

/// What the server serves at one moment. Immutable: a change of routes swaps the whole, and a request that has read it is
/// answered by it.
struct RoutingTable: Sendable {
  /// One model with traffic.
  struct Entry: Sendable {
    let router: Router
    /// The versions with traffic.
    let versions: [ReleaseNumber: LoadedVersion]
    let count: RequestCount
  }

  let entries: [ModelName: Entry]
  /// Why models and versions that were asked for get no traffic, for the 404.
  let absent: [ModelName: [ReleaseNumber: String]]

  static let empty = RoutingTable(entries: [:], absent: [:])
}
