/// A model version that has been given a number: what serves, or what served before.
package struct Release: Hashable, Sendable, Codable {
  package let number: ReleaseNumber
  /// What Git asked for when it was made, with the files a revert restores.
  package let deployment: DesiredDeployment
  package let model: Digest
  package let evidence: Digest

  package init(number: ReleaseNumber, deployment: DesiredDeployment, model: Digest, evidence: Digest) {
    self.number = number
    self.deployment = deployment
    self.model = model
    self.evidence = evidence
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
