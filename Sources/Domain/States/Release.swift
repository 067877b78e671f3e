/// A model version that has been given a number: what serves, or what served before.
package struct Release: Hashable, Sendable, Codable {
  package let number: ReleaseNumber
  /// What Git last asked for when this release was what it asked for, with the files a revert restores.
  package var deployment: DesiredDeployment
  package let model: Digest
  package let evidence: Digest
  /// How far the steps of its build were kept apart from the machine.
  package let isolation: BuildResult.Isolation

  package init(
    number: ReleaseNumber, deployment: DesiredDeployment, model: Digest, evidence: Digest,
    isolation: BuildResult.Isolation = .notNeeded
  ) {
    self.number = number
    self.deployment = deployment
    self.model = model
    self.evidence = evidence
    self.isolation = isolation
  }
}

/// A model digest that misbehaved in front of traffic and is not tried again by itself.
package struct Quarantine: Hashable, Sendable, Codable {
  package let model: Digest
  /// The object digest that asked for it; a commit that changes the object ends the quarantine.
  package let deploymentDigest: Digest
  package let commit: CommitID
  package let reason: String
  package let since: Timestamp

  package init(model: Digest, deploymentDigest: Digest, commit: CommitID, reason: String, since: Timestamp) {
    self.model = model
    self.deploymentDigest = deploymentDigest
    self.commit = commit
    self.reason = reason
    self.since = since
  }
}
