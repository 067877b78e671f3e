import Domain

/// What decides which model a deployment asks for: whatever its build may see. Gates, rollout and serving do not belong
/// to it.
struct ModelInputs: Hashable {
  let source: ModelSource
  let files: [RepositoryPath: BlobID]
  let datasets: [DatasetName: Digest]

  init(of deployment: DesiredDeployment) {
    source = deployment.spec.model
    var files: [RepositoryPath: BlobID] = [:]
    var datasets: [DatasetName: Digest] = [:]
    switch source {
    case .artifact:
      // Named by its digest: where it lies does not matter.
      break
    case .build(let build):
      if let requirements = build.requirements { files[requirements] = deployment.files[requirements] }
      for input in build.steps.flatMap(\.inputs) {
        switch input {
        case .file(let path): files[path] = deployment.files[path]
        case .dataset(let name, _): datasets[name] = deployment.datasets[name]?.digest
        case .step: break
        }
      }
    }
    self.files = files
    self.datasets = datasets
  }

  static func == (left: ModelInputs, right: ModelInputs) -> Bool {
    if case .artifact(_, let digest) = left.source, case .artifact(_, let other) = right.source {
      return digest == other
    }
    return left.source == right.source && left.files == right.files && left.datasets == right.datasets
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(datasets)
  }
}
