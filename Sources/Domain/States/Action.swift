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

  /// What the action does, in one word: `build`, `judge`, `route`, `unload`, `revert`.
  package var name: String {
    switch self {
    case .build: "build"
    case .judge: "judge"
    case .route: "route"
    case .unload: "unload"
    case .revert: "revert"
    }
  }

  /// The key of the action on an object: two equal keys ask for the same effect.
  package func key(of model: ModelName) -> String {
    var builder = DigestBuilder("headgate.action.v1")
    switch self {
    case .build(let deployment):
      builder.add(deployment.digest)
    case .judge(let request):
      builder.add(request.candidate)
      builder.add(GatePolicy(of: request.deployment).digest)
      builder.add(request.champion?.description ?? "none")
      // Only where it differs, so that keys already in a journal stay what they are.
      if request.servingOfChampion != request.deployment.spec.serving {
        builder.add(GatePolicy(requirements: [], serving: request.servingOfChampion).digest)
      }
    case .route(let route):
      for version in route.versions {
        builder.add(version.version.description)
        builder.add(version.digest)
        builder.add(version.evidence?.description ?? "none")
        builder.add(version.policy.digest)
        builder.add(version.weight.description)
      }
    case .unload:
      break
    case .revert(let request):
      builder.add(request.parent.text)
      builder.add(request.time.description)
      for (path, blob) in request.files.sorted(by: { $0.key < $1.key }) {
        builder.add(path.text)
        builder.add(blob?.text ?? "removed")
      }
    }
    return "\(model)/\(name)/\(builder.finish().hex)"
  }
}

/// What came of an action.
package enum ActionOutcome: Hashable, Sendable {
  case built(BuildResult)
  /// The evidence and the digest it is stored under.
  case judged(Evidence, digest: Digest)
  /// The routes were taken over in the document of this generation.
  case routed(generation: Int)
  case reverted(RevertOutcome)
  case failed(StageError)
}
