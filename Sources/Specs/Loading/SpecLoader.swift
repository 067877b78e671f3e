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

  private var cache: [RepositoryPath: SpecFile] = [:]
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
    var current: [RepositoryPath: SpecFile] = [:]
    current.reserveCapacity(cache.count)
    for listed in files where Self.isSpec(listed.path, under: folder) {
      let spec: SpecFile
      if let cached = cache[listed.path], cached.blob == listed.blob {
        spec = cached
      } else {
        spec = SpecFile(path: listed.path, blob: listed.blob, decoded: try decode(listed, contents: contents))
        // Kept at once: should a later blob fail to be read, this work is not lost.
        cache[listed.path] = spec
      }
      current[listed.path] = spec
    }
    cache = current
    let specs = current.values.sorted { $0.path < $1.path }
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
    } catch  where error.code == .tooLarge {
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

/// A spec file of the commit. A class for the same reason as `DecodedObject`.
final class SpecFile: Sendable {
  let path: RepositoryPath
  let blob: BlobID
  let decoded: DecodedFile

  init(path: RepositoryPath, blob: BlobID, decoded: DecodedFile) {
    self.path = path
    self.blob = blob
    self.decoded = decoded
  }
}

/// A deployment with its digest, and all that the digest was computed from.
final class ResolvedDeployment: Sendable {
  let object: DecodedObject
  /// The spec file and every file the spec refers to.
  let files: [RepositoryPath: BlobID]
  let datasets: [DatasetName: DesiredObject<DatasetSpec>]
  let environment: DesiredObject<EnvironmentSpec>
  let digest: Digest

  init(
    object: DecodedObject, files: [RepositoryPath: BlobID], datasets: [DatasetName: DesiredObject<DatasetSpec>],
    environment: DesiredObject<EnvironmentSpec>, digest: Digest
  ) {
    self.object = object
    self.files = files
    self.datasets = datasets
    self.environment = environment
    self.digest = digest
  }
}
