import Domain
import Foundation
import Testing

@testable import Repositories

@Suite struct `A working tree` {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  @Test func `is found from a folder inside`() throws {
    let head = try fixture.commit(["specs/a.yaml": "a"])
    let repository = try LocalRepository(containing: fixture.work + "/specs")
    let root = try #require(repository.workingTree)
    #expect(
      URL(fileURLWithPath: root).resolvingSymlinksInPath()
        == URL(fileURLWithPath: fixture.work).resolvingSymlinksInPath())
    #expect(try repository.snapshot(at: "HEAD").commit == head)
    #expect(try repository.snapshot(at: "main").files(under: path("specs")).map(\.path.text) == ["specs/a.yaml"])
  }

  @Test func `is found in linked and sparse ones`() throws {
    let head = try fixture.commit(["specs/a.yaml": "a", "other/b.yaml": "b"])
    try fixture.inWork("worktree", "add", "--quiet", fixture.folder + "/linked")
    #expect(try LocalRepository(containing: fixture.folder + "/linked").snapshot(at: "HEAD").commit == head)
    try fixture.inWork("sparse-checkout", "set", "specs")
    #expect(try LocalRepository(containing: fixture.work).snapshot(at: "HEAD").files(under: .root).count == 2)
  }

  @Test func `is not found where there is none`() async throws {
    let folder = fixture.folder + "/plain"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    await expectGitError(.notFound, "not in a Git repository") { _ = try LocalRepository(containing: folder) }
    await expectGitError(.notFound, "first commit") {
      _ = try LocalRepository(containing: fixture.work).snapshot(at: "HEAD")
    }
  }

  @Test func `says that its history is cut off`() async throws {
    let first = try fixture.commit(["a.yaml": "1"])
    let second = try fixture.commit(["a.yaml": "2"])
    let shallow = fixture.folder + "/shallow"
    try fixture.run(["clone", "--quiet", "--depth=1", "file://" + fixture.remote, shallow])
    let repository = try LocalRepository(containing: shallow)
    await expectGitError(.unsupported, "--unshallow") { _ = try repository.isAncestor(first, of: second) }
  }

  @Test func `presents its files with the ids of Git`() throws {
    try fixture.write("*.log\n/venv/\n", to: ".gitignore")
    try fixture.write("kept", to: "kept.log")
    try fixture.inWork("add", "--force", "kept.log")
    _ = try fixture.commit(["a.yaml": "a", "sub/b.yaml": "b"])
    try fixture.write("changed", to: "a.yaml")
    try fixture.write("untracked", to: "sub/new.yaml")
    try fixture.write("noise", to: "noise.log")
    try fixture.write("noise", to: "venv/lib/x.py")
    symlink("/etc/passwd", fixture.work + "/link.yaml")
    symlink("/etc", fixture.work + "/sub/outside")
    #expect(mkfifo(fixture.work + "/pipe.yaml", 0o600) == 0)
    try fixture.run(["init", "--quiet", fixture.work + "/nested"])
    try fixture.write("inside", to: "nested/inside.yaml")
    let tree = WorkingTreeSnapshot(root: fixture.work, repository: try LocalRepository(containing: fixture.work))
    let files = try tree.files(under: .root)
    #expect(files.map(\.path.text) == [".gitignore", "a.yaml", "kept.log", "sub/b.yaml", "sub/new.yaml"])
    for file in files { #expect(try fixture.inWork("hash-object", file.path.text) == file.blob.text) }
    #expect(try tree.files(under: path("sub")).count == 2)
    #expect(try tree.files(under: path("sub/outside")).isEmpty)
    for text in ["link.yaml", "sub/outside/passwd", "pipe.yaml", "sub", "none"] {
      #expect(try tree.file(at: path(text)) == nil, "\(text)")
    }
  }

  @Test func `is read within limits and only as it was listed`() async throws {
    try fixture.write("content", to: "a.yaml")
    let tree = WorkingTreeSnapshot(root: fixture.work + "/")
    let file = try #require(try tree.file(at: path("a.yaml")))
    #expect(try tree.contents(of: file.blob, limit: 7) == Array("content".utf8))
    await expectGitError(.tooLarge, "a.yaml", "7 bytes") { _ = try tree.contents(of: file.blob, limit: 6) }
    await expectGitError(.notFound) { _ = try tree.contents(of: BlobID("1"), limit: 6) }
    try fixture.write("changes", to: "a.yaml")
    await expectGitError(.failed, "changed while") { _ = try tree.contents(of: file.blob, limit: 7) }
  }

  @Test func `names the folder that is not there`() async throws {
    let tree = WorkingTreeSnapshot(root: fixture.folder + "/none")
    await expectGitError(.notFound, "not a folder") { _ = try tree.file(at: path("a.yaml")) }
    let small = WorkingTreeSnapshot(root: fixture.work, limits: ListingLimits(fileCount: 3))
    for index in 0..<5 { try fixture.write("x", to: "\(index).yaml") }
    await expectGitError(.tooLarge, "more than 3 files") { _ = try small.files(under: .root) }
  }
}
