import Domain

/// Why an object that a commit does not give is held as it is, instead of deleted.
struct Holding {
  /// The file with errors the object stands in; `nil` when it is only possible that it stands in one.
  let path: RepositoryPath?
  let reason: String
}

extension DesiredState {
  /// Tells whether an object that is missing stands, or may stand, in a file with errors.
  ///
  /// - Parameter path: Where it was last seen, when that is known.
  /// - Returns: `nil` when it is deleted.
  func holding(of id: ObjectID, lastSeenIn path: RepositoryPath?) -> Holding? {
    if let path, invalidFiles.contains(path) { return Holding(path: path, reason: reason(for: path)) }
    if let path = heldObjects[id] { return Holding(path: path, reason: reason(for: path)) }
    return obscureFiles.min().map { Holding(path: nil, reason: "it may stand in \($0), which has errors") }
  }

  /// The first error of a file, and how many more there are.
  func reason(for path: RepositoryPath) -> String {
    let errors = diagnostics.filter { $0.place.path == path && $0.severity == .error }
    guard let first = errors.first else { return "\(path) has errors" }
    return "\(first.place): \(first.message)" + (errors.count > 1 ? " (and \(errors.count - 1) more)" : "")
  }
}
