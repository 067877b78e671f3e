/// Hashes a sequence of fields so that no two different sequences give the same bytes: each field is
/// preceded by its length.
package struct DigestBuilder {
  private var hash = SHA256()

  /// Starts a digest of one purpose; the purpose keeps digests of different things apart.
  package init(_ purpose: String) {
    add(purpose)
  }

  /// Adds the UTF-8 bytes of a text.
  package mutating func add(_ text: String) {
    add(bytes: Array(text.utf8))
  }

  /// Adds another digest.
  package mutating func add(_ digest: Digest) {
    add(bytes: digest.bytes)
  }

  /// Adds bytes.
  package mutating func add(bytes: [UInt8]) {
    var length = UInt64(bytes.count).littleEndian
    withUnsafeBytes(of: &length) { hash.update($0) }
    bytes.withUnsafeBytes { hash.update($0) }
  }

  /// The digest of all that was added.
  package func finish() -> Digest {
    Digest(trusted: hash.finish())
  }
}
