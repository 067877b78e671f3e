import CLibGit2
import Domain

// One owner for each object of libgit2, freed when the owner goes. None may leave the lock of its `ObjectReader`.

/// An open repository.
struct RepositoryHandle: ~Copyable {
  let pointer: OpaquePointer

  /// Opens exactly this folder, bare or a working tree.
  init(opening path: String) throws(GitError) {
    pointer = try LibGit2.make("open the repository at \(path)") {
      git_repository_open_ext(&$0, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
    }
  }

  /// Opens the repository that a folder lies in.
  init(containing folder: String) throws(GitError) {
    pointer = try LibGit2.make("open the repository around \(folder)") {
      git_repository_open_ext(&$0, folder, 0, nil)
    }
  }

  /// Makes an empty bare repository whose HEAD names a branch that does not exist yet.
  init(makingBareAt path: String, branch: String) throws(GitError) {
    pointer = try LibGit2.make("make a repository at \(path)") { pointer in
      var options = git_repository_init_options()
      let code = git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
      guard code == 0 else { return code }
      options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
      return branch.withCString { name in
        options.initial_head = name
        return git_repository_init_ext(&pointer, path, &options)
      }
    }
  }

  deinit { git_repository_free(pointer) }
}

/// The object database of a repository.
struct DatabaseHandle: ~Copyable {
  let pointer: OpaquePointer

  init(of repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    pointer = try LibGit2.make("open the object database") { git_repository_odb(&$0, owner) }
  }

  deinit { git_odb_free(pointer) }
}

/// An object whole in memory.
struct RawObjectHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ oid: git_oid, in database: borrowing DatabaseHandle) throws(GitError) {
    let owner = database.pointer
    var oid = oid
    pointer = try LibGit2.make("read the object \(oid.hex)") { git_odb_read(&$0, owner, &oid) }
  }

  deinit { git_odb_object_free(pointer) }
}

/// A name for an object or for another name.
struct ReferenceHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ name: String, in repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    pointer = try LibGit2.make("read \(name)") { git_reference_lookup(&$0, owner, name) }
  }

  deinit { git_reference_free(pointer) }
}

/// A commit.
struct CommitHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ oid: git_oid, in repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    var oid = oid
    pointer = try LibGit2.make("read the commit \(oid.hex)") { git_commit_lookup(&$0, owner, &oid) }
  }

  deinit { git_commit_free(pointer) }

  var tree: git_oid? { git_commit_tree_id(pointer)?.pointee }
}

/// Any object that a revision names.
struct AnyObjectHandle: ~Copyable {
  let pointer: OpaquePointer

  init(revision: String, in repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    pointer = try LibGit2.make("find the revision '\(revision)'") { git_revparse_single(&$0, owner, revision) }
  }

  /// The commit that another object leads to.
  init(commitOf object: borrowing AnyObjectHandle, revision: String) throws(GitError) {
    let source = object.pointer
    pointer = try LibGit2.make("find a commit behind '\(revision)'") { git_object_peel(&$0, source, GIT_OBJECT_COMMIT) }
  }

  deinit { git_object_free(pointer) }

  var oid: git_oid? { git_object_id(pointer)?.pointee }
}

/// A folder of a commit.
struct TreeHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ oid: git_oid, in repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    var oid = oid
    pointer = try LibGit2.make("read the tree \(oid.hex)") { git_tree_lookup(&$0, owner, &oid) }
  }

  deinit { git_tree_free(pointer) }
}

/// One entry of a tree, found by its path.
struct TreeEntryHandle: ~Copyable {
  let pointer: OpaquePointer

  /// `nil` when nothing lies at the path.
  init?(at path: String, in tree: borrowing TreeHandle) throws(GitError) {
    var entry: OpaquePointer?
    let code = git_tree_entry_bypath(&entry, tree.pointer, path)
    if code == GIT_ENOTFOUND.rawValue { return nil }
    try LibGit2.check(code, "look up \(path)")
    guard let entry else { return nil }
    pointer = entry
  }

  deinit { git_tree_entry_free(pointer) }
}

/// A tree being made.
struct TreeBuilderHandle: ~Copyable {
  let pointer: OpaquePointer

  /// Begins with the entries of another tree, or with none.
  init(in repository: borrowing RepositoryHandle, over base: git_oid?) throws(GitError) {
    let owner = repository.pointer
    guard let base else {
      pointer = try LibGit2.make("make a tree") { git_treebuilder_new(&$0, owner, nil) }
      return
    }
    let tree = try TreeHandle(base, in: repository)
    let source = tree.pointer
    pointer = try LibGit2.make("change a tree") { git_treebuilder_new(&$0, owner, source) }
  }

  deinit { git_treebuilder_free(pointer) }
}

/// A name, an address and a time.
struct SignatureHandle: ~Copyable {
  let pointer: UnsafeMutablePointer<git_signature>

  init(_ author: CommitAuthor, time: Int64) throws(GitError) {
    var made: UnsafeMutablePointer<git_signature>?
    try LibGit2.check(
      git_signature_new(&made, author.name, author.email, time, 0), "write the author \(author.name) <\(author.email)>")
    guard let made else { throw GitError(.failed, "could not write the author of a commit") }
    pointer = made
  }

  deinit { git_signature_free(pointer) }
}

/// The list of files Git tracks in a working tree.
struct IndexHandle: ~Copyable {
  let pointer: OpaquePointer

  init(of repository: borrowing RepositoryHandle) throws(GitError) {
    let owner = repository.pointer
    pointer = try LibGit2.make("read the index") { git_repository_index(&$0, owner) }
  }

  deinit { git_index_free(pointer) }
}
