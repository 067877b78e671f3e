import Testing

@testable import Building

/// The logs are what pip 23.0.1 wrote for such lock files, shortened.
@Suite struct `A failure of pip` {
  private static let path = "/env/requirements.lock"

  private func reading(_ log: String) -> PipFailure? {
    let timed = log.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "2026-01-31T14:23:47,853 " + $0 }.joined(separator: "\n")
    return PipFailure(log: timed, lockFile: Self.path, name: "py.lock")
  }

  struct Final: Sendable {
    let log: String
    let words: [String]
  }

  @Test(arguments: [
    Final(
      log: """
        Downloading idna-3.4-py3-none-any.whl (61 kB)
        ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, \
        please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
            idna==3.4 from https://files.pythonhosted.org/packages/fc/34/idna-3.4-py3-none-any.whl (from -r \(path) (line 1)):
                Expected sha256 aaaa
                     Got        90b7

        Exception information:
        pip._internal.exceptions.HashMismatch: THESE PACKAGES DO NOT MATCH THE HASHES
        """,
      words: ["hash of the lock file: idna==3.4 (from py.lock (line 1)); Expected sha256 aaaa; Got 90b7: write"]),
    Final(
      log: """
        ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:
            idna>=3 from https://files.pythonhosted.org/packages/58/a2/idna-3.20-py3-none-any.whl (from -r \(path) (line 1))
        Exception information:
        """,
      words: ["not pinned with ==: idna>=3 (from py.lock (line 1))"]),
    Final(
      log: """
        ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a list of \
        those requirements along with the hashes their downloaded archives actually had.
            idna==3.4 --hash=sha256:90b7
        Exception information:
        """,
      words: ["no hash: idna==3.4 --hash=sha256:90b7: "]),
    Final(
      log: """
        Could not fetch URL https://pypi.org/simple/idnafoozzz/: 404 Client Error: Not Found for url: https://pypi.org/simple/idnafoozzz/ - skipping
        ERROR: Could not find a version that satisfies the requirement idnafoozzz==99.9 (from versions: none)
        ERROR: No matching distribution found for idnafoozzz==99.9
        Exception information:
        """,
      words: ["idnafoozzz==99.9", "no wheel of it"]),
    Final(
      log: """
        WARNING: Retrying (Retry(total=4, connect=None, read=None, redirect=None, status=None)) after connection broken by \
        'NewConnectionError: refused': /simple/idna/
        Fetched page https://pypi.org/simple/idna/ as application/vnd.pypi.simple.v1+json
        ERROR: Could not find a version that satisfies the requirement idna==99.9 (from versions: 2.0, 3.16, 3.17, 3.18, 3.19, 3.20)
        ERROR: No matching distribution found for idna==99.9
        Exception information:
        """,
      words: ["idna==99.9", "there are 3.16, 3.17, 3.18, 3.19, 3.20"]),
    Final(
      log: """
        ERROR: Invalid requirement: 'idna=3.4' (from line 1 of \(path))
        Hint: = is not a valid operator. Did you mean == ?
        Exception information:
        """,
      words: ["'idna=3.4' (from line 1 of py.lock); Hint: = is not a valid operator"]),
    Final(
      log: """
        ERROR: Invalid requirement: idna==3.4 --hash=sha25:aaaa
        __main__.py: error: Allowed hash algorithms for --hash are sha256, sha384, sha512.

        Exception information:
        """,
      words: ["idna==3.4 --hash=sha25:aaaa", "Allowed hash algorithms"]),
    Final(
      log: "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'other.txt'",
      words: ["'other.txt'", "one lock file"]),
    Final(
      log: """
        ERROR: Can't verify hashes for these requirements because we don't have a way to hash version control repositories:
            git+https://github.com/x/y (from -r \(path) (line 1))
        """,
      words: ["git+https://github.com/x/y (from py.lock (line 1))"]),
    Final(
      log: "ERROR: foo-1.0-cp27-cp27m-win32.whl is not a supported wheel on this platform.",
      words: ["foo-1.0-cp27-cp27m-win32.whl"]),
  ])
  func `that no other attempt mends names the line and the remedy`(expected: Final) throws {
    let failure = try #require(reading(expected.log))
    #expect(failure.message.hasPrefix("pip refuses py.lock: "))
    for word in expected.words { #expect(failure.message.contains(word), "\(failure.message)") }
    #expect(!failure.message.contains("\n"))
  }

  @Test(arguments: [
    "",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "ERROR: HTTP error 503 while getting https://files.pythonhosted.org/packages/idna-3.4-py3-none-any.whl",
    // An index that cannot be reached leads to the words of one that has nothing.
    """
    Could not fetch URL http://127.0.0.1:9/simple/idna/: connection error: HTTPConnectionPool(host='127.0.0.1', port=9): \
    Max retries exceeded with url: /simple/idna/ - skipping
    ERROR: Could not find a version that satisfies the requirement idna==3.4 (from versions: none)
    ERROR: No matching distribution found for idna==3.4
    Exception information:
    """,
    // So does one of two indexes.
    """
    Could not fetch URL https://one.example/simple/idna/: 404 Client Error: Not Found for url: https://one.example/simple/idna/ - skipping
    Could not fetch URL https://two.example/simple/idna/: 502 Server Error: Bad Gateway for url: https://two.example/simple/idna/ - skipping
    ERROR: Could not find a version that satisfies the requirement idna==3.4 (from versions: none)
    ERROR: No matching distribution found for idna==3.4
    """,
    // What stands in a stack trace alone is not what pip says.
    """
    Exception information:
    ERROR: Invalid requirement: 'x'
    """,
  ])
  func `that may pass by itself is none`(log: String) {
    #expect(reading(log) == nil)
  }
}
