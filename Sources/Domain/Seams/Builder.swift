/// Makes model files.
package protocol Builder: Sendable {
  /// Builds or imports the model of a deployment and stores it under its digest. The same inputs give the stored result
  /// again. Cancelling the task kills the build with all its children.
  func build(_ deployment: DesiredDeployment) async throws(StageError) -> BuildResult
}

/// A model file in the artifact store.
package struct BuildResult: Hashable, Sendable, Codable {
  package let model: Digest
  /// Of everything that went into it.
  package let inputs: Digest
  /// The stored output of the steps, by digest; none for an imported file.
  package let log: Digest?
  /// Whether an earlier result was used.
  package let reused: Bool
  /// How far the steps were kept apart from this machine.
  package let isolation: Isolation

  package enum Isolation: String, Hashable, Sendable, Codable {
    /// No step ran: the file was imported.
    case notNeeded
    /// Namespaces of their own, no network, declared inputs only.
    case sandboxed
    /// A clean environment and folder, but no namespaces: shown as `SandboxReduced`.
    case reduced
  }

  package init(
    model: Digest, inputs: Digest, log: Digest?, reused: Bool, isolation: Isolation = .sandboxed
  ) {
    self.model = model
    self.inputs = inputs
    self.log = log
    self.reused = reused
    self.isolation = isolation
  }
}

/// A file or bytes given to a build step, with the digest of what it holds.
package struct BuildInput: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    case bytes([UInt8])
    /// An absolute path on this machine, not to be changed while the build runs.
    case file(String)
  }

  package let fileName: String
  package let digest: Digest
  package let content: Content

  package init(fileName: String, digest: Digest, content: Content) {
    self.fileName = fileName
    self.digest = digest
    self.content = content
  }
}

/// Resolves what a build step declares into files. Splits of data sets come through here, so that building knows no CSV.
package protocol BuildInputs: Sendable {
  /// A file of the repository as of the deployment's commit.
  func file(_ path: RepositoryPath, of deployment: DesiredDeployment) async throws(StageError) -> BuildInput
  /// One split of a data set, without its excluded columns.
  func split(_ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment)
    async throws(StageError) -> BuildInput
}
