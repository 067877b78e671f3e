import Domain
import Foundation
import Testing

@testable import Repositories

@Suite struct `The clone in the state folder` {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  @Test func `is adopted with what it holds, without the remote`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    _ = try await fixture.repository().fetchHead()
    try FileManager.default.removeItem(atPath: fixture.remote)
    let again = try fixture.repository()
    #expect(try await again.snapshot(at: "HEAD").commit == head)
  }

  @Test func `is made again after a kill while it was made`() async throws {
    let head = try fixture.commit(["a.yaml": "one"])
    let leftover = fixture.clone + ".making-99999999"
    try FileManager.default.createDirectory(atPath: leftover + "/objects", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: fixture.clone, withIntermediateDirectories: true)
    #expect(try await fixture.repository().fetchHead() == head)
    #expect(!FileManager.default.fileExists(atPath: leftover))
  }

  @Test(arguments: [
    "HEAD", "config", "refs", "objects", "every object emptied", "one object emptied", "one object removed",
  ])
  func `is made again when it is damaged`(part: String) async throws {
    let head = try fixture.commit(["a.yaml": "one", "b/c.yaml": "two"])
    _ = try await fixture.repository().fetchHead()
    let objects = try loose()
    #expect(objects.count == 5)
    switch part {
    case "every object emptied": for object in objects { try empty(object) }
    case "one object emptied": try empty(place(of: fixture.inWork("rev-parse", "HEAD:b")))
    case "one object removed":
      try FileManager.default.removeItem(atPath: place(of: fixture.inWork("rev-parse", "HEAD:b/c.yaml")))
    case "config": try Data("[core".utf8).write(to: URL(fileURLWithPath: fixture.clone + "/config"))
    default: try FileManager.default.removeItem(atPath: fixture.clone + "/" + part)
    }
    let repository = try fixture.repository()
    #expect(try await repository.fetchHead() == head)
    #expect(try await repository.snapshot(at: "HEAD").files(under: .root).count == 2)
  }

  @Test func `loses the locks of a git that was killed`() async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    _ = try await fixture.repository().fetchHead()
    for lock in ["packed-refs.lock", "HEAD.lock", "refs/heads/main.lock"] {
      #expect(FileManager.default.createFile(atPath: fixture.clone + "/" + lock, contents: nil))
    }
    let head = try fixture.commit(["a.yaml": "two"])
    #expect(try await fixture.repository().fetchHead() == head)
  }

  @Test func `is never put over a folder of someone else`() async throws {
    try FileManager.default.createDirectory(atPath: fixture.clone, withIntermediateDirectories: true)
    let file = fixture.clone + "/precious"
    #expect(FileManager.default.createFile(atPath: file, contents: Data("x".utf8)))
    await expectGitError(.refused, "not made by Headgate", "move it away") { _ = try fixture.repository() }
    #expect(FileManager.default.fileExists(atPath: file))
  }

  @Test func `follows another branch when it is opened for one`() async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    _ = try await fixture.repository().fetchHead()
    try fixture.write("two", to: "a.yaml")
    let other = try fixture.commit(branch: "other")
    let repository = try fixture.repository(branch: "other")
    #expect(try await repository.fetchHead() == other)
    #expect(try await repository.snapshot(at: "HEAD").commit == other)
  }

  @Test func `follows a branch whose name the old one forbids`() async throws {
    let old = try fixture.commit(["a.yaml": "one"])
    _ = try await fixture.repository().fetchHead()
    try fixture.inRemote("update-ref", "-d", "refs/heads/main")
    try fixture.write("two", to: "a.yaml")
    let head = try fixture.commit(branch: "main/next")
    let repository = try fixture.repository(branch: "main/next")
    #expect(try await repository.fetchHead() == head)
    #expect(try await repository.snapshot(at: old.text).commit == old)
  }

  @Test func `is told to be gone, and is back after a restart`() async throws {
    _ = try fixture.commit(["a.yaml": "one"])
    let repository = try fixture.repository()
    _ = try await repository.fetchHead()
    try FileManager.default.removeItem(atPath: fixture.clone)
    let head = try fixture.commit(["a.yaml": "two"])
    await expectGitError(.corrupt, fixture.clone, "restart") { _ = try await repository.fetchHead() }
    #expect(try await fixture.repository().fetchHead() == head)
  }

  private func loose() throws -> [String] {
    let objects = fixture.clone + "/objects"
    return try FileManager.default.subpathsOfDirectory(atPath: objects).filter {
      $0.split(separator: "/").last?.count == 38
    }
    .map { objects + "/" + $0 }
  }

  private func place(of object: String) -> String {
    fixture.clone + "/objects/" + object.prefix(2) + "/" + object.dropFirst(2)
  }

  private func empty(_ file: String) throws {
    chmod(file, 0o644)
    #expect(truncate(file, 0) == 0)
  }
}
