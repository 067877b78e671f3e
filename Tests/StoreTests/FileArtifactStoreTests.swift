import Domain
import Foundation
import Testing

@testable import Store

@Suite struct `The store of files by digest` {
  let state = TemporaryState()

  private func store(_ limits: FileArtifactStore.Limits = FileArtifactStore.Limits()) throws -> FileArtifactStore {
    try FileArtifactStore(folder: state.folder, limits: limits)
  }

  private func file(_ text: String, name: String = "source") throws -> String {
    let path = state.folder.root + "/" + name
    try FileManager.default.createDirectory(atPath: state.folder.root, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func text(_ digest: Digest, in shelf: Shelf, of store: FileArtifactStore) throws -> String {
    try String(contentsOfFile: try #require(store.path(of: digest, in: shelf)), encoding: .utf8)
  }

  private func names(in shelf: Shelf) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: state.folder.folder(of: shelf)).sorted()
  }

  // The digests are those of FIPS 180-2, B.1, and of the empty message.
  @Test(arguments: Shelf.allCases)
  func `keeps bytes under the name of their digest`(shelf: Shelf) throws {
    let store = try store()
    let digest = try store.put(Array("abc".utf8), in: shelf)
    #expect(digest.description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try names(in: shelf) == ["sha256-ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"])
    #expect(store.path(of: digest, in: shelf) == state.folder.folder(of: shelf) + "/" + Shelf.fileName(of: digest))
    #expect(try text(digest, in: shelf, of: store) == "abc")
    let empty = try store.put([], in: shelf)
    #expect(empty.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(try text(empty, in: shelf, of: store).isEmpty)
    for other in Shelf.allCases where other != shelf { #expect(store.path(of: digest, in: other) == nil) }
  }

  @Test func `copies a file in, and again without a change`() throws {
    let store = try store()
    let text = String(repeating: "0123456789", count: 300_000)
    let source = try file(text)
    let digest = try store.put(fileAt: source, expected: nil, in: .artifacts)
    #expect(digest == Digest.sha256(of: text))
    let place = try #require(store.path(of: digest, in: .artifacts))
    let inode = try FileManager.default.attributesOfItem(atPath: place)[.systemFileNumber] as? Int
    #expect(try store.put(fileAt: source, expected: digest, in: .artifacts) == digest)
    #expect(try store.put(fileAt: source, expected: nil, in: .artifacts) == digest)
    #expect(try store.put(Array(text.utf8), in: .artifacts) == digest)
    #expect(try FileManager.default.attributesOfItem(atPath: place)[.systemFileNumber] as? Int == inode)
    #expect(try names(in: .artifacts).count == 1)
    // What is stored does not follow its source.
    _ = try file("changed")
    #expect(try self.text(digest, in: .artifacts, of: store) == text)
  }

  @Test func `keeps nothing of another digest than expected`() throws {
    let store = try store()
    let expected = Digest.sha256(of: "other")
    let source = try file("this")
    expectStoreError(.digestMismatch, "\(Digest.sha256(of: "this"))", "expected \(expected)") {
      _ = try store.put(fileAt: source, expected: expected, in: .artifacts)
    }
    #expect(try names(in: .artifacts).isEmpty)
    // Also when the expected content is there already, and of the same size.
    _ = try store.put(Array("that".utf8), in: .artifacts)
    expectStoreError(.digestMismatch) {
      _ = try store.put(fileAt: source, expected: Digest.sha256(of: "that"), in: .artifacts)
    }
    #expect(try names(in: .artifacts).count == 1)
  }

  @Test func `refuses what is above a shelf's limit`() throws {
    let store = try store(FileArtifactStore.Limits(artifacts: 4, evidence: 3))
    let source = try file("12345")
    expectStoreError(.tooLarge, "limit of 4") { _ = try store.put(fileAt: source, expected: nil, in: .artifacts) }
    expectStoreError(.tooLarge, "limit of 3") { _ = try store.put(Array("1234".utf8), in: .evidence) }
    _ = try store.put(Array("1234".utf8), in: .artifacts)
    for shelf in [Shelf.evidence, .logs] { #expect(try names(in: shelf).isEmpty) }
  }

  @Test(arguments: ["link", "pipe", "folder", "missing", "device"])
  func `takes only a regular file`(kind: String) throws {
    let store = try store()
    let path = state.folder.root + "/" + kind
    switch kind {
    case "link": symlink("/etc/passwd", path)
    case "pipe": mkfifo(path, 0o600)
    case "folder": mkdir(path, 0o700)
    default: break
    }
    expectStoreError(kind == "missing" ? .notFound : .failed) {
      _ = try store.put(fileAt: kind == "device" ? "/dev/zero" : path, expected: nil, in: .artifacts)
    }
    #expect(try names(in: .artifacts).isEmpty)
  }

  @Test func `removes what killed writers left, and nothing else`() throws {
    let store = try store()
    let kept = try store.put(Array("kept".utf8), in: .artifacts)
    let folder = state.folder.folder(of: .artifacts)
    let left = folder + "/.writing-4194305-1"
    try Data("half a mod".utf8).write(to: URL(fileURLWithPath: left))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/note"))
    do {
      // A live writer of another process: its lock is its own.
      let live = try TemporaryFile(in: folder)
      #expect(try names(in: .artifacts).filter { $0.hasPrefix(".writing-") }.count == 2)
      _ = try self.store()
      #expect(!FileManager.default.fileExists(atPath: left))
      #expect(try names(in: .artifacts).filter { $0.hasPrefix(".writing-") }.count == 1)
      try live.keep(as: "made")
    }
    #expect(try names(in: .artifacts) == ["made", "note", Shelf.fileName(of: kept)])
  }

  @Test(arguments: ["CONTENT", "con", "content and more", ""])
  func `holds a file only while it is there and undamaged`(damaged: String) throws {
    let store = try store()
    let digest = try store.put(Array("content".utf8), in: .artifacts)
    #expect(store.holds(digest, in: .artifacts))
    #expect(!store.holds(digest, in: .logs))
    let place = try #require(store.path(of: digest, in: .artifacts))
    try replace(place, by: damaged)
    #expect(!store.holds(digest, in: .artifacts))
    try FileManager.default.removeItem(atPath: place)
    #expect(!store.holds(digest, in: .artifacts))
  }

  private func replace(_ place: String, by text: String) throws {
    try FileManager.default.removeItem(atPath: place)
    try Data(text.utf8).write(to: URL(fileURLWithPath: place))
  }

  enum Way: CaseIterable { case bytes, file, expectedFile }

  @Test(arguments: Way.allCases, ["CONTENT", "con", "content and more", ""])
  func `replaces a damaged file by what is put again`(way: Way, damaged: String) throws {
    let store = try store()
    let source = try file("content")
    let digest = try store.put(fileAt: source, expected: nil, in: .artifacts)
    let place = try #require(store.path(of: digest, in: .artifacts))
    try replace(place, by: damaged)
    // Whoever reads the damaged file goes on reading it: it is not written to.
    let reader = try FileHandle(forReadingFrom: URL(fileURLWithPath: place))
    switch way {
    case .bytes: #expect(try store.put(Array("content".utf8), in: .artifacts) == digest)
    case .file: #expect(try store.put(fileAt: source, expected: nil, in: .artifacts) == digest)
    case .expectedFile: #expect(try store.put(fileAt: source, expected: digest, in: .artifacts) == digest)
    }
    #expect(try text(digest, in: .artifacts, of: store) == "content")
    #expect(try reader.readToEnd() ?? Data() == Data(damaged.utf8))
    #expect(try names(in: .artifacts) == [Shelf.fileName(of: digest)])
  }

  @Test(arguments: Way.allCases)
  func `puts the file itself where a link was laid`(way: Way) throws {
    let store = try store()
    let source = try file("content")
    let digest = Digest.sha256(of: "content")
    symlink(source, state.folder.folder(of: .artifacts) + "/" + Shelf.fileName(of: digest))
    switch way {
    case .bytes: _ = try store.put(Array("content".utf8), in: .artifacts)
    case .file: _ = try store.put(fileAt: source, expected: nil, in: .artifacts)
    case .expectedFile: _ = try store.put(fileAt: source, expected: digest, in: .artifacts)
    }
    #expect(store.path(of: digest, in: .artifacts) != nil)
    #expect(try text(digest, in: .artifacts, of: store) == "content")
  }

  @Test func `knows nothing of what is not there, or is a link`() throws {
    let store = try store()
    #expect(store.path(of: Samples.digest, in: .logs) == nil)
    #expect(!store.holds(Samples.digest, in: .logs))
    let source = try file("content")
    let digest = Digest.sha256(of: "content")
    symlink(source, state.folder.folder(of: .logs) + "/" + Shelf.fileName(of: digest))
    #expect(store.path(of: digest, in: .logs) == nil)
    #expect(!store.holds(digest, in: .logs))
  }

  @Test func `takes the same content from many writers at once`() async throws {
    let store = try store()
    let text = String(repeating: "x", count: 100_000)
    let source = try file(text)
    let digests = try await withThrowingTaskGroup(of: Digest.self) { group in
      for index in 0..<16 {
        group.addTask {
          if index % 2 == 0 { return try store.put(Array(text.utf8), in: .artifacts) }
          return try store.put(fileAt: source, expected: nil, in: .artifacts)
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(digests == [Digest.sha256(of: text)])
    #expect(try names(in: .artifacts).count == 1)
  }

  /// A file system of 64 KiB.
  private func small(_ body: (StateFolder) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: state.folder.root, withIntermediateDirectories: true)
    try #require(mount("tmpfs", state.folder.root, "tmpfs", 0, "size=64k") == 0)
    defer { umount(state.folder.root) }
    try body(state.folder)
  }

  private static let canMount: Bool = {
    let folder = NSTemporaryDirectory() + "headgate-mount-\(UUID().uuidString)"
    mkdir(folder, 0o700)
    defer { rmdir(folder) }
    guard mount("tmpfs", folder, "tmpfs", 0, "size=64k") == 0 else { return false }
    umount(folder)
    return true
  }()

  @Test(.enabled(if: canMount, "a small file system can be mounted only by root"))
  func `says that the disk is full and leaves nothing half written`() throws {
    try small { folder in
      let store = try FileArtifactStore(folder: folder)
      let kept = try store.put(Array("kept".utf8), in: .artifacts)
      expectStoreError(.full, "free space") {
        _ = try store.put([UInt8](repeating: 1, count: 1 << 20), in: .artifacts)
      }
      #expect(try names(in: .artifacts) == [Shelf.fileName(of: kept)])
      _ = try store.put([UInt8](repeating: 2, count: 1 << 10), in: .artifacts)
    }
  }

  @Test(arguments: [
    (ENOSPC, StoreError.Code.full), (EDQUOT, .full), (ENOENT, .notFound), (EACCES, .failed), (EIO, .failed),
  ])
  func `tells a full disk from other errors`(code: Int32, expected: StoreError.Code) {
    let error = StoreError(errno: code, "write", "/state/x")
    #expect(error.code == expected)
    #expect(error.message.contains("/state/x"))
  }
}
