/// What the journal remembers of one deployment.
package struct ObjectRecord: Hashable, Sendable, Codable {
  package let name: ModelName
  /// Counts the changes of the object's digest, from 1: its own generation.
  package var generation: Int
  /// The digest Git asked for when the generation was counted.
  package var desiredDigest: Digest?
  package var phase: Phase
  package var phaseSince: Timestamp
  package var candidate: Candidate?
  package var champion: Release?
  package var nextRelease: ReleaseNumber
  package var quarantine: [Quarantine]

  package init(
    name: ModelName, generation: Int = 0, desiredDigest: Digest? = nil, phase: Phase = .idle, phaseSince: Timestamp,
    candidate: Candidate? = nil, champion: Release? = nil, nextRelease: ReleaseNumber = ReleaseNumber(1),
    quarantine: [Quarantine] = []
  ) {
    self.name = name
    self.generation = generation
    self.desiredDigest = desiredDigest
    self.phase = phase
    self.phaseSince = phaseSince
    self.candidate = candidate
    self.champion = champion
    self.nextRelease = nextRelease
    self.quarantine = quarantine
  }
}

/// A deployment on its way to traffic, with what is known of it so far.
package struct Candidate: Hashable, Sendable, Codable {
  package let deployment: DesiredDeployment
  package var build: BuildResult?
  package var evidence: Digest?
  package var release: ReleaseNumber?

  package init(
    deployment: DesiredDeployment, build: BuildResult? = nil, evidence: Digest? = nil, release: ReleaseNumber? = nil
  ) {
    self.deployment = deployment
    self.build = build
    self.evidence = evidence
    self.release = release
  }
}

/// Where a deployment stands.
package enum Phase: Hashable, Sendable, Codable {
  /// Nothing to do. Leads to `building`, `draining`.
  case idle
  /// Leads to `gating`, `blocked`.
  case building
  /// Leads to `loading`, `settling` (the same bytes serve already), `blocked`.
  case gating
  /// Leads to `canary`, `promoting` (first release), `blocked`.
  case loading
  /// Leads to the next `canary` step, `promoting`, `rollingBack`.
  case canary(step: Int)
  /// Leads to `settling`.
  case promoting
  /// The predecessor drains. Leads to `idle`.
  case settling
  /// Leads to `reverting`, `idle`.
  case rollingBack
  /// Leads to `idle`, `blocked`.
  case reverting
  /// Waits for a change or `retry`. Leads to `building`, `draining`.
  case blocked
  /// The object is gone from Git. Leads to the end of the record.
  case draining
}
