import Domain

/// Asking Git. It runs beside the loop, so that a slow or unreachable host never delays a rollout.
extension Controller {
  /// What a poll found.
  enum PollOutcome: Sendable {
    case unchanged
    case head(DesiredState)
    /// The head does not descend from the applied commit; what was applied is read again when nothing is known yet.
    case refused(CommitID, applied: DesiredState?)
    case failed(GitError, applied: DesiredState?)
  }

  func startPoll(in group: inout DiscardingTaskGroup) {
    guard !isPolling else {
      wantsPoll = true
      return
    }
    isPolling = true
    wantsPoll = false
    let known = head
    let applied = reconciliation.controller.appliedCommit
    let trusted = Set(reconciliation.controller.ownCommits)
    let accepts = acceptsRewrite
    acceptsRewrite = false
    let seams = seams
    let signals = signals
    group.addTask {
      let outcome = await Self.poll(seams, known: known, applied: applied, trusted: trusted) {
        // All objects are looked at: only for a head that has moved.
        if accepts { return true }
        return await self.allowsRewrites
      }
      signals.yield(.polled(outcome))
    }
  }

  /// Whether every environment in use accepts a rewritten history. What the new head says of it does not count.
  private var allowsRewrites: Bool {
    let environments = reconciliation.records.values.compactMap {
      ($0.candidate?.deployment ?? $0.champion?.deployment)?.environment
    }
    return !environments.isEmpty && environments.allSatisfy { $0.historyRewrites == .allow }
  }

  private static func poll(
    _ seams: ControllerSeams, known: CommitID?, applied: CommitID?, trusted: Set<CommitID>,
    allowsRewrites: @Sendable () async -> Bool
  ) async -> PollOutcome {
    do throws(GitError) {
      let head = try await seams.repository.fetchHead()
      if head == known { return .unchanged }
      if let applied, head != applied, !trusted.contains(head), !(await allowsRewrites()),
        !(try await descends(head, from: applied, in: seams.repository))
      {
        return .refused(head, applied: known == nil ? try? await seams.source.state(at: applied) : nil)
      }
      return .head(try await seams.source.state(at: head))
    } catch {
      guard known == nil, let applied else { return .failed(error, applied: nil) }
      return .failed(error, applied: try? await seams.source.state(at: applied))
    }
  }

  private static func descends(_ head: CommitID, from applied: CommitID, in repository: any Repository)
    async throws(GitError) -> Bool
  {
    do throws(GitError) {
      return try await repository.isAncestor(applied, of: head)
    } catch  where error.code == .notFound {
      // The applied commit is gone from the history altogether.
      return false
    }
  }

  /// Takes in what a poll found.
  func take(_ outcome: PollOutcome) throws(StoreError) {
    isPolling = false
    lastPoll = wallTime()
    switch outcome {
    case .unchanged:
      gitError = nil
      // A rewritten history that was taken back.
      refusedHead = nil
    case .head(let state):
      gitError = nil
      refusedHead = nil
      try reconciliation.apply(state)
      takeUp(state)
    case .refused(let head, let applied):
      gitError = nil
      refusedHead = head
      if let applied { takeUp(applied) }
    case .failed(let error, let applied):
      gitError = error.message
      if let applied { takeUp(applied) }
    }
  }

  /// Marks the objects that differ from what was known.
  private func takeUp(_ state: DesiredState) {
    let old = desired
    desired = state
    head = state.commit
    guard let old else {
      dirty.formUnion(state.deployments.keys)
      dirty.formUnion(reconciliation.records.keys)
      return
    }
    for (name, deployment) in state.deployments where old.deployments[name].map({ !$0.isSame(as: deployment) }) ?? true
    {
      dirty.insert(name)
    }
    // Gone, come back from a file with errors, or gone into one.
    for name in reconciliation.records.keys where state.deployments[name] == nil || old.deployments[name] == nil {
      dirty.insert(name)
    }
    // An own commit shows that the head has moved, which objects that wait for it must see.
    dirty.formUnion(active)
  }

  /// The head's side of a revert, when one is about to be decided on.
  func revertFacts(for name: ModelName) async -> RevertFacts? {
    guard let record = reconciliation.records[name], record.phase == .reverting, record.revert == nil,
      let head, let desired, let candidate = record.candidate?.deployment, let champion = record.champion?.deployment
    else { return nil }
    let paths = Set(champion.files.keys).union(candidate.files.keys)
    do throws(GitError) {
      let snapshot = try await seams.repository.snapshot(at: head.text)
      var blobs: [RepositoryPath: BlobID] = [:]
      for path in paths { blobs[path] = try snapshot.file(at: path)?.blob }
      var users: [RepositoryPath: [ObjectID]] = [:]
      for (other, deployment) in desired.deployments where other != name {
        // An object in the same spec file is a neighbour, and compared as such.
        for path in deployment.files.keys where paths.contains(path) && path != champion.place.path {
          users[path, default: []].append(ObjectID(.modelDeployment, other.text))
        }
      }
      let atHead = desired.deployments[name]
      return RevertFacts(
        head: head, blobs: blobs,
        neighbours: atHead?.place.path == champion.place.path ? atHead?.neighbours ?? [:] : [:], users: users,
        datasets: desired.datasets.mapValues(\.digest), environments: desired.environments.mapValues(\.spec))
    } catch {
      gitError = error.message
      return nil
    }
  }
}

extension DesiredDeployment {
  /// Whether a decision could not tell the two apart.
  fileprivate func isSame(as other: DesiredDeployment) -> Bool {
    // Read at the same commit, the same object is the same in everything.
    if digest == other.digest, commit == other.commit { return true }
    return digest == other.digest && place.path == other.place.path && files == other.files
      && neighbours == other.neighbours
      && environment == other.environment
  }
}
