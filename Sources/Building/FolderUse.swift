import Glibc

/// What a folder takes of its disk.
struct FolderUse: Hashable, Sendable {
  /// The blocks that are allocated: holes of sparse files take none.
  var byteCount = 0
  /// Files and folders of every kind.
  var fileCount = 0
  /// Whether folders are nested deeper than a path can say: what is in them is not counted.
  var isTooDeep = false
  private static let separator = CChar(UInt8(ascii: "/"))

  /// Sums a tree without following links.
  ///
  /// Other tasks run in between, as a tree may be large. What cannot be listed is not counted.
  /// - Parameter limit: the number of files above which the sum ends early, as it does when the task is cancelled.
  static func measured(_ root: String, fileLimit limit: Int) async -> FolderUse {
    var use = FolderUse()
    // Names are bytes: a text would repair those that are not UTF-8, and name other folders.
    var folders = [Array(root.utf8CString)]
    while let path = folders.popLast() {
      let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else {
        if errno == ENAMETOOLONG { use.isTooDeep = true }
        continue
      }
      guard let folder = fdopendir(descriptor) else {
        close(descriptor)
        continue
      }
      defer { closedir(folder) }
      while let entry = readdir(folder) {
        if let name = use.add(entry, of: descriptor) { folders.append(Array(path.dropLast()) + [separator] + name) }
        if use.fileCount > limit || Task.isCancelled { return use }
        if use.fileCount.isMultiple(of: 256) { await Task.yield() }
      }
    }
    return use
  }

  /// Counts an entry of a folder, and returns its name, with the zero at its end, when it is a folder itself.
  private mutating func add(_ entry: UnsafeMutablePointer<dirent>, of folder: Int32) -> [CChar]? {
    withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      // SAFETY: the system ends the name with a zero, within the field.
      guard let name = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
      if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return nil }
      var info = stat()
      guard fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
      fileCount += 1
      let isFolder = info.st_mode & S_IFMT == S_IFDIR
      // Each name of a file counts for its part of it, so that links to one file do not count it anew.
      byteCount += Int(info.st_blocks) * 512 / (isFolder ? 1 : max(1, Int(info.st_nlink)))
      return isFolder ? Array(UnsafeBufferPointer(start: name, count: Int(strlen(name)) + 1)) : nil
    }
  }
}
