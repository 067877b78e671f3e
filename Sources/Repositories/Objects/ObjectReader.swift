import CLibGit2
import Domain
import Synchronization

/// Reads objects of one repository in-process. libgit2 allows one thread at a time on a handle: every call holds the lock.
final class ObjectReader: Sendable {
  struct State: ~Copyable {
    let repository: RepositoryHandle
    let database: DatabaseHandle
    var listings = ListingCache()

    init(_ repository: consuming RepositoryHandle) throws(GitError) {
      database = try DatabaseHandle(of: repository)
      self.repository = repository
    }
  }

  let state: Mutex<State>

  /// Opens exactly this folder.
  init(opening path: String) throws(GitError) {
    state = Mutex(try State(RepositoryHandle(opening: path)))
  }

  /// Opens the repository that a folder lies in.
  init(containing folder: String) throws(GitError) {
    state = Mutex(try State(RepositoryHandle(containing: folder)))
  }

  /// The commit a revision names: a branch, a tag, an id or its beginning, `HEAD~1`.
  func commit(_ revision: String) throws(GitError) -> CommitID {
    guard !revision.isEmpty, revision.utf8.count <= 1024, !revision.utf8.contains(0) else {
      throw GitError(.notFound, "a revision is 1 to 1024 bytes of text: give a branch, a tag or a commit")
    }
    return try state.withLock { state throws(GitError) in
      do throws(GitError) {
        let named = try AnyObjectHandle(revision: revision, in: state.repository)
        let commit = try AnyObjectHandle(commitOf: named, revision: revision)
        guard let oid = commit.oid else { throw GitError(.corrupt, "the revision '\(revision)' has no id") }
        return CommitID(oid.hex)
      } catch  where error.code == .notFound || error.code == .corrupt {
        guard git_repository_head_unborn(state.repository.pointer) != 1 || revision != "HEAD" else {
          throw GitError(.notFound, "the branch that HEAD names has no commits yet: make a first commit")
        }
        let reason = error.message.contains("more than one") ? error.message : "no commit is named '\(revision)' here"
        throw GitError(.notFound, "\(reason); check the spelling with `git log`, or fetch it first")
      }
    }
  }

  /// The commit a full reference names, `nil` when it does not exist.
  func reference(_ name: String) throws(GitError) -> CommitID? {
    try state.withLock { state throws(GitError) in
      var oid = git_oid()
      let code = git_reference_name_to_id(&oid, state.repository.pointer, name)
      if code == GIT_ENOTFOUND.rawValue { return nil }
      try LibGit2.check(code, "read \(name)")
      return CommitID(oid.hex)
    }
  }

  /// The tree of a commit.
  func tree(of commit: CommitID) throws(GitError) -> String {
    guard let oid = git_oid(hex: commit.text) else { throw Self.notAnID(commit.text) }
    return try state.withLock { state throws(GitError) in
      guard let tree = try CommitHandle(oid, in: state.repository).tree else {
        throw GitError(.corrupt, "the commit \(commit) has no tree; check the repository with `git fsck`")
      }
      return tree.hex
    }
  }

  /// Whether one commit is another or one of its ancestors. A commit that is not here is nobody's ancestor.
  func isAncestor(_ ancestor: CommitID, of commit: CommitID) throws(GitError) -> Bool {
    if ancestor == commit { return true }
    guard var older = git_oid(hex: ancestor.text) else { throw Self.notAnID(ancestor.text) }
    guard var newer = git_oid(hex: commit.text) else { throw Self.notAnID(commit.text) }
    return try state.withLock { state throws(GitError) in
      _ = try CommitHandle(newer, in: state.repository)
      guard git_odb_exists(state.database.pointer, &older) == 1 else {
        guard git_repository_is_shallow(state.repository.pointer) != 1 else {
          throw GitError(
            .unsupported, "the history is cut off before \(ancestor.short); fetch it with `git fetch --unshallow`")
        }
        return false
      }
      let answer = git_graph_descendant_of(state.repository.pointer, &newer, &older)
      try LibGit2.check(answer, "follow the history from \(commit.short) to \(ancestor.short)")
      return answer == 1
    }
  }

  /// What a blob holds; its size is known before it is read.
  func contents(of blob: BlobID, limit: Int) throws(GitError) -> [UInt8] {
    guard var oid = git_oid(hex: blob.text) else { throw Self.notAnID(blob.text) }
    return try state.withLock { state throws(GitError) in
      var size = 0
      var type = GIT_OBJECT_INVALID
      try LibGit2.check(
        git_odb_read_header(&size, &type, state.database.pointer, &oid), "find the blob \(blob.text)")
      guard type == GIT_OBJECT_BLOB else { throw GitError(.notFound, "the object \(blob.text) is not a file") }
      guard size <= limit else {
        throw GitError(.tooLarge, "a file of \(size) bytes is above the limit of \(limit): keep large data out of Git")
      }
      let object = try RawObjectHandle(oid, in: state.database)
      let count = git_odb_object_size(object.pointer)
      guard count > 0, let data = git_odb_object_data(object.pointer) else { return [] }
      // SAFETY: the object owns `count` bytes at `data` until its handle goes at the end of this scope.
      return [UInt8](UnsafeRawBufferPointer(start: data, count: count))
    }
  }

  /// Whether a commit is here.
  func holds(_ commit: CommitID) throws(GitError) -> Bool {
    guard git_oid(hex: commit.text) != nil else { throw Self.notAnID(commit.text) }
    return exists(BlobID(commit.text))
  }

  /// Whether an object is here.
  func exists(_ blob: BlobID) -> Bool {
    guard var oid = git_oid(hex: blob.text) else { return false }
    return state.withLock { git_odb_exists($0.database.pointer, &oid) == 1 }
  }

  static func notAnID(_ text: String) -> GitError {
    GitError(.notFound, "'\(text.prefix(80))' is not the 40-digit id of a Git object")
  }
}

extension ObjectReader {
  /// Makes HEAD name a branch, so that `HEAD~1` means the watched one. The branch it named before goes, its objects stay:
  /// `a` would forbid a branch `a/b`.
  func setHead(toBranch branch: String) throws(GitError) {
    let name = "refs/heads/\(branch)"
    try state.withLock { state throws(GitError) in
      let repository = state.repository.pointer
      let head = try ReferenceHandle("HEAD", in: state.repository)
      let old = git_reference_symbolic_target(head.pointer).map { String(cString: $0) }
      guard old != name else { return }
      if let old { try LibGit2.check(git_reference_remove(repository, old), "remove \(old)") }
      try LibGit2.check(git_repository_set_head(repository, name), "make HEAD name \(branch)")
    }
  }
}
