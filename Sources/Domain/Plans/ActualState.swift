/// What was last applied and what serves: the other side of a plan.
package struct ActualState: Hashable, Sendable {
  package let commit: CommitID?
  package let deployments: [ModelName: ObjectRecord]
  /// Data sets and environments of the applied commit.
  package let applied: [ObjectID: Digest]

  package init(commit: CommitID? = nil, deployments: [ModelName: ObjectRecord] = [:], applied: [ObjectID: Digest] = [:])
  {
    self.commit = commit
    self.deployments = deployments
    self.applied = applied
  }

  /// The state a journal remembers.
  package init(_ snapshot: JournalSnapshot) {
    self.init(
      commit: snapshot.controller.appliedCommit, deployments: snapshot.records, applied: snapshot.controller.applied)
  }
}
