import Domain
import Reconciling
import Synchronization

/// A branch whose commits are desired states; files are those that the states' deployments name.
package final class InMemoryRepository: Repository, WriteBack, DesiredStateSource {
  private struct Commit {
    let parent: CommitID?
    let state: DesiredState
    let files: [RepositoryPath: BlobID]
  }

  private struct Content {
    var commits: [CommitID: Commit] = [:]
    var head: CommitID?
    var failure: GitError?
    var fetches = 0
    var pushed: [CommitID] = []
  }

  private let content = Mutex(Content())

  package init() {}

  package var head: CommitID? { content.withLock { $0.head } }
  package var fetchCount: Int { content.withLock { $0.fetches } }
  package var pushed: [CommitID] { content.withLock { $0.pushed } }

  /// Makes the host unreachable, or reachable again.
  package func fail(with error: GitError?) { content.withLock { $0.failure = error } }

  /// What the head asks for.
  package var headState: DesiredState? {
    content.withLock { content in content.head.flatMap { content.commits[$0]?.state } }
  }

  /// Adds a commit on the head.
  /// - Parameter rewriting: puts it on nothing instead, as a forced push does.
  package func commit(_ state: DesiredState, rewriting: Bool = false) {
    content.withLock { content in
      var files: [RepositoryPath: BlobID] = [:]
      for deployment in state.deployments.values { files.merge(deployment.files, uniquingKeysWith: { _, new in new }) }
      content.commits[state.commit] = Commit(parent: rewriting ? nil : content.head, state: state, files: files)
      content.head = state.commit
    }
  }

  package func fetchHead() async throws(GitError) -> CommitID {
    let result = content.withLock { content -> Result<CommitID, GitError> in
      content.fetches += 1
      if let failure = content.failure { return .failure(failure) }
      return content.head.map { .success($0) } ?? .failure(GitError(.notFound, "The branch is empty."))
    }
    return try result.get()
  }

  package func state(at commit: CommitID) async throws(GitError) -> DesiredState {
    guard let state = content.withLock({ $0.commits[commit]?.state }) else {
      throw GitError(.notFound, "No such commit.")
    }
    return state
  }

  package func snapshot(at revision: String) async throws(GitError) -> any RepositorySnapshot {
    let commit = CommitID(revision)
    guard let files = content.withLock({ $0.commits[commit]?.files }) else {
      throw GitError(.notFound, "No such commit.")
    }
    return InMemorySnapshot(commit: commit, blobs: files)
  }

  package func isAncestor(_ ancestor: CommitID, of commit: CommitID) async throws(GitError) -> Bool {
    content.withLock { content in
      var next: CommitID? = commit
      while let current = next {
        if current == ancestor { return true }
        next = content.commits[current]?.parent
      }
      return false
    }
  }

  /// Restores the deployments whose files become those of an earlier commit, by compare-and-swap.
  package func push(_ request: RevertRequest) async throws(GitError) -> RevertOutcome {
    try pushNow(request)
  }

  /// The same without suspending, for simulations.
  package func pushNow(_ request: RevertRequest) throws(GitError) -> RevertOutcome {
    let result = content.withLock { content -> Result<RevertOutcome, GitError> in
      if let failure = content.failure { return .failure(failure) }
      let commit = CommitID(Action.revert(request).key(of: ModelName("commit")))
      if let head = content.head, isOn(head, commit, content) { return .success(.pushed(commit)) }
      guard let head = content.head, head == request.parent, let parent = content.commits[head] else {
        return .success(.headMoved(content.head ?? request.parent))
      }
      var files = parent.files
      for (path, blob) in request.files { files[path] = blob }
      var deployments = parent.state.deployments
      for deployment in parent.state.deployments.values
      where deployment.files.contains(where: { files[$0.key] != $0.value }) {
        deployments[deployment.spec.name] = earlier(deployment.spec.name, files, content).map { $0.at(commit) }
      }
      let state = DesiredState(
        commit: commit, deployments: deployments, datasets: parent.state.datasets,
        environments: parent.state.environments)
      content.commits[commit] = Commit(parent: head, state: state, files: files)
      content.head = commit
      content.pushed.append(commit)
      return .success(.pushed(commit))
    }
    return try result.get()
  }

  private func isOn(_ head: CommitID, _ commit: CommitID, _ content: Content) -> Bool {
    var next: CommitID? = head
    while let current = next {
      if current == commit { return true }
      next = content.commits[current]?.parent
    }
    return false
  }

  /// A deployment of any commit that is made of just these files.
  private func earlier(_ name: ModelName, _ files: [RepositoryPath: BlobID], _ content: Content) -> DesiredDeployment? {
    content.commits.sorted { $0.key < $1.key }.lazy.compactMap { $0.value.state.deployments[name] }.first {
      deployment in
      deployment.files.allSatisfy { files[$0.key] == $0.value }
    }
  }
}

extension DesiredDeployment {
  /// The same as read at another commit.
  package func at(_ commit: CommitID) -> DesiredDeployment {
    DesiredDeployment(
      spec: spec, place: place, digest: digest, commit: commit, files: files, neighbours: neighbours,
      datasets: datasets, environment: environment)
  }
}

private struct InMemorySnapshot: RepositorySnapshot {
  let commit: CommitID
  let blobs: [RepositoryPath: BlobID]

  func files(under folder: RepositoryPath) throws(GitError) -> [RepositoryFile] {
    blobs.filter { $0.key.isWithin(folder) }.sorted { $0.key < $1.key }.map {
      RepositoryFile(path: $0.key, blob: $0.value)
    }
  }

  func file(at path: RepositoryPath) throws(GitError) -> RepositoryFile? {
    blobs[path].map { RepositoryFile(path: path, blob: $0) }
  }

  func contents(of blob: BlobID, limit: Int) throws(GitError) -> [UInt8] {
    Array(blob.text.utf8)
  }
}
