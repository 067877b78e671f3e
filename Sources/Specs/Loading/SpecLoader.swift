import Domain

/// Turns the files of a commit into the desired state, or every diagnostic; no I/O of its own.
///
/// A file is decoded again only when its path or its blob changed since the last load, and a deployment's digest is
/// computed again only when something it refers to changed: the cost of a load grows with what changed.
package struct SpecLoader: Sendable {
  /// The most bytes a spec file may have; ask for blobs with this limit.
  package static let largestFile = NodeLimits().bytes

  /// How many files were decoded since this loader was made: what a test of the cache counts.
  package private(set) var decodedFileCount = 0

  private struct CachedFile {
    let blob: BlobID
    let decoded: DecodedFile
  }

  private var cache: [RepositoryPath: CachedFile] = [:]
  private var resolved: [ModelName: ResolvedDeployment] = [:]

  package init() {}

  /// Loads the specs under a folder of a snapshot.
  ///
  /// - Throws: what reading the snapshot throws. A spec file that is too large is a diagnostic.
  package mutating func load(_ snapshot: any RepositorySnapshot, under folder: RepositoryPath) throws(GitError)
    -> DesiredState
  {
    try load(
      commit: snapshot.commit, files: try snapshot.files(under: folder), under: folder,
      contents: { (blob) throws(GitError) in try snapshot.contents(of: blob, limit: Self.largestFile) },
      file: { (path) throws(GitError) in try snapshot.file(at: path) })
  }

  /// Loads the specs among `files`: those whose name ends in `.yaml` or `.yml`, but none that is hidden by a dot.
  ///
  /// - Parameters:
  ///   - files: All regular files under the watched folder.
  ///   - folder: The watched folder.
  ///   - contents: Reads a blob; it may throw `tooLarge` above `largestFile`.
  ///   - file: Finds a file anywhere in the commit; asked once at most for each path outside the folder.
  /// - Throws: what the closures throw, but for `tooLarge`. The loader can be used again.
  package mutating func load(
    commit: CommitID, files: [RepositoryFile], under folder: RepositoryPath = .root,
    contents: (BlobID) throws(GitError) -> [UInt8],
    file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> DesiredState {
    var current: [RepositoryPath: CachedFile] = [:]
    var specs: [SpecFile] = []
    for listed in files where Self.isSpec(listed.path, under: folder) && current[listed.path] == nil {
      let decoded: DecodedFile
      if let cached = cache[listed.path], cached.blob == listed.blob {
        decoded = cached.decoded
      } else {
        decoded = try decode(listed, contents: contents)
        // Kept at once: should a later blob fail to be read, this work is not lost.
        cache[listed.path] = CachedFile(blob: listed.blob, decoded: decoded)
      }
      current[listed.path] = CachedFile(blob: listed.blob, decoded: decoded)
      specs.append(SpecFile(path: listed.path, blob: listed.blob, decoded: decoded))
    }
    cache = current
    specs.sort { $0.path < $1.path }
    var resolver = Resolver(commit: commit, files: files, specs: specs, known: resolved)
    let state = try resolver.resolve(file: file)
    resolved = resolver.resolved
    return state
  }

  private mutating func decode(
    _ file: RepositoryFile, contents: (BlobID) throws(GitError) -> [UInt8]
  ) throws(GitError) -> DecodedFile {
    decodedFileCount += 1
    let bytes: [UInt8]
    do {
      bytes = try contents(file.blob)
    } catch where error.code == .tooLarge {
      return .tooLarge(at: file.path, limit: Self.largestFile)
    }
    return FileDecoder.decode(SourceText(path: file.path, bytes: bytes))
  }

  /// Files such as `.pre-commit-config.yaml` and folders such as `.github` belong to other tools.
  private static func isSpec(_ path: RepositoryPath, under folder: RepositoryPath) -> Bool {
    guard path.text.hasSuffix(".yaml") || path.text.hasSuffix(".yml"), path.isWithin(folder) else { return false }
    let below = path.text.utf8.dropFirst(folder.text.utf8.count)
    var isStart = true
    for byte in below {
      if isStart, byte == UInt8(ascii: ".") { return false }
      isStart = byte == UInt8(ascii: "/")
    }
    return true
  }
}

/// A spec file of the commit.
struct SpecFile: Sendable {
  let path: RepositoryPath
  let blob: BlobID
  let decoded: DecodedFile
}

/// A deployment with its digest, and all that the digest was computed from.
struct ResolvedDeployment: Sendable {
  let content: Digest
  /// The spec file and every file the spec refers to.
  let files: [RepositoryPath: BlobID]
  let datasets: [DatasetName: DesiredObject<DatasetSpec>]
  let environment: DesiredObject<EnvironmentSpec>
  let digest: Digest
}
