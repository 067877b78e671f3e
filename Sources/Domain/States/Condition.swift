/// One statement about an object, after the kstatus convention.
package struct Condition: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// The champion serves.
    case ready = "Ready"
    /// What serves is what Git asks for.
    case inSync = "InSync"
    /// Work is under way.
    case reconciling = "Reconciling"
    /// Nothing goes on until someone acts.
    case stalled = "Stalled"
    /// A build ran with less isolation than the sandbox gives.
    case sandboxReduced = "SandboxReduced"
  }

  package enum Status: String, Hashable, Sendable, Codable {
    case yes = "True"
    case no = "False"
    case unknown = "Unknown"
  }

  package let type: Kind
  package let status: Status
  package let reason: String
  package let message: String
  package let observedGeneration: Int

  package init(type: Kind, status: Status, reason: String, message: String, observedGeneration: Int) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.observedGeneration = observedGeneration
  }
}

/// Something that happened to an object, kept for `headgate history`.
package struct Event: Hashable, Sendable, Codable {
  package enum Severity: String, Hashable, Sendable, Codable {
    case normal, warning
  }

  package let time: Timestamp
  package let object: ObjectID
  package let severity: Severity
  /// One CamelCase word, such as `GateFailed`.
  package let reason: String
  package let message: String
  package let commit: CommitID?
  package let release: ReleaseNumber?

  package init(
    time: Timestamp, object: ObjectID, severity: Severity = .normal, reason: String, message: String,
    commit: CommitID? = nil, release: ReleaseNumber? = nil
  ) {
    self.time = time
    self.object = object
    self.severity = severity
    self.reason = reason
    self.message = message
    self.commit = commit
    self.release = release
  }
}
