import Domain
import FoundationEssentials
import Glibc

/// Files in folders of the state, each under the digest of what it holds.
///
/// A file appears whole or not at all: it is written beside its place, made durable, then renamed. What an interrupted
/// write leaves behind is removed when a store is opened; files that another process is writing are left alone. A file that
/// was damaged later is replaced when its content is put again.
package struct FileArtifactStore: ArtifactStore {
  /// The largest file a shelf takes.
  package struct Limits: Hashable, Sendable {
    package var artifacts: Int
    package var evidence: Int
    package var logs: Int

    package init(artifacts: Int = 32 << 30, evidence: Int = 64 << 20, logs: Int = 256 << 20) {
      self.artifacts = artifacts
      self.evidence = evidence
      self.logs = logs
    }

    subscript(shelf: Shelf) -> Int {
      switch shelf {
      case .artifacts: artifacts
      case .evidence: evidence
      case .logs: logs
      }
    }
  }

  private let folder: StateFolder
  private let limits: Limits

  /// Makes the folders and removes what interrupted writes have left.
  package init(folder: StateFolder, limits: Limits = Limits()) throws(StoreError) {
    self.folder = folder
    self.limits = limits
    for shelf in Shelf.allCases {
      let path = folder.folder(of: shelf)
      do {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw StoreError(
          .failed, "could not make the folder \(path): check the permissions and space of \(folder.root)")
      }
      TemporaryFile.removeAbandoned(in: path)
    }
  }

  package func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    try check(size: bytes.count, "the given bytes", shelf)
    let digest = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
    guard !holds(digest, byteCount: bytes.count, in: shelf) else { return digest }
    let file = try TemporaryFile(in: folder.folder(of: shelf))
    // SAFETY: the array stays in place for the whole of the call.
    let result = bytes.withUnsafeBytes { region in
      Result { () throws(StoreError) in try file.append(region) }
    }
    try result.get()
    try file.keep(as: Shelf.fileName(of: digest))
    return digest
  }

  /// The file is read once, as it is copied; its digest is that of the copy. What is stored already is read as well, and
  /// replaced when it is damaged. A link is not followed: what a build calls its output must not name a file outside.
  package func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    let source = try SourceFile(path)
    try check(size: source.byteCount, path, shelf)
    if let expected, holds(expected, byteCount: source.byteCount, in: shelf),
      try source.digest(limit: limits[shelf]) == expected
    {
      return expected
    }
    let file = try TemporaryFile(in: folder.folder(of: shelf))
    let digest = try file.copy(source, limit: limits[shelf])
    if let expected, digest != expected {
      throw StoreError(
        .digestMismatch,
        "\(path) has the digest \(digest), expected \(expected): correct the digest or fetch the file again")
    }
    guard !holds(digest, byteCount: source.byteCount, in: shelf) else { return digest }
    try file.keep(as: Shelf.fileName(of: digest))
    return digest
  }

  /// Whether there is a file of this name is all that is looked at: whoever reads it compares the digest.
  package func path(of digest: Digest, in shelf: Shelf) -> String? {
    let path = place(of: digest, in: shelf)
    return Self.byteCount(path) == nil ? nil : path
  }

  package func holds(_ digest: Digest, in shelf: Shelf) -> Bool { holds(digest, byteCount: nil, in: shelf) }

  /// Whether the file of this name is there and undamaged. It is read whole: our own writes leave no torn file, but disks
  /// and people change files too, and putting the content again is how such a file is mended.
  /// - Parameter byteCount: a file of another size is not read; `nil` when the size is not known.
  private func holds(_ digest: Digest, byteCount: Int?, in shelf: Shelf) -> Bool {
    do throws(StoreError) {
      let file = try SourceFile(place(of: digest, in: shelf))
      if let byteCount, file.byteCount != byteCount { return false }
      return try file.digest(limit: file.byteCount) == digest
    } catch {
      // What cannot be read is not held, whatever the reason: the rename that follows puts a new file in its place.
      return false
    }
  }

  private func place(of digest: Digest, in shelf: Shelf) -> String {
    folder.folder(of: shelf) + "/" + Shelf.fileName(of: digest)
  }

  private func check(size: Int, _ what: String, _ shelf: Shelf) throws(StoreError) {
    guard size <= limits[shelf] else {
      throw StoreError(
        .tooLarge,
        "\(what): \(size) bytes are above the limit of \(limits[shelf]) for \(shelf.rawValue): make it smaller")
    }
  }

  /// The size of a regular file that is no link.
  private static func byteCount(_ path: String) -> Int? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }
}
