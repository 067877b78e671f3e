import Domain
import FoundationEssentials
import Glibc

/// The bare clone in the state folder: made, adopted or mended when a repository is opened.
///
/// Everything in it comes from the remote, so a damaged one is thrown away and made again, but only where a mark shows
/// that it is ours. It is made beside its place and renamed: a kill leaves none half made.
struct CloneFolder {
  private static let mark = "headgate-clone"

  let path: String
  let branch: String

  /// The clone, ready to be read and fetched into.
  func prepare() throws(GitError) -> ObjectReader {
    removeLeftovers()
    if exists(path) {
      guard exists(path + "/" + Self.mark) || isEmptyFolder(path) else {
        throw GitError(.refused, "\(path) was not made by Headgate: move it away, or choose another state folder")
      }
      removeLocks()
      do throws(GitError) {
        return try adopt()
      } catch  where error.code == .refused {
        throw error
      } catch {
        try remove(path)
      }
    }
    try make()
    return try ObjectReader(opening: path)
  }

  /// Opens the clone and proves that its head is all there.
  private func adopt() throws(GitError) -> ObjectReader {
    let objects = try ObjectReader(opening: path)
    try objects.setHead(toBranch: branch)
    guard let head = try objects.reference("refs/heads/\(branch)") else { return objects }
    let tree = try objects.tree(of: head)
    let files: [RepositoryFile]
    do throws(GitError) {
      files = try objects.files(under: .root, of: tree, limits: ListingLimits())
    } catch  where error.code == .tooLarge {
      // A repository beyond the limits is no damage; who reads it will be told.
      return objects
    }
    for file in files where !objects.exists(file.blob) {
      throw GitError(.corrupt, "the clone at \(path) has lost the file \(file.path)")
    }
    return objects
  }

  private func make() throws(GitError) {
    let making = "\(path).making-\(getpid())"
    try createFolder(folder(of: path))
    _ = try RepositoryHandle(makingBareAt: making, branch: branch)
    let descriptor = open(making + "/" + Self.mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("write in \(making)") }
    close(descriptor)
    guard rename(making, path) == 0 else { throw failure("put the clone at \(path)") }
  }

  /// Removes clones that a kill left half made.
  private func removeLeftovers() {
    let name = String(path.split(separator: "/").last ?? "")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: path))) ?? []
    for leftover in names where leftover.hasPrefix(name + ".making-") {
      try? FileManager.default.removeItem(atPath: folder(of: path) + "/" + leftover)
    }
  }

  /// Removes what a killed git leaves behind. Only one controller uses a state folder, so no living one owns them.
  private func removeLocks() {
    for name in ["HEAD.lock", "packed-refs.lock", "config.lock", "shallow.lock"] {
      unlink(path + "/" + name)
    }
    removeFiles(under: path + "/refs", depth: 16) { $0.hasSuffix(".lock") }
    removeFiles(under: path + "/objects", depth: 1) { $0.hasPrefix("tmp_") }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path + "/objects")) ?? []
    where name.hasPrefix("tmp_objdir-") || name.hasPrefix("incoming-") {
      try? FileManager.default.removeItem(atPath: path + "/objects/" + name)
    }
  }

  private func removeFiles(under folder: String, depth: Int, where matches: (String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let item = folder + "/" + name
      if matches(name) {
        unlink(item)
      } else if depth > 0, isFolder(item) {
        removeFiles(under: item, depth: depth - 1, where: matches)
      }
    }
  }

  private func createFolder(_ path: String) throws(GitError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw failure("make the folder \(path)")
    }
  }

  private func remove(_ path: String) throws(GitError) {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw failure("remove the damaged clone at \(path)")
    }
  }

  private func folder(of path: String) -> String {
    let end = path.lastIndex(of: "/") ?? path.startIndex
    return end == path.startIndex ? (path.hasPrefix("/") ? "/" : ".") : String(path[..<end])
  }

  private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func isEmptyFolder(_ path: String) -> Bool {
    (try? FileManager.default.contentsOfDirectory(atPath: path))?.isEmpty == true
  }

  private func failure(_ doing: String) -> GitError {
    let reason = errno == 0 ? "unknown error" : String(cString: strerror(errno))
    return GitError(.failed, "could not \(doing): \(reason); check the state folder's permissions and free space")
  }
}
