import Glibc

extension FileSystem {
  /// Removes a file, a link or a tree, however deep it is and whatever its names are, without following links.
  ///
  /// What cannot be removed is left for the next start.
  static func removeTree(_ path: String) {
    guard unlink(path) != 0, errno == EISDIR || errno == EPERM else { return }
    chmod(path, 0o700)
    guard let folder = TreeRemoval.list(open(path, TreeRemoval.flags)) else { return }
    defer { closedir(folder) }
    var removal = TreeRemoval(top: dirfd(folder))
    while removal.removeEntries(of: folder, orElse: { $1.flatten($0) }) { rewinddir(folder) }
    rmdir(path)
  }
}

/// How a tree is removed.
///
/// A step can nest folders deeper than a path can say (PATH_MAX), a stack can hold or descriptors can reach. So a folder
/// within the top one is emptied by moving the folders in it up into the top one: two descriptors are enough for any depth,
/// and each folder is moved once.
private struct TreeRemoval {
  let top: Int32
  /// The name that the last folder got which was moved up.
  private var freshName = 0

  init(top: Int32) {
    self.top = top
  }

  static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

  static func list(_ descriptor: Int32) -> OpaquePointer? {
    guard descriptor >= 0 else { return nil }
    if let folder = fdopendir(descriptor) { return folder }
    close(descriptor)
    return nil
  }

  /// Removes the files and empty folders in a folder.
  /// - Parameter handle: what is done with a folder that is not empty; it returns whether that led anywhere.
  /// - Returns: whether anything was done.
  mutating func removeEntries(
    of folder: OpaquePointer, orElse handle: (UnsafePointer<CChar>, inout TreeRemoval) -> Bool
  ) -> Bool {
    var isProgress = false
    while let entry = readdir(folder) {
      let isDone = withUnsafePointer(to: &entry.pointee.d_name) { field in
        // SAFETY: the system ends the name with a zero, within the field.
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) { name in
          if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return false }
          return unlinkat(dirfd(folder), name, 0) == 0 || unlinkat(dirfd(folder), name, AT_REMOVEDIR) == 0
            || handle(name, &self)
        }
      }
      isProgress = isDone || isProgress
    }
    return isProgress
  }

  /// Empties a folder of the top one, by moving its folders beside it, and removes it.
  mutating func flatten(_ name: UnsafePointer<CChar>) -> Bool {
    fchmodat(top, name, 0o700, AT_SYMLINK_NOFOLLOW)
    guard let folder = Self.list(openat(top, name, Self.flags)) else { return false }
    let isProgress = removeEntries(of: folder) { $1.lift($0, from: dirfd(folder)) }
    closedir(folder)
    return unlinkat(top, name, AT_REMOVEDIR) == 0 || isProgress
  }

  /// Moves a folder into the top one under a name that no full folder and no file has there.
  private mutating func lift(_ name: UnsafePointer<CChar>, from folder: Int32) -> Bool {
    // A folder is moved only by who may write to it, as its `..` changes.
    fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW)
    while true {
      freshName += 1
      if renameat(folder, name, top, String(freshName)) == 0 { return true }
      guard errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR else { return false }
    }
  }
}
