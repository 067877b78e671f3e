/// Who the controller's own commits are by.
package struct CommitAuthor: Hashable, Sendable {
  package let name: String
  package let email: String

  package init(name: String, email: String) {
    self.name = name
    self.email = email
  }

  /// The author of every deployment that configures none.
  package static let headgate = CommitAuthor(name: "Headgate", email: "headgate@localhost")
}
