/// One file of a commit.
package struct RepositoryFile: Hashable, Sendable {
  package let path: RepositoryPath
  package let blob: BlobID

  package init(path: RepositoryPath, blob: BlobID) {
    self.path = path
    self.blob = blob
  }
}

/// The files of one commit, readable from any thread.
package protocol RepositorySnapshot: Sendable {
  var commit: CommitID { get }
  /// The regular files under a folder, sorted by path; links and submodules are left out.
  func files(under folder: RepositoryPath) throws(GitError) -> [RepositoryFile]
  /// The regular file at a path, `nil` when there is none.
  func file(at path: RepositoryPath) throws(GitError) -> RepositoryFile?
  /// What a blob holds. Throws `tooLarge` above the limit.
  func contents(of blob: BlobID, limit: Int) throws(GitError) -> [UInt8]
}

/// The watched branch of a repository.
package protocol Repository: Sendable {
  /// Asks the remote for the head of the branch and fetches it when it is new. A poll without news starts at most one
  /// `git` process.
  func fetchHead() async throws(GitError) -> CommitID
  /// The files of a commit (any revision text that names a commit already here).
  func snapshot(at revision: String) async throws(GitError) -> any RepositorySnapshot
  /// Whether `ancestor` is `commit` or one of its ancestors.
  func isAncestor(_ ancestor: CommitID, of commit: CommitID) async throws(GitError) -> Bool
}

/// Writes to the watched branch.
package protocol WriteBack: Sendable {
  /// Makes the commit of the request, byte for byte the same at each repeat, and pushes it by compare-and-swap.
  func push(_ request: RevertRequest) async throws(GitError) -> RevertOutcome
}

/// A commit that restores files, fully determined by its fields.
package struct RevertRequest: Hashable, Sendable, Codable {
  /// The head it is made on; the push succeeds only while the branch is still there.
  package let parent: CommitID
  /// Paths and the blobs they shall hold; `nil` removes the path.
  package let files: [RepositoryPath: BlobID?]
  package let message: String
  /// Seconds since 1970, for author and committer.
  package let time: Int64

  package init(parent: CommitID, files: [RepositoryPath: BlobID?], message: String, time: Int64) {
    self.parent = parent
    self.files = files
    self.message = message
    self.time = time
  }
}

/// How a push ended.
package enum RevertOutcome: Hashable, Sendable, Codable {
  /// The branch is at this commit now, or was already.
  case pushed(CommitID)
  /// Someone else moved the branch: decide again on the new head.
  case headMoved(CommitID)
}

/// What went wrong with Git, and what to do.
package struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case unreachable, authentication, notFound, tooLarge, corrupt, unsupported, refused, failed
  }

  package let code: Code
  /// What happened and what to do, in one line; never holds credentials.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
