/// Files kept by the digest of what they hold.
package protocol ArtifactStore: Sendable {
  /// Stores bytes. What is there already under their digest is read: whole, it stays; damaged, it is replaced.
  func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest
  /// Copies a file in, in the same way. With `expected`, anything of another digest is refused and nothing is kept.
  func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest
  /// The absolute path of a stored file, `nil` when it is not there. Nothing is read: whoever relies on what the file holds
  /// compares its digest.
  func path(of digest: Digest, in shelf: Shelf) -> String?
  /// Whether a file is stored and undamaged: it is read whole, piece by piece.
  func holds(_ digest: Digest, in shelf: Shelf) -> Bool
}

/// What kind of file it is, and so which folder of the state it lies in.
package enum Shelf: String, Sendable, CaseIterable {
  case artifacts, evidence, logs
}

/// What went wrong with the state folder, and what to do.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// Another controller holds the state folder.
    case locked
    case full, damaged, newerFormat, digestMismatch, tooLarge, notFound, failed
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}

extension Shelf {
  /// The file name of a digest on every shelf.
  package static func fileName(of digest: Digest) -> String { "sha256-\(digest.hex)" }
}
