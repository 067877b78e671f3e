import Domain

/// How often the controller looks, and how much it does at once.
package struct ControllerSettings: Sendable {
  /// Between two polls of the branch; each is spread by up to a tenth, so that many controllers do not ask together.
  package var pollInterval: Duration = .seconds(15)
  /// Between two looks at the server while something waits for it.
  package var observeInterval: Duration = .milliseconds(500)
  /// Between two looks at the server while nothing is under way.
  package var idleObserveInterval: Duration = .seconds(30)
  /// Builds and judgements at once.
  package var workWidth = 2
  /// Pushes at once.
  package var pushWidth = 4
  package var patience = Patience()

  package init() {}
}

/// Everything outside that a controller works with.
package struct ControllerSeams: Sendable {
  package let journal: any Journal
  package let repository: any Repository
  package let writeBack: any WriteBack
  package let source: any DesiredStateSource
  package let builder: any Builder
  package let gatekeeper: any Gatekeeper
  package let target: any Target
  /// Where evidence files are kept for the server to read.
  package let store: any ArtifactStore

  package init(
    journal: any Journal, repository: any Repository, writeBack: any WriteBack, source: any DesiredStateSource,
    builder: any Builder, gatekeeper: any Gatekeeper, target: any Target, store: any ArtifactStore
  ) {
    self.journal = journal
    self.repository = repository
    self.writeBack = writeBack
    self.source = source
    self.builder = builder
    self.gatekeeper = gatekeeper
    self.target = target
    self.store = store
  }
}

/// What makes the controller look.
package enum ControllerTrigger: Hashable, Sendable {
  /// Ask Git for the head.
  case poll
  /// See what is due.
  case tick
}

/// The controller at one moment, for `get`, `describe`, `explain` and the dashboard.
package struct ControllerSnapshot: Hashable, Sendable, Codable {
  package let objects: [ObjectStatus]
  /// Every diagnostic of the head.
  package let diagnostics: [Diagnostic]
  package let head: CommitID?
  package let appliedCommit: CommitID?
  /// When the branch was last asked for, whatever came of it.
  package let lastPoll: Timestamp?
  package let gitError: String?
  package let targetError: String?
  package let storeError: String?
  /// A head that was refused because it does not descend from the applied commit.
  package let refusedHead: CommitID?
  package let routeGeneration: Int
  package let fencingToken: Int
}
