import Domain
import Foundation
import Testing

@testable import Repositories

@Suite struct `A revert` {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  private func blob(_ revision: String, _ file: String) throws -> BlobID {
    BlobID(try fixture.inWork("rev-parse", "\(revision):\(file)"))
  }

  /// A spec and a script, changed by a second commit that also adds a file.
  private func story() throws -> (repository: GitRepository, request: RevertRequest) {
    let good = try fixture.commit(["specs/income.yaml": "good", "train/train.py": "good", "other.yaml": "mine"])
    chmod(fixture.work + "/train/train.py", 0o755)
    let bad = try fixture.commit([
      "specs/income.yaml": "bad", "train/train.py": "bad", "train/extra/deep/new.py": "new",
    ])
    let request = RevertRequest(
      parent: bad,
      files: [
        try path("specs/income.yaml"): try blob(good.text, "specs/income.yaml"),
        try path("train/train.py"): try blob(good.text, "train/train.py"),
        try path("train/extra/deep/new.py"): nil,
      ], message: "Revert income to release 2\n\nIt was too slow.\n", time: 1_700_000_000)
    return (try fixture.repository(), request)
  }

  @Test func `makes the very commit that git would make`() async throws {
    let (repository, request) = try story()
    _ = try await repository.fetchHead()
    let outcome = try await repository.push(request)
    // The same by hand: the index of the bad commit with the good files, then commit-tree.
    try fixture.inWork("checkout", "--quiet", "\(request.parent)~1", "--", "specs/income.yaml", "train/train.py")
    try fixture.inWork("update-index", "--chmod=+x", "train/train.py")
    try fixture.inWork("rm", "--quiet", "train/extra/deep/new.py")
    let tree = try fixture.inWork("write-tree")
    let file = fixture.folder + "/message"
    try Data(request.message.utf8).write(to: URL(fileURLWithPath: file))
    let expected = try fixture.inWork("commit-tree", tree, "-p", request.parent.text, "-F", file)
    #expect(outcome == .pushed(CommitID(expected)))
    #expect(try fixture.inRemote("rev-parse", "main") == expected)
    #expect(
      try fixture.inRemote("ls-tree", "-r", "--name-only", "main") == "other.yaml\nspecs/income.yaml\ntrain/train.py")
  }

  @Test func `is the same when it is repeated, even by another controller without its clone`() async throws {
    let (repository, request) = try story()
    let first = try await repository.push(request)
    #expect(try await repository.push(request) == first)
    try FileManager.default.removeItem(atPath: fixture.clone)
    let other = try fixture.repository()
    #expect(try await other.push(request) == first)
    #expect(try fixture.inRemote("rev-list", "--count", "main") == "3")
    #expect(try await .pushed(other.fetchHead()) == first)
  }

  @Test func `steps back when someone else was first`() async throws {
    let (repository, request) = try story()
    _ = try await repository.fetchHead()
    let newer = try fixture.commit(["other.yaml": "theirs"])
    #expect(try await repository.push(request) == .headMoved(newer))
    #expect(try fixture.inRemote("rev-parse", "main") == newer.text)
  }

  @Test func `counts as done when someone has built on it`() async throws {
    let (repository, request) = try story()
    let outcome = try await repository.push(request)
    try fixture.inWork("fetch", "--quiet", fixture.remote, "main")
    try fixture.inWork("reset", "--quiet", "--hard", "FETCH_HEAD")
    let newer = try fixture.commit(["other.yaml": "theirs"])
    #expect(try await repository.push(request) == outcome)
    #expect(try await repository.fetchHead() == newer)
  }

  @Test func `names the server's reason when it is refused`() async throws {
    let (repository, request) = try story()
    let hook = fixture.remote + "/hooks/pre-receive"
    try FileManager.default.createDirectory(atPath: fixture.remote + "/hooks", withIntermediateDirectories: true)
    try Data("#!/bin/sh\nexit 1\n".utf8).write(to: URL(fileURLWithPath: hook))
    chmod(hook, 0o755)
    await expectGitError(.refused, "pre-receive hook declined", "controller's account") {
      _ = try await repository.push(request)
    }
    try FileManager.default.removeItem(atPath: hook)
    #expect(try await repository.push(request) == .pushed(CommitID(fixture.inRemote("rev-parse", "main"))))
  }

  @Test func `makes an ordinary file where nothing or a link is`() async throws {
    let good = try fixture.commit(["a.yaml": "a", "tool.sh": "t"])
    let ids = (try blob(good.text, "a.yaml"), try blob(good.text, "tool.sh"))
    try FileManager.default.removeItem(atPath: fixture.work + "/a.yaml")
    symlink("/etc/passwd", fixture.work + "/a.yaml")
    try FileManager.default.removeItem(atPath: fixture.work + "/tool.sh")
    let bad = try fixture.commit(["tool.sh/now/folder.txt": "f"])
    let request = RevertRequest(
      parent: bad, files: [try path("a.yaml"): ids.0, try path("tool.sh"): ids.1], message: "Revert", time: 0)
    _ = try await fixture.repository().push(request)
    #expect(
      try fixture.inRemote("ls-tree", "-r", "main")
        == "100644 blob \(ids.0)\ta.yaml\n100644 blob \(ids.1)\ttool.sh")
  }

  @Test func `leaves a folder alone where a file is to be removed, and what is gone already`() async throws {
    let head = try fixture.commit(["a/b.yaml": "b"])
    let request = RevertRequest(
      parent: head, files: [try path("a"): nil, try path("gone"): nil, try path("a/x/y"): nil], message: "Revert",
      time: 1)
    _ = try await fixture.repository().push(request)
    #expect(try fixture.inRemote("ls-tree", "-r", "--name-only", "main") == "a/b.yaml")
  }

  @Test func `can leave an empty tree`() async throws {
    let head = try fixture.commit(["a/b.yaml": "b"])
    let request = RevertRequest(parent: head, files: [try path("a/b.yaml"): nil], message: "Revert", time: 1)
    _ = try await fixture.repository().push(request)
    #expect(try fixture.inRemote("rev-parse", "main^{tree}") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
  }

  @Test func `is refused when what it restores is not there`() async throws {
    let head = try fixture.commit(["a.yaml": "a"])
    let repository = try fixture.repository()
    let nowhere = String(repeating: "1", count: 40)
    let blobless = RevertRequest(parent: head, files: [try path("a.yaml"): BlobID(nowhere)], message: "R", time: 1)
    await #expect(throws: GitError.self) { _ = try await repository.push(blobless) }
    let parentless = RevertRequest(parent: CommitID(nowhere), files: [:], message: "R", time: 1)
    await expectGitError(.notFound) { _ = try await repository.push(parentless) }
    let hostile = RevertRequest(parent: head, files: [try path(".git/config"): nil, .root: nil], message: "R", time: 1)
    await #expect(throws: GitError.self) { _ = try await repository.push(hostile) }
    #expect(try fixture.inRemote("rev-parse", "main") == head.text)
  }
}
