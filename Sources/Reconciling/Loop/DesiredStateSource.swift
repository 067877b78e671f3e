import Domain

/// Reads what a commit asks for. Composed of a repository and the spec loader, which reconciling does not know.
package protocol DesiredStateSource: Sendable {
  /// The desired state at a commit that is already here. The same commit again must be cheap.
  func state(at commit: CommitID) async throws(GitError) -> DesiredState
}
