/// Results of pure work, kept under the digest of its inputs.
package protocol Memo: Sendable {
  /// The result recorded for a key, `nil` when there is none.
  func value(of key: Digest, in namespace: String) throws(StoreError) -> String?
  /// Records a result; the same key again replaces it.
  func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError)
}
