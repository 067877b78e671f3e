import Domain

/// The files of one commit, read in-process from the object database.
struct CommitSnapshot: RepositorySnapshot {
  let commit: CommitID
  private let tree: String
  private let objects: ObjectReader
  private let limits: ListingLimits

  init(_ commit: CommitID, in objects: ObjectReader, limits: ListingLimits) throws(GitError) {
    self.commit = commit
    self.objects = objects
    self.limits = limits
    tree = try objects.tree(of: commit)
  }

  func files(under folder: RepositoryPath) throws(GitError) -> [RepositoryFile] {
    try objects.files(under: folder, of: tree, limits: limits)
  }

  func file(at path: RepositoryPath) throws(GitError) -> RepositoryFile? {
    try objects.file(at: path, of: tree)
  }

  func contents(of blob: BlobID, limit: Int) throws(GitError) -> [UInt8] {
    try objects.contents(of: blob, limit: limit)
  }
}
