/// The SHA-256 digest of bytes that come in pieces: the same as of all of them at once.
package struct DigestStream {
  private var hash = SHA256()

  package init() {}

  /// Adds the next bytes.
  package mutating func add(_ region: UnsafeRawBufferPointer) {
    hash.update(region)
  }

  /// The digest of all that was added.
  package func finish() -> Digest {
    Digest(trusted: hash.finish())
  }
}
