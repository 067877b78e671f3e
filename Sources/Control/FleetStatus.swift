import Domain
import Reconciling

/// Everything a controller can say of itself at one moment: what `headgate get` shows.
package struct FleetStatus: Sendable, Codable {
  /// The head of the watched branch as of the last poll that succeeded.
  package let head: CommitID?
  /// The head whose plan was last taken up.
  package let appliedCommit: CommitID?
  /// What is wrong with the controller's surroundings at present: Git, the server, the state folder, one line each.
  package let problems: [String]
  /// Every diagnostic of the head.
  package let diagnostics: [Diagnostic]
  package let objects: [ObjectStatus]

  /// What a running controller says.
  package init(_ snapshot: ControllerSnapshot) {
    head = snapshot.head
    appliedCommit = snapshot.appliedCommit
    var problems = [snapshot.gitError, snapshot.targetError, snapshot.storeError].compactMap(\.self)
    if let refused = snapshot.refusedHead {
      problems.append(
        "the head \(refused.short) does not descend from the applied commit and is refused: restore the history, or run "
          + "`headgate reconcile --accept-rewrite`")
    }
    self.problems = problems
    diagnostics = snapshot.diagnostics
    objects = snapshot.objects
  }

  /// What a journal says while no controller runs; diagnostics are not remembered.
  package init(_ journal: JournalSnapshot, now: Timestamp) {
    head = nil
    appliedCommit = journal.controller.appliedCommit
    problems = []
    diagnostics = []
    objects = journal.records.values.sorted { $0.name < $1.name }.map { ObjectStatus(offline: $0, now: now) }
  }
}

/// One object with the evidence of its champion: what `headgate describe` shows.
package struct ObjectDescription: Sendable, Codable {
  package let status: ObjectStatus
  /// The verdicts that let the champion serve.
  package let championGates: [GateReport]

  package init(status: ObjectStatus, championGates: [GateReport]) {
    self.status = status
    self.championGates = championGates
  }

  /// Reads the champion's evidence from its shelf; an unreadable file gives no verdicts.
  package init(_ status: ObjectStatus, store: some ArtifactStore) {
    let path = status.champion?.evidence.flatMap { store.path(of: $0, in: .evidence) }
    self.init(status: status, championGates: path.flatMap(EvidenceFile.read)?.reports ?? [])
  }
}

extension FleetStatus {
  /// The same with these objects only.
  package func showing(_ objects: [ObjectStatus]) -> FleetStatus {
    FleetStatus(
      head: head, appliedCommit: appliedCommit, problems: problems, diagnostics: diagnostics, objects: objects)
  }

  private init(
    head: CommitID?, appliedCommit: CommitID?, problems: [String], diagnostics: [Diagnostic], objects: [ObjectStatus]
  ) {
    self.head = head
    self.appliedCommit = appliedCommit
    self.problems = problems
    self.diagnostics = diagnostics
    self.objects = objects
  }
}
