/// The next effect an object asks for. Each is idempotent under its key.
package enum Action: Hashable, Sendable, Codable {
  /// Build or import the model of the candidate.
  case build(DesiredDeployment)
  /// Put the candidate through its gates.
  case judge(GateRequest)
  /// Bring the server to these versions of this model.
  case route(ModelRoute)
  /// Take every version of the model from the server.
  case unload(ModelName)
  /// Restore the champion's files in Git.
  case revert(RevertRequest)
}
