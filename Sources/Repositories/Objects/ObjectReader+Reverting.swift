import CLibGit2
import Domain

extension ObjectReader {
  /// Makes the commit of a request in the object database; the same request gives the same commit.
  ///
  /// A restored file keeps the mode it has in the parent's tree; one that is not there, or is a link there, becomes an
  /// ordinary file (100644), since the request does not say what it was.
  func makeCommit(_ request: RevertRequest, author: CommitAuthor) throws(GitError) -> CommitID {
    guard let parentID = git_oid(hex: request.parent.text) else { throw Self.notAnID(request.parent.text) }
    guard !request.message.utf8.contains(0) else { throw GitError(.refused, "a commit message cannot hold a NUL byte") }
    var changes = FolderChanges()
    for (path, blob) in request.files.sorted(by: { $0.key < $1.key }) {
      try changes.add(path, blob)
    }
    return try state.withLock { state throws(GitError) in
      let parent = try CommitHandle(parentID, in: state.repository)
      guard let base = parent.tree else {
        throw GitError(.corrupt, "the commit \(request.parent) has no tree; check the repository with `git fsck`")
      }
      let treeID = try state.writeTree(changes, over: base, isRoot: true) ?? base
      let tree = try TreeHandle(treeID, in: state.repository)
      let signature = try SignatureHandle(author, time: request.time)
      var commit = git_oid()
      var parents: [OpaquePointer?] = [parent.pointer]
      let code = git_commit_create(
        &commit, state.repository.pointer, nil, signature.pointer, signature.pointer, nil, request.message,
        tree.pointer, 1, &parents)
      try LibGit2.check(code, "make the commit that restores \(request.files.count) files")
      return CommitID(commit.hex)
    }
  }
}

/// What shall become of one folder: files by name, and the folders below.
private struct FolderChanges {
  var files: [String: BlobID?] = [:]
  var folders: [String: FolderChanges] = [:]

  mutating func add(_ path: RepositoryPath, _ blob: BlobID?) throws(GitError) {
    try add(path.text.split(separator: "/").map(String.init)[...], blob, path)
  }

  private mutating func add(_ parts: ArraySlice<String>, _ blob: BlobID?, _ path: RepositoryPath) throws(GitError) {
    guard let name = parts.first, parts.count <= 128 else {
      throw GitError(.refused, "'\(path.text.prefix(120))' is not a file that can be restored")
    }
    if parts.count == 1 {
      files[name] = .some(blob)
    } else {
      try folders[name, default: FolderChanges()].add(parts.dropFirst(), blob, path)
    }
  }
}

extension ObjectReader.State {
  /// Writes a folder with its changes and returns its id, `nil` when nothing is left in it.
  fileprivate func writeTree(
    _ changes: FolderChanges, over base: git_oid?, isRoot: Bool = false
  ) throws(GitError) -> git_oid? {
    let builder = try TreeBuilderHandle(in: repository, over: base)
    for (name, folder) in changes.folders.sorted(by: { $0.key < $1.key }) {
      let (oldID, oldMode) = builder.entry(name)
      let below = oldMode == GIT_FILEMODE_TREE ? oldID : nil
      if let tree = try writeTree(folder, over: below) {
        try builder.insert(name, tree, GIT_FILEMODE_TREE)
      } else if below != nil {
        try builder.remove(name)
      }
    }
    for (name, blob) in changes.files.sorted(by: { $0.key < $1.key }) {
      let (oldID, oldMode) = builder.entry(name)
      if let blob {
        guard let oid = git_oid(hex: blob.text) else { throw ObjectReader.notAnID(blob.text) }
        try builder.insert(name, oid, TreeEntryHandle.isRegularFile(oldMode) ? oldMode : GIT_FILEMODE_BLOB)
      } else if oldID != nil, oldMode != GIT_FILEMODE_TREE {
        // A folder of that name is someone else's: removing a file must not remove it.
        try builder.remove(name)
      }
    }
    // A root without entries is the empty tree: a revert may remove the only file.
    guard isRoot || git_treebuilder_entrycount(builder.pointer) > 0 else { return nil }
    var oid = git_oid()
    try LibGit2.check(git_treebuilder_write(&oid, builder.pointer), "write a tree")
    return oid
  }
}

extension TreeBuilderHandle {
  fileprivate func entry(_ name: String) -> (git_oid?, git_filemode_t) {
    guard let entry = git_treebuilder_get(pointer, name) else { return (nil, GIT_FILEMODE_UNREADABLE) }
    return (git_tree_entry_id(entry)?.pointee, git_tree_entry_filemode(entry))
  }

  fileprivate func insert(_ name: String, _ oid: git_oid, _ mode: git_filemode_t) throws(GitError) {
    var oid = oid
    try LibGit2.check(git_treebuilder_insert(nil, pointer, name, &oid, mode), "restore \(name)")
  }

  fileprivate func remove(_ name: String) throws(GitError) {
    try LibGit2.check(git_treebuilder_remove(pointer, name), "remove \(name)")
  }
}
