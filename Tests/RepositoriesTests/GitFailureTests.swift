import Domain
import Testing

@testable import Repositories

@Suite struct `A failure of git` {
  // Messages as git 2.39, OpenSSH 9.2 and libcurl 7.88 print them.
  @Test(arguments: [
    ("fatal: repository 'https://h/x.git/' not found", GitError.Code.notFound, "check the address"),
    (
      "fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from remote repository.\n\n"
        + "Please make sure you have the correct access rights\nand the repository exists.", .notFound, "/srv/x"
    ),
    ("fatal: could not read Username for 'https://h': terminal prompts disabled", .authentication, "credential"),
    (
      "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/x.git/'", .authentication, "token"
    ),
    (
      "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", .authentication, "SSH key"
    ),
    ("Host key verification failed.\nfatal: Could not read from remote repository.", .authentication, "known_hosts"),
    ("fatal: unable to access 'https://h/': Could not resolve host: h", .unreachable, "Could not resolve host"),
    ("fatal: unable to access 'https://h/': The requested URL returned error: 503", .unreachable, "503"),
    (
      "ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.",
      .unreachable,
      "Connection timed out"
    ),
    (
      "fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate", .unreachable,
      "GIT_SSL_CAINFO"
    ),
    ("fatal: detected dubious ownership in repository at '/srv/x'", .refused, "safe.directory"),
    ("Receiving objects:  10% (1/10)\rfatal: write error: No space left on device", .failed, "free space"),
    ("fatal: mismatched algorithms: client sha1; server sha256", .unsupported, "SHA-1"),
    (
      "error: inflate: data stream error (incorrect header check)\nfatal: loose object x is corrupt", .corrupt,
      "git fsck"
    ),
    ("something new", .failed, "something new"), ("", .failed, "status 128"),
  ])
  func `is told by its message`(errors: String, code: GitError.Code, words: String) {
    let error = GitFailure(status: 128, errors: errors, remote: "REMOTE").error
    #expect(error.code == code)
    #expect(error.message.contains(words), "\(error)")
    #expect(error.message.hasPrefix("REMOTE: "))
    #expect(!error.message.contains("\n"))
  }

  @Test func `is not told by words of the address`() {
    let remote = "https://h/corrupt-certificate-not found"
    let error = GitFailure(status: 128, errors: "fatal: \(remote) is odd", remote: remote).error
    #expect(error.code == .failed)
  }

  @Test(arguments: [
    ("https://user:pass@h/x.git", "https://h/x.git"), ("https://token@h/x", "https://h/x"),
    ("fatal: unable to access 'https://u:p@h/x.git/': no", "fatal: unable to access 'https://h/x.git/': no"),
    ("https://u:p/a@ss@h/x", "https://h/x"), ("https://h/x?token=abc next", "https://h/x next"),
    ("ssh://git@h:22/x and https://a:b@c/d", "ssh://h:22/x and https://c/d"), ("git@h:x.git", "git@h:x.git"),
    ("/srv/x.git", "/srv/x.git"), ("://", "://"),
  ])
  func `never shows credentials`(text: String, shown: String) {
    #expect(GitFailure.withoutCredentials(text) == shown)
  }

  @Test(arguments: [
    ("To r\n!\tabc:refs/heads/main\t[rejected] (stale info)\nDone", PushAnswer.rejected("[rejected] (stale info)")),
    ("To r\n=\tabc:refs/heads/main\t[up to date]\nDone", .accepted), (" \tabc:refs/heads/main\ta..b\nDone", .accepted),
    ("!\tabc:refs/heads/other\t[rejected]", .none), ("", .none),
  ])
  func `is read from the answer to a push`(text: String, answer: PushAnswer) {
    #expect(PushAnswer(text, reference: "refs/heads/main") == answer)
  }
}
