import Domain
import Foundation
import Processes
import Testing

@testable import Repositories

@Suite struct `A watched branch` {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  @Test func `gives the head of the remote, and the next one when it moves`() async throws {
    let first = try fixture.commit(["a.yaml": "one"])
    let repository = try fixture.repository()
    #expect(try await repository.fetchHead() == first)
    let second = try fixture.commit(["a.yaml": "two"])
    #expect(try await repository.fetchHead() == second)
    #expect(try await repository.isAncestor(first, of: second))
    #expect(try await !repository.isAncestor(second, of: first))
  }

  @Test func `starts one git for a poll without news, also the first after a restart`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    let calls = fixture.folder + "/calls"
    let git = try fixture.script("echo \"$*\" >> '\(calls)'\nexec git \"$@\"")
    func takeCalls() throws -> [String] {
      let text = (try? String(contentsOfFile: calls, encoding: .utf8)) ?? ""
      try? FileManager.default.removeItem(atPath: calls)
      return text.split(separator: "\n").map(String.init)
    }
    let repository = try fixture.repository(git: git)
    #expect(try takeCalls() == [])
    _ = try await repository.fetchHead()
    #expect(try takeCalls().count == 2)
    for _ in 1...3 { #expect(try await repository.fetchHead() == head) }
    #expect(try takeCalls() == Array(repeating: "ls-remote -- \(fixture.remote) refs/heads/main", count: 3))
    let restarted = try fixture.repository(git: git)
    #expect(try await restarted.fetchHead() == head)
    #expect(try takeCalls().count == 1)
  }

  @Test func `follows a branch that was forced to another history`() async throws {
    let old = try fixture.commit(["a.yaml": "one"])
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    try fixture.inWork("checkout", "--quiet", "--orphan", "other")
    let forced = try fixture.commit(["a.yaml": "other"])
    #expect(try await repository.fetchHead() == forced)
    #expect(try await !repository.isAncestor(old, of: forced))
    // The champion's files are still there for a revert.
    let snapshot = try await repository.snapshot(at: old.text)
    let file = try #require(try snapshot.file(at: path("a.yaml")))
    #expect(try snapshot.contents(of: file.blob, limit: 10) == Array("one".utf8))
  }

