import CLibCrypto

/// A running SHA-256 (FIPS 180-4), computed by OpenSSL's libcrypto.
///
/// libgit2 brings that library to each machine anyway. A package with a copy of its own was a third of the time that the
/// first build takes.
struct SHA256 {
  private var context = Context()

  mutating func update(_ region: UnsafeRawBufferPointer) {
    if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
    // SAFETY: the region is valid for the length of the call, and read only.
    Context.check(EVP_DigestUpdate(context.pointer, region.baseAddress, region.count))
  }

  /// The 32 bytes of the digest of all that was given; more may follow.
  func finish() -> [UInt8] {
    let last = Context(copying: context)
    return [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
      // SAFETY: a digest of SHA-256 has 32 bytes.
      Context.check(EVP_DigestFinal_ex(last.pointer, bytes.baseAddress, nil))
      count = 32
    }
  }

  /// libcrypto's state.
  // SAFETY: it is changed only while one value alone refers to it.
  private final class Context: @unchecked Sendable {
    let pointer = EVP_MD_CTX_new()

    init() {
      Self.check(EVP_DigestInit_ex(pointer, Self.algorithm, nil))
    }

    init(copying other: Context) {
      Self.check(EVP_MD_CTX_copy_ex(pointer, other.pointer))
    }

    deinit {
      EVP_MD_CTX_free(pointer)
    }

    /// Found once: a search takes longer than a short digest.
    // SAFETY: it is never changed or freed.
    private nonisolated(unsafe) static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    /// A digest that was not computed must reach nobody; there is none without memory or without SHA-256.
    static func check(_ result: Int32) {
      precondition(result == 1, "libcrypto cannot compute SHA-256")
    }
  }
}
