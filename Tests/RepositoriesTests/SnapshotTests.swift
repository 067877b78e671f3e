import Domain
import Foundation
import Testing

@testable import Repositories

@Suite struct `A snapshot of a commit` {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  private func snapshot(limits: ListingLimits = ListingLimits()) async throws -> any RepositorySnapshot {
    let repository = try fixture.repository(limits: limits)
    return try await repository.snapshot(at: repository.fetchHead().text)
  }

  @Test func `lists regular files by path and with the ids of Git`() async throws {
    _ = try fixture.commit(["b.yaml": "b", "a/z.yaml": "z", "a/b/c.yaml": "c", "a.yaml": "a", "a-b.yaml": "d"])
    let files = try await snapshot().files(under: .root)
    let expected = try fixture.inWork("ls-tree", "-r", "--format=%(path) %(objectname)", "HEAD").split(separator: "\n")
    #expect(files.map { "\($0.path) \($0.blob)" } == expected.map(String.init))
    #expect(files.map(\.path.text) == ["a-b.yaml", "a.yaml", "a/b/c.yaml", "a/z.yaml", "b.yaml"])
  }

  @Test(arguments: [
    ("a", ["a/b/c.yaml", "a/z.yaml"]), ("a/b", ["a/b/c.yaml"]), ("a.yaml", []), ("nowhere/at/all", []), ("link", []),
  ])
  func `lists one folder`(folder: String, expected: [String]) async throws {
    try fixture.write("z", to: "a/z.yaml")
    symlink("a", fixture.work + "/link")
    _ = try fixture.commit(["a.yaml": "a", "a/b/c.yaml": "c"])
    #expect(try await snapshot().files(under: path(folder)).map(\.path.text) == expected)
  }

  @Test func `lists only what changed anew, and rightly`() async throws {
    var files: [String: String] = [:]
    for folder in 0..<10 { for file in 0..<5 { files["f\(folder)/\(file).yaml"] = "\(folder) \(file)" } }
    _ = try fixture.commit(files)
    let repository = try fixture.repository()
    let before = try await repository.snapshot(at: repository.fetchHead().text).files(under: .root)
    _ = try fixture.commit(["f3/2.yaml": "changed"])
    let after = try await repository.snapshot(at: repository.fetchHead().text).files(under: .root)
    #expect(before.map(\.path) == after.map(\.path))
    #expect(zip(before, after).filter { $0 != $1 }.map(\.0.path.text) == ["f3/2.yaml"])
    #expect(try after[17].blob.text == fixture.inWork("rev-parse", "HEAD:f3/2.yaml"))
  }

  @Test func `leaves out links and submodules`() async throws {
    try fixture.write("real", to: "real.yaml")
    symlink("real.yaml", fixture.work + "/link.yaml")
    symlink("/etc", fixture.work + "/outside")
    try fixture.inWork("update-index", "--add", "--cacheinfo", "160000,\(String(repeating: "1", count: 40)),sub")
    try fixture.inWork("add", "real.yaml", "link.yaml", "outside")
    try fixture.inWork("commit", "--quiet", "-m", "links")
    try fixture.inWork("push", "--quiet", fixture.remote, "HEAD:refs/heads/main")
    let snapshot = try await snapshot()
    #expect(try snapshot.files(under: .root).map(\.path.text) == ["real.yaml"])
    for text in ["link.yaml", "outside", "outside/passwd", "sub", "missing", "real.yaml/below"] {
      #expect(try snapshot.file(at: path(text)) == nil, "\(text)")
    }
    #expect(try snapshot.file(at: .root) == nil)
    #expect(try snapshot.file(at: path("real.yaml"))?.blob.text == fixture.inWork("rev-parse", "HEAD:real.yaml"))
  }

  @Test func `reads names that are odd but valid`() async throws {
    let names = [
      "a b.yaml", "-rf", "\u{1F980}.yaml", "new\nline.yaml", "quote\".yaml", "café/é.yaml", "*", "~", "%2e%2e",
    ]
    _ = try fixture.commit(Dictionary(uniqueKeysWithValues: names.map { ($0, "x") }))
    let found = try await snapshot().files(under: .root)
    #expect(Set(found.map(\.path.text)) == Set(names))
    #expect(found.map(\.path) == found.map(\.path).sorted())
  }

  @Test func `leaves out names that no file system path can have`() async throws {
    let blob = try fixture.blob("x")
    let inner = try fixture.tree([("100644", "secret.yaml", blob)])
    let tree = try fixture.tree([
      ("40000", "..", inner), ("100644", ".", blob), ("100644", "a/b.yaml", blob),
      ("100644", "ok.yaml", blob), ("40000", "../up", inner), ("100644", "ok.yaml", blob),
    ])
    let notText = try fixture.tree([
      ("100644", Array("bad-".utf8) + [0xff, 0xfe], blob), ("40000", Array("in".utf8), tree),
    ])
    try fixture.publish(tree: notText)
    // git itself would not send such a tree.
    let snapshot = try LocalRepository(containing: fixture.remote).snapshot(at: "main")
    #expect(try snapshot.files(under: .root).map(\.path.text) == ["in/ok.yaml"])
  }

