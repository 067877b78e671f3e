/// The one declarative document a server takes: which versions of which models it serves, with which weights.
package struct RouteDocument: Hashable, Sendable, Codable {
  /// Grows with every controller that takes over; an older token is refused.
  package let fencingToken: Int
  /// Grows with every change; an older generation is refused, the same one is a no-op.
  package let generation: Int
  /// Sorted by name.
  package let models: [ModelRoute]

  package init(fencingToken: Int, generation: Int, models: [ModelRoute]) {
    self.fencingToken = fencingToken
    self.generation = generation
    self.models = models
  }
}

/// The versions of one model. Their weights add up to the whole, unless none has any.
package struct ModelRoute: Hashable, Sendable, Codable {
  package let name: ModelName
  package let versions: [VersionRoute]

  package init(name: ModelName, versions: [VersionRoute]) {
    self.name = name
    self.versions = versions
  }
}

/// One version: what it is, what allows it, and its share of the traffic. A share of zero is loaded and warm, but gets none.
package struct VersionRoute: Hashable, Sendable, Codable {
  package let version: ReleaseNumber
  package let digest: Digest
  package let evidence: Digest?
  /// The policy in force, whole, so that the server can compare every gate with the evidence itself.
  package let policy: GatePolicy
  package let weight: Share

  package init(version: ReleaseNumber, digest: Digest, evidence: Digest?, policy: GatePolicy, weight: Share) {
    self.version = version
    self.digest = digest
    self.evidence = evidence
    self.policy = policy
    self.weight = weight
  }
}
