/// What an object waits for, who has to bring it, and until when.
package struct Wait: Hashable, Sendable, Codable {
  package enum Owner: String, Hashable, Sendable, Codable {
    case builder, gatekeeper, server, traffic, git, controller
    /// Nothing happens by itself: a commit or `headgate retry` is needed.
    case person
  }

  /// Such as `500 answers of release 4 at 5%`.
  package let what: String
  package let owner: Owner
  /// When the wait ends by itself and what is missing is dealt with; `nil` only when the owner is a person.
  package let until: Timestamp?

  package init(_ what: String, owner: Owner, until: Timestamp?) {
    self.what = what
    self.owner = owner
    self.until = until
  }
}
