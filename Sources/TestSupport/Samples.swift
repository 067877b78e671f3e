import Domain
import Reconciling

/// Small objects for tests.
package enum Samples {
  /// A path that is known to be one.
  package static func path(_ text: String) -> RepositoryPath {
    RepositoryPath(text) ?? .root
  }

  /// A deployment whose model, policy and file contents are named by texts: equal texts give equal digests.
  package static func deployment(
    _ name: String, model: String, policy: String = "", comment: String = "", commit: String = "c1",
    rollout: RolloutSpec = RolloutSpec(), environment: EnvironmentSpec = EnvironmentSpec(),
    path: RepositoryPath? = nil, neighbours: [ObjectID: Digest] = [:]
  ) -> DesiredDeployment {
    let file = path ?? Self.path("specs/\(name).yaml")
    let train = Self.path("specs/\(name).py")
    let spec = ModelDeployment(
      name: ModelName(name),
      model: .build(
        BuildSpec(steps: [BuildStep(name: "train", run: "train", inputs: [.file(train)], output: "model.onnx")])),
      serving: ServingSpec(scoreOutput: policy.isEmpty ? nil : policy),
      gates: [GateSpec(name: "security", check: .security)],
      rollout: rollout)
    var digest = DigestBuilder("sample")
    for text in [name, model, policy, "\(rollout)", "\(environment)"] { digest.add(text) }
    return DesiredDeployment(
      spec: spec, place: SourcePlace(path: file, line: 1, column: 1), digest: digest.finish(),
      commit: CommitID(commit),
      files: [
        file: BlobID("spec \(name) \(policy) \(comment) \(rollout) \(neighbours.count)"),
        train: BlobID("train \(model)"),
      ], neighbours: neighbours, environment: environment)
  }

  /// What a commit with these deployments asks for.
  package static func state(
    _ commit: String, _ deployments: [DesiredDeployment], invalid: Set<RepositoryPath> = [],
    held: [ObjectID: RepositoryPath] = [:], obscure: Set<RepositoryPath> = [], diagnostics: [Diagnostic] = []
  ) -> DesiredState {
    DesiredState(
      commit: CommitID(commit),
      deployments: Dictionary(deployments.map { ($0.spec.name, $0) }, uniquingKeysWith: { _, last in last }),
      diagnostics: diagnostics, invalidFiles: invalid, heldObjects: held, obscureFiles: obscure)
  }

  /// The model that a sample's build makes.
  package static func model(of deployment: DesiredDeployment) -> Digest {
    let train = deployment.files.first { $0.key.text.hasSuffix(".py") }?.value.text ?? ""
    return .sha256(of: "model \(deployment.spec.name) \(train)")
  }

  /// Evidence that a sample's gates give.
  package static func evidence(
    for request: GateRequest, verdict: Verdict = .pass, message: String = "as scripted"
  ) -> Evidence {
    let policy = GatePolicy(of: request.deployment)
    return Evidence(
      model: request.deployment.spec.name, modelDigest: request.candidate, policyDigest: policy.digest,
      reports: policy.requirements.map { requirement in
        GateReport(
          gate: requirement.gate.name, kind: requirement.gate.check.kind, gateDigest: requirement.digest,
          verdict: verdict, reason: "Scripted", message: message, championDigest: request.champion)
      }, championDigest: request.champion, runtimeVersion: "test", instructionSet: "test")
  }

  /// The digest under which a sample's evidence is kept.
  package static func digest(of evidence: Evidence) -> Digest {
    (try? EvidenceFile.bytes(of: evidence)).map { .sha256(of: $0) } ?? .sha256(of: "unencodable")
  }
}
