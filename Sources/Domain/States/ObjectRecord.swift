/// What the journal remembers of one deployment.
package struct ObjectRecord: Hashable, Sendable, Codable {
  package let name: ModelName
  /// Counts the changes of the object's digest, from 1: its own generation.
  package var generation: Int
  /// The digest Git asked for when the generation was counted.
  package var desiredDigest: Digest?
  /// The commit that first asked for it.
  package var desiredCommit: CommitID?
  /// The spec file the object was last seen in.
  package var path: RepositoryPath?
  package var phase: Phase
  package var phaseSince: Timestamp
  package var candidate: Candidate?
  package var champion: Release?
  package var nextRelease: ReleaseNumber
  package var quarantine: [Quarantine]
  /// The candidate's traffic in the present canary step.
  package var window: TrafficWindow?
  /// Set while a failed attempt waits for its repetition.
  package var retry: Retry?
  /// Why the candidate is blocked.
  package var problem: StageError?
  /// Set from the moment a candidate is taken back until nothing is left of it.
  package var rollback: Rollback?
  package var revert: Revert?
  /// Why the object is kept as it is whatever Git says, such as `InvalidSpec`.
  package var hold: StageError?
  /// The versions the server was last told to serve.
  package var routes: ModelRoute?
  /// The generation of the document that told it; an observation of an older one proves nothing. 0 before the first.
  package var routedGeneration: Int
  /// What the server says is wrong with the champion.
  package var championFault: String?

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
    routedGeneration = 0
  }
}

/// A deployment on its way to traffic, with what is known of it so far.
package struct Candidate: Hashable, Sendable, Codable {
  package let deployment: DesiredDeployment
  package var build: BuildResult?
  /// Of the evidence file, whatever its verdict.
  package var evidence: Digest?
  package var verdict: Verdict?
  package var reports: [GateReport]
  /// Given when it passed its gates.
  package var release: ReleaseNumber?

  package init(
    deployment: DesiredDeployment, build: BuildResult? = nil, evidence: Digest? = nil, verdict: Verdict? = nil,
    reports: [GateReport] = [], release: ReleaseNumber? = nil
  ) {
    self.deployment = deployment
    self.build = build
    self.evidence = evidence
    self.verdict = verdict
    self.reports = reports
    self.release = release
  }
}

/// A failed attempt and when the next one may begin.
package struct Retry: Hashable, Sendable, Codable {
  /// Failed attempts so far.
  package let attempts: Int
  package let notBefore: Timestamp
  package let problem: StageError

  package init(attempts: Int, notBefore: Timestamp, problem: StageError) {
    self.attempts = attempts
    self.notBefore = notBefore
    self.problem = problem
  }
}

/// Why a candidate is taken back, which decides what follows.
package struct Rollback: Hashable, Sendable, Codable {
  package enum Cause: String, Hashable, Sendable, Codable {
    /// It misbehaved or was aborted in front of traffic: quarantine, then the revert or a hold.
    case failed
    /// It never got traffic, or too little to be judged: blocked, without quarantine or revert.
    case stopped
    /// Git asks for something else: that begins next.
    case superseded
  }

  package var cause: Cause
  package let problem: StageError

  package init(cause: Cause, problem: StageError) {
    self.cause = cause
    self.problem = problem
  }
}

/// The commit that restores the champion's files: what was asked for, and what came of it.
package struct Revert: Hashable, Sendable, Codable {
  package let request: RevertRequest
  /// The commit that was pushed.
  package var commit: CommitID?

  package init(request: RevertRequest, commit: CommitID? = nil) {
    self.request = request
    self.commit = commit
  }
}
