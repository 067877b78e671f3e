import Domain
import Testing

/// What every watched branch keeps to, whatever it is made of. Each check takes one that nothing has been published to.
struct RepositoryContract {
  let repository: any Repository & WriteBack
  /// Changes files (`nil` removes one) on top of the branch, as someone else would, and returns the new head.
  let publish: ([String: String?]) async throws -> CommitID

  func followsTheBranch() async throws {
    await expectGitError(.notFound) { _ = try await repository.fetchHead() }
    let first = try await publish(["a.yaml": "one"])
    #expect(try await repository.fetchHead() == first)
    #expect(try await repository.fetchHead() == first)
    let second = try await publish(["a.yaml": "two"])
    #expect(try await repository.fetchHead() == second)
    #expect(try await repository.isAncestor(first, of: second))
    #expect(try await repository.isAncestor(second, of: second))
    #expect(try await !repository.isAncestor(second, of: first))
  }

  func showsTheFilesOfACommit() async throws {
    let first = try await publish(["specs/b.yaml": "b", "specs/a.yaml": "a", "train/t.py": "t", "specs-more.yaml": "m"])
    _ = try await repository.fetchHead()
    _ = try await publish(["specs/a.yaml": "changed", "specs/b.yaml": nil])
    _ = try await repository.fetchHead()
    let before = try await repository.snapshot(at: first.text)
    #expect(before.commit == first)
    #expect(
      try before.files(under: .root).map(\.path.text)
        == ["specs-more.yaml", "specs/a.yaml", "specs/b.yaml", "train/t.py"])
    let after = try await repository.snapshot(at: "HEAD")
    let files = try after.files(under: path("specs"))
    #expect(files.map(\.path.text) == ["specs/a.yaml"])
    let file = try #require(files.first)
    #expect(try after.file(at: path("specs/a.yaml")) == file)
    #expect(try after.contents(of: file.blob, limit: 7) == Array("changed".utf8))
    await expectGitError(.tooLarge) { _ = try after.contents(of: file.blob, limit: 6) }
    #expect(try after.file(at: path("specs")) == nil)
    #expect(try after.file(at: path("specs/b.yaml")) == nil)
    #expect(try after.files(under: path("none")).isEmpty)
    // The same content has the same id, at each commit and place.
    #expect(try before.file(at: path("train/t.py")) == after.file(at: path("train/t.py")))
    await expectGitError(.notFound) { _ = try await repository.snapshot(at: "no-such-branch") }
  }

  func revertsByCompareAndSwap() async throws {
    let good = try await publish(["a.yaml": "good", "other.yaml": "mine"])
    _ = try await repository.fetchHead()
    let bad = try await publish(["a.yaml": "bad", "new.py": "new"])
    _ = try await repository.fetchHead()
    let file = try #require(try await repository.snapshot(at: good.text).file(at: path("a.yaml")))
    let request = RevertRequest(
      parent: bad, files: [try path("a.yaml"): file.blob, try path("new.py"): nil], message: "Revert a\n", time: 1)
    let outcome = try await repository.push(request)
    guard case .pushed(let commit) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(try await repository.fetchHead() == commit)
    #expect(try await repository.isAncestor(bad, of: commit))
    let snapshot = try await repository.snapshot(at: commit.text)
    #expect(try snapshot.files(under: .root) == (await repository.snapshot(at: good.text).files(under: .root)))
    #expect(try await repository.push(request) == outcome)
    #expect(try await repository.fetchHead() == commit)
    let newer = try await publish(["other.yaml": "theirs"])
    #expect(try await repository.push(request) == outcome)
    let late = RevertRequest(parent: bad, files: [try path("a.yaml"): nil], message: "Revert b\n", time: 2)
    #expect(try await repository.push(late) == .headMoved(newer))
    #expect(try await repository.fetchHead() == newer)
  }
}

@Suite struct `A repository of Git` {
  private func contract() throws -> RepositoryContract {
    let fixture = try GitFixture()
    return RepositoryContract(repository: try fixture.repository()) { files in
      if try !fixture.inWork("ls-remote", fixture.remote, "refs/heads/main").isEmpty {
        try fixture.inWork("fetch", "--quiet", fixture.remote, "main")
        try fixture.inWork("reset", "--quiet", "--hard", "FETCH_HEAD")
      }
      for (path, text) in files {
        if let text { try fixture.write(text, to: path) } else { try fixture.inWork("rm", "--quiet", path) }
      }
      return try fixture.commit()
    }
  }

  @Test func `follows the branch`() async throws { try await contract().followsTheBranch() }
  @Test func `shows the files of a commit`() async throws { try await contract().showsTheFilesOfACommit() }
  @Test func `reverts by compare and swap`() async throws { try await contract().revertsByCompareAndSwap() }
}
