import Domain
import Processes

/// What the `git` program's failure means, told from its messages, and what to do.
struct GitFailure {
  let status: Int32
  let errors: String
  /// As shown in messages.
  let remote: String

  init(status: Int32, errors: String, remote: String) {
    self.status = status
    self.errors = errors
    self.remote = remote
  }

  init(_ ending: ProcessEnding, remote: String) {
    self.init(
      status: ending.shellStatus, errors: String(decoding: ending.standardError, as: UTF8.self), remote: remote)
  }

  var error: GitError {
    // The address may hold any word of the table.
    let text = errors.replacing(remote, with: "").lowercased()
    for (signs, code, remedy) in Self.table where signs.contains(where: text.contains) {
      return GitError(code, "\(remote): \(reason); \(remedy)")
    }
    return GitError(.failed, "\(remote): \(reason); try the same by hand with `git ls-remote`")
  }

  /// The first row with a sign in the text is taken: causes stand before what they bring about.
  private static let table: [(signs: [String], code: GitError.Code, remedy: String)] = [
    (["no space left on device", "disk quota exceeded"], .failed, "free space on the disk of the state folder"),
    (
      ["dubious ownership", "unsafe repository"], .refused,
      "the folder belongs to another user: run as its owner, or allow it with "
        + "`git config --global --add safe.directory FOLDER`"
    ),
    (["host key verification failed"], .authentication, "add the host to ~/.ssh/known_hosts"),
    (
      [
        "authentication failed", "could not read username", "could not read password", "terminal prompts disabled",
        "permission denied (", "access denied", "returned error: 401", "returned error: 403", "invalid username",
      ], .authentication, "give this user credentials for it (a credential helper, a token or an SSH key)"
    ),
    (
      ["mismatched algorithms", "unknown object format"], .unsupported,
      "SHA-256 repositories are not supported; use a SHA-1 repository"
    ),
    (
      ["certificate", "ssl routines", "gnutls"], .unreachable,
      "check the certificate authorities git trusts (GIT_SSL_CAINFO)"
    ),
    (
      [
        "could not resolve", "connection refused", "connection timed out", "operation timed out", "failed to connect",
        "network is unreachable", "no route to host", "connection reset", "connection closed", "returned error: 5",
        "early eof", "unexpected disconnect", "couldn't connect", "unable to connect", "empty reply",
      ], .unreachable, "check the network, the host and the proxy"
    ),
    (
      [
        "does not appear to be a git repository", "repository not found", "not found", "no such file or directory",
        "does not exist", "couldn't find remote ref", "returned error: 404", "not a git repository",
      ], .notFound, "check the address and the branch"
    ),
    (["permission denied"], .refused, "give this user the right to read it"),
    (
      [
        "bad object", "corrupt", "missing blob", "missing tree", "missing commit", "did not send all necessary objects",
        "unresolved deltas", "bad tree", "inflate:",
      ], .corrupt, "check the repository with `git fsck`"
    ),
    (
      ["remote end hung up", "could not read from remote", "protocol error"], .unreachable,
      "check the network, the host and the proxy"
    ),
  ]

  /// The line that says most: what git or SSH said first that is not progress.
  private var reason: String {
    let lines = errors.split(whereSeparator: \.isNewline).map(Self.trimmed).filter {
      !$0.isEmpty && !Self.isProgress($0)
    }
    let fatal = lines.filter { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") || $0.hasPrefix("ERROR: ") }
    let generic = "could not read from remote repository"
    let line =
      fatal.first { !$0.lowercased().contains(generic) } ?? lines.first { !$0.lowercased().contains(generic) }
      ?? fatal.first ?? "git ended with status \(status) and no message"
    let words = line.split(separator: " ", maxSplits: 1)
    let bare =
      words.count == 2 && ["fatal:", "error:", "ERROR:", "remote:"].contains(words[0]) ? String(words[1]) : line
    return Self.withoutCredentials(String(bare.prefix(400)))
  }

  private static func trimmed(_ line: Substring) -> String {
    var line = line
    while line.last?.isWhitespace == true || line.last == "." { line.removeLast() }
    while line.first?.isWhitespace == true { line.removeFirst() }
    return String(line)
  }

  private static func isProgress(_ line: String) -> Bool {
    let line = line.hasPrefix("remote: ") ? String(line.dropFirst(8)) : line
    return ["Enumerating ", "Counting ", "Compressing ", "Receiving ", "Resolving ", "Writing ", "Total ", "warning: "]
      .contains(where: line.hasPrefix)
  }

  /// The text with the user part and the query of every URL in it taken out.
  static func withoutCredentials(_ text: String) -> String {
    var kept = ""
    var rest = Substring(text)
    while let mark = rest.firstRange(of: "://") {
      kept += rest[..<mark.upperBound]
      rest = rest[mark.upperBound...]
      let end = rest.firstIndex { $0.isWhitespace || $0 == "'" || $0 == "\"" } ?? rest.endIndex
      var address = rest[..<end]
      // A password may hold a slash or an `@` that someone forgot to escape: everything up to the last `@` goes.
      if let at = address.lastIndex(of: "@") { address = address[address.index(after: at)...] }
      if let query = address.firstIndex(where: { $0 == "?" || $0 == "#" }) { address = address[..<query] }
      kept += address
      rest = rest[end...]
    }
    return kept + rest
  }
}
