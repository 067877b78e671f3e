import CLibGit2
import Domain

/// What a listing may cost. A hostile tree can name the same subtree again and again and so hold more files than atoms.
package struct ListingLimits: Hashable, Sendable {
  package var fileCount: Int
  package var depth: Int
  package var pathByteCount: Int

  package init(fileCount: Int = 200_000, depth: Int = 128, pathByteCount: Int = 4096) {
    self.fileCount = fileCount
    self.depth = depth
    self.pathByteCount = pathByteCount
  }
}

extension ObjectReader {
  /// The regular files under a folder of a tree, sorted by path.
  ///
  /// Links and submodules are left out; so are names that are no path in a file system (`..`, a slash inside), that are not
  /// UTF-8, or that differ from another only in Unicode normalisation, since a path could not say which is meant.
  func files(
    under folder: RepositoryPath, of tree: String, limits: ListingLimits
  ) throws(GitError) -> [RepositoryFile] {
    guard let root = git_oid(hex: tree) else { throw Self.notAnID(tree) }
    return try state.withLock { state throws(GitError) in
      state.listings.beginListing()
      guard let start = try state.folder(folder, of: root) else { return [] }
      var files: [RepositoryFile] = []
      var waiting: [(piece: ListingCache.Piece, depth: Int)] = [(.folder(start, folder), 0)]
      var folderCount = 0
      while let (piece, depth) = waiting.popLast() {
        switch piece {
        case .files(let found):
          files += found
        case .folder(let oid, let path):
          folderCount += 1
          guard depth <= limits.depth else {
            throw GitError(
              .tooLarge, "folders nest deeper than \(limits.depth) at \(path.text.prefix(120)): move the specs up")
          }
          for piece in try state.pieces(of: oid, at: path, limits: limits).reversed() {
            waiting.append((piece, depth + 1))
          }
        }
        guard files.count <= limits.fileCount, folderCount <= limits.fileCount else {
          throw GitError(
            .tooLarge, "more than \(limits.fileCount) files under '\(folder)': watch a folder that holds only the fleet"
          )
        }
      }
      return Self.sorted(files)
    }
  }

  /// The regular file at a path.
  func file(at path: RepositoryPath, of tree: String) throws(GitError) -> RepositoryFile? {
    guard let root = git_oid(hex: tree) else { throw Self.notAnID(tree) }
    guard !path.text.isEmpty else { return nil }
    return try state.withLock { state throws(GitError) in
      let tree = try TreeHandle(root, in: state.repository)
      guard let entry = try TreeEntryHandle(at: path.text, in: tree), entry.isRegularFile,
        let oid = git_tree_entry_id(entry.pointer)?.pointee
      else { return nil }
      return RepositoryFile(path: path, blob: BlobID(oid.hex))
    }
  }

  /// Git's order of bytes is the order of paths but for text beyond ASCII and hostile trees; only those pay for a sort.
  private static func sorted(_ files: [RepositoryFile]) -> [RepositoryFile] {
    guard !zip(files, files.dropFirst()).allSatisfy({ $0.path < $1.path }) else { return files }
    var kept: [RepositoryFile] = []
    for file in files.sorted(by: { $0.path < $1.path }) where kept.last?.path != file.path {
      kept.append(file)
    }
    return kept
  }
}

extension TreeEntryHandle {
  var isRegularFile: Bool { Self.isRegularFile(git_tree_entry_filemode(pointer)) }

  static func isRegularFile(_ mode: git_filemode_t) -> Bool {
    mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE
  }
}

extension ObjectReader.State {
  /// The tree of a folder below another, `nil` when there is no such folder.
  fileprivate func folder(_ folder: RepositoryPath, of root: git_oid) throws(GitError) -> git_oid? {
    let tree = try TreeHandle(root, in: repository)
    guard !folder.text.isEmpty else { return root }
    guard let entry = try TreeEntryHandle(at: folder.text, in: tree),
      git_tree_entry_filemode(entry.pointer) == GIT_FILEMODE_TREE
    else { return nil }
    return git_tree_entry_id(entry.pointer)?.pointee
  }

  /// What one folder holds, read once per tree and place.
  fileprivate mutating func pieces(
    of oid: git_oid, at folder: RepositoryPath, limits: ListingLimits
  ) throws(GitError) -> [ListingCache.Piece] {
    let key = ListingCache.Key(tree: ObjectName(oid), folder: folder.text)
    if let known = listings.pieces(key) { return known }
    let tree = try TreeHandle(oid, in: repository)
    var pieces: [ListingCache.Piece] = []
    var files: [RepositoryFile] = []
    var fileCount = 0
    for index in 0..<git_tree_entrycount(tree.pointer) {
      guard let entry = git_tree_entry_byindex(tree.pointer, index), let id = git_tree_entry_id(entry)?.pointee,
        let path = Self.path(of: entry, in: folder, limits: limits)
      else { continue }
      let mode = git_tree_entry_filemode(entry)
      if TreeEntryHandle.isRegularFile(mode) {
        files.append(RepositoryFile(path: path, blob: BlobID(id.hex)))
        fileCount += 1
      } else if mode == GIT_FILEMODE_TREE {
        if !files.isEmpty { pieces.append(.files(files)) }
        files = []
        pieces.append(.folder(id, path))
      }
    }
    if !files.isEmpty { pieces.append(.files(files)) }
    listings.keep(pieces, count: fileCount + 1, under: key)
    return pieces
  }

  /// The path of an entry, `nil` for a name that is not one part of a path.
  private static func path(
    of entry: OpaquePointer, in folder: RepositoryPath, limits: ListingLimits
  ) -> RepositoryPath? {
    guard let bytes = git_tree_entry_name(entry), let name = String(validatingCString: bytes),
      !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/")),
      folder.text.utf8.count + name.utf8.count < limits.pathByteCount
    else { return nil }
    return RepositoryPath(name, relativeTo: folder)
  }
}