  @Test func `keeps one of two names that are the same text in Unicode`() async throws {
    let blob = try fixture.blob("x")
    try fixture.publish(tree: fixture.tree([("100644", "e\u{301}.yaml", blob), ("100644", "\u{e9}.yaml", blob)]))
    #expect(try await snapshot().files(under: .root).count == 1)
  }

  @Test func `refuses folders that nest too deep`() async throws {
    var tree = try fixture.tree([("100644", "deep.yaml", fixture.blob("x"))])
    for _ in 0..<40 { tree = try fixture.tree([("40000", "d", tree)]) }
    try fixture.publish(tree: tree)
    let shallow = try await snapshot(limits: ListingLimits(depth: 39))
    await expectGitError(.tooLarge, "nest deeper than 39") { _ = try shallow.files(under: .root) }
    #expect(try await snapshot(limits: ListingLimits(depth: 40)).files(under: .root).count == 1)
  }

  @Test func `refuses a tree that multiplies itself, at once`() async throws {
    var tree = try fixture.tree([("100644", "x.yaml", fixture.blob("x"))])
    for _ in 0..<20 {
      tree = try fixture.tree((0..<10).map { ("40000", "d\($0)", tree) })
    }
    try fixture.publish(tree: tree)
    let snapshot = try await snapshot(limits: ListingLimits(fileCount: 5000))
    await expectGitError(.tooLarge, "more than 5000 files") { _ = try snapshot.files(under: .root) }
  }

  @Test func `refuses a large file without reading it`() async throws {
    let text = String(repeating: "0123456789abcdef", count: 1 << 18)
    _ = try fixture.commit(["large.bin": text])
    let snapshot = try await snapshot()
    let file = try #require(try snapshot.file(at: path("large.bin")))
    await expectGitError(.tooLarge, "4194304 bytes", "limit of 1048576") {
      _ = try snapshot.contents(of: file.blob, limit: 1 << 20)
    }
    #expect(try snapshot.contents(of: file.blob, limit: 1 << 22) == Array(text.utf8))
  }

  @Test func `reads an empty file`() async throws {
    _ = try fixture.commit(["empty.yaml": ""])
    let snapshot = try await snapshot()
    let file = try #require(try snapshot.file(at: path("empty.yaml")))
    #expect(try snapshot.contents(of: file.blob, limit: 0) == [])
  }

  @Test(arguments: ["zz", "", String(repeating: "1", count: 40), String(repeating: "1", count: 64)])
  func `does not find a blob that is none`(id: String) async throws {
    _ = try fixture.commit(["a.yaml": "x"])
    let snapshot = try await snapshot()
    await expectGitError(.notFound) { _ = try snapshot.contents(of: BlobID(id), limit: 10) }
    let tree = try fixture.inWork("rev-parse", "HEAD^{tree}")
    await expectGitError(.notFound, "not a file") { _ = try snapshot.contents(of: BlobID(tree), limit: 1000) }
  }

  @Test func `can be read from many threads at once`() async throws {
    var files: [String: String] = [:]
    for index in 0..<50 { files["f\(index % 7)/\(index).yaml"] = "text \(index)" }
    _ = try fixture.commit(files)
    let snapshot = try await snapshot()
    let texts = try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<8 {
        group.addTask {
          try snapshot.files(under: .root).map {
            try String(decoding: snapshot.contents(of: $0.blob, limit: 100), as: UTF8.self)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(texts.count == 8)
    for text in texts { #expect(Set(text) == Set(files.values)) }
  }

  @Test(arguments: ["main", "HEAD", "refs/heads/main", "v2", "light", "ID", "SHORT", "HEAD~0", "v2^{commit}"])
  func `is found by any name of its commit`(revision: String) async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    let head = try fixture.commit(["a.yaml": "two"])
    try fixture.inWork("tag", "--annotate", "-m", "second", "v2")
    try fixture.inWork("tag", "light")
    try fixture.inWork("push", "--quiet", fixture.remote, "v2", "light")
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    let text = revision == "ID" ? head.text : revision == "SHORT" ? String(head.text.prefix(8)) : revision
    #expect(try await repository.snapshot(at: text).commit == head)
  }

  @Test func `is found by a path back from the head`() async throws {
    let first = try fixture.commit(["a.yaml": "one"])
    _ = try fixture.commit(["a.yaml": "two"])
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    #expect(try await repository.snapshot(at: "HEAD~1").commit == first)
    #expect(try await repository.snapshot(at: "main^").commit == first)
  }

  @Test(arguments: ["nope", "", "HEAD~99999999", "main:a.yaml", "\u{0}", "HEAD^{tree}", ".."])
  func `is not found by what names no commit`(revision: String) async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    await expectGitError(.notFound) { _ = try await repository.snapshot(at: revision) }
  }
}
