import Domain
import Reconciling
import Repositories
import Specs

/// What a commit asks for, read through the spec loader that remembers what it has decoded.
actor CommitStates: DesiredStateSource {
  private let repository: any Repository
  private let folder: RepositoryPath
  private var loader = SpecLoader()
  private var latest: DesiredState?

  /// - Parameter folder: the watched folder of the repository.
  init(repository: any Repository, folder: RepositoryPath) {
    self.repository = repository
    self.folder = folder
  }

  func state(at commit: CommitID) async throws(GitError) -> DesiredState {
    if let latest, latest.commit == commit { return latest }
    let snapshot = try await repository.snapshot(at: commit.text)
    let state = try loader.load(snapshot, under: folder)
    latest = state
    return state
  }
}
