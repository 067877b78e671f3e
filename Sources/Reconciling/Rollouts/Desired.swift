import Domain

/// What Git says of one object at the head.
package enum Desired: Hashable, Sendable {
  case deployment(DesiredDeployment)
  /// It is gone.
  case absent
  /// The file it was last seen in has errors: it is held as it is.
  case invalid(String)
  /// No head is known, or the head is refused: what is under way goes on, nothing new begins.
  case unknown

  /// What a head says of an object. One that was last seen in a file with errors is never taken for deleted.
  package init(_ name: ModelName, in state: DesiredState?, lastSeenIn path: RepositoryPath?) {
    guard let state else {
      self = .unknown
      return
    }
    if let deployment = state.deployments[name] {
      self = .deployment(deployment)
    } else if let path, state.invalidFiles.contains(path) {
      let first = state.diagnostics.first { $0.place.path == path && $0.severity == .error }
      self = .invalid(first.map { "\($0.place): \($0.message)" } ?? "\(path) has errors")
    } else {
      self = .absent
    }
  }
}
