/// What Git asks for at one commit.
package struct DesiredState: Sendable, Equatable {
  package let commit: CommitID
  package let deployments: [ModelName: DesiredDeployment]
  package let datasets: [DatasetName: DesiredObject<DatasetSpec>]
  package let environments: [EnvironmentName: DesiredObject<EnvironmentSpec>]
  /// Every diagnostic of the commit, in order of place.
  package let diagnostics: [Diagnostic]
  /// Files with an error. An object last seen in one of them is held as it is, never taken for deleted.
  package let invalidFiles: Set<RepositoryPath>
  /// Objects named in a file with errors, wherever they were before, and that file. They are held too: a file that is
  /// moved with a mistake deletes nothing.
  package let heldObjects: [ObjectID: RepositoryPath]
  /// Files with errors that may hold objects whose names cannot be read. While there is one, nothing counts as deleted.
  package let obscureFiles: Set<RepositoryPath>

  package init(
    commit: CommitID, deployments: [ModelName: DesiredDeployment] = [:],
    datasets: [DatasetName: DesiredObject<DatasetSpec>] = [:],
    environments: [EnvironmentName: DesiredObject<EnvironmentSpec>] = [:], diagnostics: [Diagnostic] = [],
    invalidFiles: Set<RepositoryPath> = [], heldObjects: [ObjectID: RepositoryPath] = [:],
    obscureFiles: Set<RepositoryPath> = []
  ) {
    self.commit = commit
    self.deployments = deployments
    self.datasets = datasets
    self.environments = environments
    self.diagnostics = diagnostics
    self.invalidFiles = invalidFiles
    self.heldObjects = heldObjects
    self.obscureFiles = obscureFiles
  }
}

/// A decoded object, where it stands, and the digest of its normalised content and of all it refers to.
package struct DesiredObject<Spec: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
  package let spec: Spec
  package let place: SourcePlace
  package let digest: Digest

  package init(spec: Spec, place: SourcePlace, digest: Digest) {
    self.spec = spec
    self.place = place
    self.digest = digest
  }
}

/// A deployment with everything it refers to resolved: enough to build, gate and roll it out without reading specs again.
package struct DesiredDeployment: Hashable, Sendable, Codable {
  package let spec: ModelDeployment
  package let place: SourcePlace
  /// Of the normalised spec and of all it refers to; two equal digests ask for the same thing.
  package let digest: Digest
  /// The commit it was read at.
  package let commit: CommitID
  /// The spec file and every file the spec refers to, with what they hold: what a revert restores.
  package let files: [RepositoryPath: BlobID]
  /// Other objects that stand in the same spec file, with their digests.
  package let neighbours: [ObjectID: Digest]
  package let datasets: [DatasetName: DesiredObject<DatasetSpec>]
  package let environment: EnvironmentSpec

  package init(
    spec: ModelDeployment, place: SourcePlace, digest: Digest, commit: CommitID, files: [RepositoryPath: BlobID],
    neighbours: [ObjectID: Digest] = [:], datasets: [DatasetName: DesiredObject<DatasetSpec>] = [:],
    environment: EnvironmentSpec = EnvironmentSpec()
  ) {
    self.spec = spec
    self.place = place
    self.digest = digest
    self.commit = commit
    self.files = files
    self.neighbours = neighbours
    self.datasets = datasets
    self.environment = environment
  }
}
