import Domain
import HeadgateRuntime

/// Files given on the command line, found by the digest of what they hold. Nothing can be stored.
struct LooseFiles: ArtifactStore {
  private var paths: [Digest: String] = [:]

  /// Reads a file for its digest.
  mutating func add(_ path: String) throws -> Digest {
    do throws(ModelFileError) {
      let bytes = try ModelBytes(path: path)
      let digest = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
      paths[digest] = path
      return digest
    } catch {
      throw Failure("\(error)")
    }
  }

  func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    throw StoreError(.failed, "files on the command line are only read")
  }

  func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    throw StoreError(.failed, "files on the command line are only read")
  }

  func path(of digest: Digest, in shelf: Shelf) -> String? {
    shelf == .artifacts ? paths[digest] : nil
  }

  func holds(_ digest: Digest, in shelf: Shelf) -> Bool {
    guard let path = path(of: digest, in: shelf), let bytes = try? ModelBytes(path: path) else { return false }
    return bytes.withUnsafeBytes { Digest.sha256(of: $0) } == digest
  }
}

/// Gives gates the files of a working tree.
struct TreeInputs: BuildInputs {
  let snapshot: any RepositorySnapshot
  private static let fileLimit = 4 << 30

  init(snapshot: any RepositorySnapshot) {
    self.snapshot = snapshot
  }

  func file(_ path: RepositoryPath, of deployment: DesiredDeployment) async throws(StageError) -> BuildInput {
    do throws(GitError) {
      guard let file = try snapshot.file(at: path) else { throw GitError(.notFound, "\(path) does not exist") }
      let bytes = try snapshot.contents(of: file.blob, limit: Self.fileLimit)
      return BuildInput(fileName: path.baseName, digest: .sha256(of: bytes), content: .bytes(bytes))
    } catch {
      throw StageError(.gating, reason: "FileUnreadable", error.message, remedy: .changeSpec)
    }
  }

  func split(
    _ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment
  ) async throws(StageError) -> BuildInput {
    throw StageError(.building, reason: "NotABuild", "gates read whole data sets, not splits", remedy: .changeSpec)
  }
}
