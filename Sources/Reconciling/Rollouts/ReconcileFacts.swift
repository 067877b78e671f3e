import Domain

/// What a decision needs besides one object's own state; gathered by the controller, never looked up by the core.
package struct ReconcileFacts: Sendable {
  /// The head of the watched branch, `nil` while it is unknown.
  package let head: CommitID?
  /// Commits the controller pushed; they never end a quarantine.
  package let ownCommits: Set<CommitID>
  /// The head's side of a revert, when the object is about to be reverted and the head could be read.
  package let revert: RevertFacts?
  /// From 0 to below 1, drawn anew for each decision.
  package let jitter: Double
  package let patience: Patience
  /// The number of the first release, for an object that is seen for the first time or again after its deletion.
  package let firstRelease: ReleaseNumber

  package init(
    head: CommitID? = nil, ownCommits: Set<CommitID> = [], revert: RevertFacts? = nil, jitter: Double = 0.5,
    patience: Patience = Patience(), firstRelease: ReleaseNumber = ReleaseNumber(1)
  ) {
    self.head = head
    self.ownCommits = ownCommits
    self.revert = revert
    self.jitter = jitter
    self.patience = patience
    self.firstRelease = firstRelease
  }
}

/// The files of the head that a revert would touch, and who else depends on them.
package struct RevertFacts: Hashable, Sendable {
  package let head: CommitID
  /// What the files of champion and candidate hold at the head; one that is not there is left out.
  package let blobs: [RepositoryPath: BlobID]
  /// Other objects in the champion's spec file at the head.
  package let neighbours: [ObjectID: Digest]
  /// Other deployments of the head that refer to a file.
  package let users: [RepositoryPath: [ObjectID]]
  /// The data sets of the head.
  package let datasets: [DatasetName: Digest]
  /// The environments of the head, without the built-in one.
  package let environments: [EnvironmentName: EnvironmentSpec]

  package init(
    head: CommitID, blobs: [RepositoryPath: BlobID], neighbours: [ObjectID: Digest] = [:],
    users: [RepositoryPath: [ObjectID]] = [:], datasets: [DatasetName: Digest] = [:],
    environments: [EnvironmentName: EnvironmentSpec] = [:]
  ) {
    self.datasets = datasets
    self.environments = environments
    self.head = head
    self.blobs = blobs
    self.neighbours = neighbours
    self.users = users
  }
}

/// How long the controller waits for others before it deals with their silence.
package struct Patience: Hashable, Sendable {
  /// Above what the steps of a build may take themselves: the environment and the queue.
  package var buildAllowance: Duration = .seconds(3600)
  package var gating: Duration = .seconds(7200)
  /// For a version to become ready, and for routes to be taken over.
  package var loading: Duration = .seconds(600)
  /// For a version to answer what it has accepted.
  package var draining: Duration = .seconds(600)
  package var git: Duration = .seconds(3600)
  package var firstBackoff: Duration = .seconds(2)
  package var longestBackoff: Duration = .seconds(300)
  /// Attempts at a build that could not run. With the pauses between them they last about a quarter of an hour, longer
  /// than a network or a package index is usually away.
  package var buildAttempts = 11
  /// Attempts at a gate that could not run.
  package var gateAttempts = 5

  package init() {}

  /// The pause after a number of failed attempts: doubling, bounded, and spread over half its length so that objects
  /// that failed together do not return together.
  package func backoff(after attempts: Int, jitter: Double) -> Duration {
    let doublings = min(max(attempts - 1, 0), 20)
    let full = min(firstBackoff * (1 << doublings), longestBackoff)
    return full * (0.5 + jitter / 2)
  }
}
