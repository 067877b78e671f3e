import CLibGit2
import Domain
import Glibc
import Synchronization

/// The files of a folder on disk, presented as a commit would: for `headgate validate PATH`.
///
/// Links and special files are left out, as are `.git`, repositories inside (submodules) and what Git ignores. A blob's id
/// is the one Git would give, so that what is unchanged since a commit has the same.
package final class WorkingTreeSnapshot: RepositorySnapshot {
  /// Stands for a commit that has not been made.
  package let commit = CommitID("working-tree")

  private let root: String
  private let repository: LocalRepository?
  private let limits: ListingLimits
  private let found: Mutex<[BlobID: RepositoryPath]>

  /// - Parameters:
  ///   - root: the folder that paths are relative to, normally `LocalRepository.workingTree`.
  ///   - repository: the one around it, for its ignore rules.
  package init(root: String, repository: LocalRepository? = nil, limits: ListingLimits = ListingLimits()) {
    LibGit2.start()
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.repository = repository
    self.limits = limits
    found = Mutex([:])
  }

  package func files(under folder: RepositoryPath) throws(GitError) -> [RepositoryFile] {
    guard try kind(of: folder) == .folder else { return [] }
    var files: [RepositoryFile] = []
    var waiting = [(folder: folder, depth: 0)]
    while let (folder, depth) = waiting.popLast() {
      guard depth <= limits.depth else {
        throw GitError(
          .tooLarge, "folders nest deeper than \(limits.depth) at \(folder.text.prefix(120)): move the specs up")
      }
      for name in try names(in: folder) {
        guard let path = RepositoryPath(name, relativeTo: folder), path.text.utf8.count <= limits.pathByteCount else {
          continue
        }
        switch entryKind(at: path) {
        case .folder:
          // A repository inside is a submodule, or someone's clone.
          guard entryKind(at: path, ".git") == .none, try !isLeftOut(path, isFolder: true) else { continue }
          waiting.append((path, depth + 1))
        case .file:
          guard try !isLeftOut(path, isFolder: false) else { continue }
          files.append(RepositoryFile(path: path, blob: try hash(path)))
        case .other, .none: continue
        }
        guard files.count + waiting.count <= limits.fileCount else {
          throw GitError(
            .tooLarge, "more than \(limits.fileCount) files under '\(folder)': name a folder that holds only the fleet")
        }
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  package func file(at path: RepositoryPath) throws(GitError) -> RepositoryFile? {
    guard try kind(of: path) == .file else { return nil }
    return RepositoryFile(path: path, blob: try hash(path))
  }

  package func contents(of blob: BlobID, limit: Int) throws(GitError) -> [UInt8] {
    guard let path = found.withLock({ $0[blob] }) else {
      throw GitError(.notFound, "no file with the id \(blob) has been seen in \(root)")
    }
    let bytes = try read(path, limit: limit)
    var oid = git_oid()
    try LibGit2.check(git_odb_hash(&oid, bytes, bytes.count, GIT_OBJECT_BLOB), "hash \(path)")
    guard oid.hex == blob.text else {
      throw GitError(.failed, "\(path) changed while it was being read: run the command again")
    }
    return bytes
  }

  private enum EntryKind {
    case file, folder, other, none
  }

  /// What lies at a path no part of which is a link.
  private func kind(of path: RepositoryPath) throws(GitError) -> EntryKind {
    var parents: [RepositoryPath] = []
    var parent = path
    while !parent.text.isEmpty {
      parent = parent.folder
      parents.append(parent)
    }
    for parent in parents.reversed() where entryKind(at: parent) != .folder {
      guard !parent.text.isEmpty else {
        throw GitError(.notFound, "\(root) is not a folder: check the path")
      }
      return .none
    }
    return entryKind(at: path)
  }

  private func entryKind(at path: RepositoryPath, _ name: String? = nil) -> EntryKind {
    var status = stat()
    let place = absolute(path) + (name.map { "/" + $0 } ?? "")
    // The root itself may be a link: the person named it.
    guard (path.text.isEmpty && name == nil ? stat(place, &status) : lstat(place, &status)) == 0 else { return .none }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  private func absolute(_ path: RepositoryPath) -> String {
    path.text.isEmpty ? root : root + "/" + path.text
  }

  private func isLeftOut(_ path: RepositoryPath, isFolder: Bool) throws(GitError) -> Bool {
    guard let repository else { return false }
    return try repository.leavesOut(path, isFolder: isFolder)
  }

  private func names(in folder: RepositoryPath) throws(GitError) -> [String] {
    guard let stream = opendir(absolute(folder)) else { throw failure("list", folder) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let name, name != ".", name != "..", name != ".git" { names.append(name) }
      guard names.count <= limits.fileCount else {
        throw GitError(.tooLarge, "more than \(limits.fileCount) files in '\(folder)': name a smaller folder")
      }
    }
    return names
  }

  private func hash(_ path: RepositoryPath) throws(GitError) -> BlobID {
    var oid = git_oid()
    guard git_odb_hashfile(&oid, absolute(path), GIT_OBJECT_BLOB) == 0 else { throw failure("read", path) }
    let blob = BlobID(oid.hex)
    found.withLock { $0[blob] = path }
    return blob
  }

  private func read(_ path: RepositoryPath, limit: Int) throws(GitError) -> [UInt8] {
    let descriptor = open(absolute(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("read", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw failure("read", path) }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw GitError(.tooLarge, "\(path) has \(size) bytes, above the limit of \(limit): keep large data out of Git")
    }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size {
        let count = Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, size - filled)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { break }
        filled += count
      }
    }
  }

  private func failure(_ doing: String, _ path: RepositoryPath) -> GitError {
    let reason = String(cString: strerror(errno))
    return GitError(.failed, "could not \(doing) \(absolute(path)): \(reason); check its permissions")
  }
}