  @Test func `is not confused by another reference that ends with its name`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    try fixture.inWork("commit", "--quiet", "--allow-empty", "-m", "aside")
    try fixture.inWork("push", "--quiet", fixture.remote, "HEAD:refs/aside/refs/heads/main")
    #expect(try await fixture.repository().fetchHead() == head)
  }

  @Test func `says that the repository is empty`() async throws {
    let repository = try fixture.repository()
    await expectGitError(.notFound, "no commits yet", "push a first commit to main") {
      _ = try await repository.fetchHead()
    }
    await expectGitError(.notFound, "no commits yet") { _ = try await repository.snapshot(at: "HEAD") }
    let head = try fixture.commit(["a.yaml": "one"])
    #expect(try await repository.fetchHead() == head)
  }

  @Test func `says which branches there are when its own is missing or goes away`() async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    await expectGitError(.notFound, "no branch trunk", "it has main") {
      _ = try await fixture.repository(branch: "trunk").fetchHead()
    }
    let repository = try fixture.repository()
    let head = try await repository.fetchHead()
    try fixture.inRemote("branch", "--move", "main", "renamed")
    await expectGitError(.notFound, "no branch main", "renamed") { _ = try await repository.fetchHead() }
    #expect(try await repository.snapshot(at: "main").commit == head)
  }

  @Test func `keeps what it has when the remote vanishes, and goes on when it is back`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    try FileManager.default.moveItem(atPath: fixture.remote, toPath: fixture.remote + ".away")
    await expectGitError(.notFound, "check the address") { _ = try await repository.fetchHead() }
    #expect(try await repository.snapshot(at: head.text).files(under: .root).count == 1)
    try FileManager.default.moveItem(atPath: fixture.remote + ".away", toPath: fixture.remote)
    #expect(try await repository.fetchHead() == head)
  }

  @Test func `opens without touching an unreachable host`() async throws {
    let repository = try fixture.repository(remote: "http://127.0.0.1:1/fleet.git")
    await expectGitError(.unreachable, "http://127.0.0.1:1/fleet.git", "check the network") {
      _ = try await repository.fetchHead()
    }
  }

  @Test func `refuses a SHA-256 repository`() async throws {
    let other = try GitFixture(remoteOptions: ["--object-format=sha256"])
    _ = try other.commit(["a.yaml": "one"])
    await expectGitError(.unsupported, "SHA-256") { _ = try await other.repository().fetchHead() }
    await expectGitError(.unsupported, "SHA-256") { _ = try LocalRepository(containing: other.work) }
  }

  @Test(arguments: ["", "-x", "a..b", "a b", "a.lock", "@{-1}", "a\u{0}b"])
  func `refuses what cannot be a branch name`(name: String) async throws {
    await expectGitError(.refused, "not a branch name") { _ = try fixture.repository(branch: name) }
  }

  @Test func `takes an address that looks like an option for an address`() async throws {
    let mark = fixture.folder + "/mark"
    let repository = try fixture.repository(remote: "--upload-pack=touch \(mark)")
    await #expect(throws: GitError.self) { _ = try await repository.fetchHead() }
    #expect(!FileManager.default.fileExists(atPath: mark))
  }

  @Test func `names the missing program`() async throws {
    await expectGitError(.failed, "install git") {
      _ = try await fixture.repository(git: fixture.folder + "/no-such-git").fetchHead()
    }
  }

  /// Only root can give a folder away; a configuration that trusts every folder is not ours to change.
  private static let canBeForeign: Bool = {
    let trusted = try? GitProgram(program: "git", remote: "", limit: .seconds(10), environment: nil).run(
      ["config", "--get-all", "safe.directory"], cancellation: Cancellation())
    return geteuid() == 0 && trusted == nil
  }()

  @Test(.enabled(if: canBeForeign))
  func `says what to do about a repository of another user`() async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    for item in [fixture.remote, fixture.work, fixture.work + "/.git"] { chown(item, 4242, 4242) }
    await expectGitError(.refused, "another user", "safe.directory") {
      _ = try await fixture.repository().fetchHead()
    }
    await expectGitError(.refused, "another user", "safe.directory") {
      _ = try LocalRepository(containing: fixture.work)
    }
  }

  @Test(.timeLimit(.minutes(10))) func `can be read while its host is silent`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    let silent = fixture.folder + "/silent"
    let git = try fixture.script("test -e '\(silent)' || exec git \"$@\"\ntouch '\(silent).now'\nexec sleep 1000")
    let repository = try fixture.repository(git: git)
    _ = try await repository.fetchHead()
    #expect(FileManager.default.createFile(atPath: silent, contents: nil))
    let poll = Task { try await repository.fetchHead() }
    try await becomesTrue { FileManager.default.fileExists(atPath: silent + ".now") }
    #expect(try await repository.snapshot(at: "HEAD").files(under: .root).count == 1)
    #expect(try await repository.isAncestor(head, of: head))
    poll.cancel()
    _ = await poll.result
  }

  @Test func `ends a peer that never answers, with all its children`() async throws {
    let children = fixture.folder + "/children"
    let git = try fixture.script("sleep 1000 & echo $! >> '\(children)'\necho $$ >> '\(children)'\ntrap '' TERM\nwait")
    let repository = try fixture.repository(limit: .seconds(5), git: git)
    await expectGitError(.unreachable, "did not answer within") { _ = try await repository.fetchHead() }
    let pids = try String(contentsOfFile: children, encoding: .utf8).split(separator: "\n").compactMap { pid_t($0) }
    #expect(pids.count == 2)
    for pid in pids { #expect(await isGone(pid)) }
  }

  @Test(.timeLimit(.minutes(10))) func `stops waiting when its task is cancelled`() async throws {
    let started = fixture.folder + "/started"
    let git = try fixture.script("echo $$ > '\(started)'\nexec sleep 1000")
    let repository = try fixture.repository(git: git)
    let poll = Task { try await repository.fetchHead() }
    try await becomesTrue { FileManager.default.fileExists(atPath: started) }
    poll.cancel()
    await expectGitError(.failed, "stopped") { _ = try await poll.value }
  }

  /// Waits until the time limit of the test cancels it.
  private func becomesTrue(_ condition: () -> Bool) async throws {
    while !condition() {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  /// A killed orphan is gone once whoever inherits it has taken note.
  private func isGone(_ pid: pid_t) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < deadline {
      let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
      if status.isEmpty || status.contains(") Z ") { return true }
      await Task.yield()
    }
    return false
  }
}
