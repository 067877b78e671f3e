import CLibGit2
import Domain

/// The repository around a folder, opened only to be read: for commands run inside a working tree.
package struct LocalRepository: Sendable {
  /// The absolute path of the working tree, without a slash at its end; `nil` for a bare repository.
  package let workingTree: String?

  let objects: ObjectReader
  private let limits: ListingLimits

  /// Finds the repository that a folder lies in.
  /// - Throws: `notFound` when the folder is in none, `refused` when it belongs to another user, `unsupported` for SHA-256.
  package init(containing folder: String, limits: ListingLimits = ListingLimits()) throws(GitError) {
    do throws(GitError) {
      objects = try ObjectReader(containing: folder)
    } catch  where error.code == .notFound {
      throw GitError(.notFound, "\(folder) is not in a Git repository: run this inside one, or make it with `git init`")
    }
    self.limits = limits
    workingTree = objects.state.withLock { state in
      git_repository_workdir(state.repository.pointer).map { path in
        let text = String(cString: path)
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
      }
    }
  }

  /// The files of a commit: a branch, a tag, an id or its beginning, `HEAD~1`.
  package func snapshot(at revision: String) throws(GitError) -> any RepositorySnapshot {
    try CommitSnapshot(objects.commit(revision), in: objects, limits: limits)
  }

  /// Whether `ancestor` is `commit` or one of its ancestors.
  package func isAncestor(_ ancestor: CommitID, of commit: CommitID) throws(GitError) -> Bool {
    try objects.isAncestor(ancestor, of: commit)
  }

  /// Whether Git is told to ignore a path of the working tree and does not track it.
  func leavesOut(_ path: RepositoryPath, isFolder: Bool) throws(GitError) -> Bool {
    try objects.state.withLock { state throws(GitError) in
      var isIgnored: Int32 = 0
      let asked = isFolder ? path.text + "/" : path.text
      try LibGit2.check(
        git_ignore_path_is_ignored(&isIgnored, state.repository.pointer, asked), "read the ignore rules")
      guard isIgnored == 1 else { return false }
      let index = try IndexHandle(of: state.repository)
      var position = 0
      let code =
        isFolder
        ? git_index_find_prefix(&position, index.pointer, path.text + "/")
        : git_index_find(&position, index.pointer, path.text)
      return code != 0
    }
  }
}
