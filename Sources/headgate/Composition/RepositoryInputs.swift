import Building
import Datasets
import Domain

/// Gives builds and gates the files of the commit a deployment was read at, and splits of its data sets.
struct RepositoryInputs: BuildInputs {
  let repository: any Repository
  let artifacts: any ArtifactStore
  let memo: any Memo
  private static let fileLimit = 4 << 30
  private static let namespace = "dataset.split"

  func file(_ path: RepositoryPath, of deployment: DesiredDeployment) async throws(StageError) -> BuildInput {
    let bytes = try await bytes(of: path, at: deployment.commit)
    return BuildInput(fileName: path.baseName, digest: .sha256(of: bytes), content: .bytes(bytes))
  }

  func split(
    _ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment
  ) async throws(StageError) -> BuildInput {
    let name = StepInput.dataset(dataset.spec.name, split: split).fileName
    let digest = try await stored(split, of: dataset, for: deployment)
    guard let path = artifacts.path(of: digest, in: .artifacts) else {
      throw StageError(
        .building, reason: "StoreFailed", "the stored split \(digest.short) has gone from the state folder",
        remedy: .retry)
    }
    return BuildInput(fileName: name, digest: digest, content: .file(path))
  }

  /// The digest of a split as CSV, written once for each data set.
  private func stored(
    _ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment
  ) async throws(StageError) -> Digest {
    var builder = DigestBuilder("headgate.split.v1")
    builder.add(dataset.digest)
    builder.add(split)
    let key = builder.finish()
    do {
      // A damaged copy is written again.
      if let known = try memo.value(of: key, in: Self.namespace).flatMap(Digest.init),
        artifacts.holds(known, in: .artifacts)
      {
        return known
      }
    } catch {
      throw StageError(.building, reason: "StoreFailed", error.message, remedy: .retry)
    }
    let bytes = try await bytes(of: dataset.spec.file, at: deployment.commit)
    let csv: [UInt8]
    do {
      csv = try Dataset(dataset.spec, bytes: bytes).split(split).csv()
    } catch {
      throw StageError(.building, reason: "DatasetFailed", "\(error)", remedy: .changeSpec)
    }
    do {
      let digest = try artifacts.put(csv, in: .artifacts)
      try memo.remember(digest.description, for: key, in: Self.namespace)
      return digest
    } catch {
      throw StageError(.building, reason: "StoreFailed", error.message, remedy: .retry)
    }
  }

  private func bytes(of path: RepositoryPath, at commit: CommitID) async throws(StageError) -> [UInt8] {
    do throws(GitError) {
      let snapshot = try await repository.snapshot(at: commit.text)
      guard let file = try snapshot.file(at: path) else {
        throw GitError(.notFound, "\(path) does not exist at commit \(commit.short)")
      }
      return try snapshot.contents(of: file.blob, limit: Self.fileLimit)
    } catch {
      let remedy: StageError.Remedy = error.code == .notFound || error.code == .tooLarge ? .changeSpec : .retry
      throw StageError(.building, reason: "FileUnreadable", error.message, remedy: remedy)
    }
  }
}
