import Domain

/// What Git says of one object at the head.
package enum Desired: Hashable, Sendable {
  case deployment(DesiredDeployment)
  /// It is gone.
  case absent
  /// It stands, or may stand, in a file with errors: it is held as it is.
  case invalid(String)
  /// No head is known, or the head is refused: what is under way goes on, nothing new begins.
  case unknown

  /// What a head says of an object. One that was last seen in a file with errors, is named in one, or may be hidden by
  /// one whose names cannot be read, is never taken for deleted.
  package init(_ name: ModelName, in state: DesiredState?, lastSeenIn path: RepositoryPath?) {
    guard let state else {
      self = .unknown
      return
    }
    if let deployment = state.deployments[name] {
      self = .deployment(deployment)
    } else if let holding = state.holding(of: ObjectID(.modelDeployment, name.text), lastSeenIn: path) {
      self = .invalid(holding.reason)
    } else {
      self = .absent
    }
  }
}
