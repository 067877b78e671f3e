import Domain
import Synchronization

/// Files by digest, in memory.
package final class InMemoryStore: ArtifactStore {
  private let shelves = Mutex<[Shelf: [Digest: [UInt8]]]>([:])

  package init() {}

  package func bytes(of digest: Digest, in shelf: Shelf) -> [UInt8]? {
    shelves.withLock { $0[shelf]?[digest] }
  }

  package func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    let digest = Digest.sha256(of: bytes)
    shelves.withLock { $0[shelf, default: [:]][digest] = bytes }
    return digest
  }

  package func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    throw StoreError(.failed, "The store in memory takes no files.")
  }

  package func path(of digest: Digest, in shelf: Shelf) -> String? {
    bytes(of: digest, in: shelf).map { _ in "/in-memory/\(Shelf.fileName(of: digest))" }
  }

  package func holds(_ digest: Digest, in shelf: Shelf) -> Bool { bytes(of: digest, in: shelf) != nil }
}
