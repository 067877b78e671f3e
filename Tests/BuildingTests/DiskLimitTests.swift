import Domain
import Foundation
import Glibc
import Testing

@testable import Building

@Suite struct `A build step on the disk` {
  private let place = TemporaryFolder()
  private static let limits = BuildLimits(timeout: .seconds(60), memoryBytes: 1 << 30, outputBytes: 1 << 20)
  private static let allowance = DiskAllowance(scratchBytes: 1 << 20, fileCount: 100, logBytes: 256 << 10)

  private func build(_ line: String, files: [String: String] = [:]) async throws -> String {
    let shelf = try Shelves(place.path)
    let builder = SandboxedBuilder(
      inputs: Files(files: files), artifacts: shelf, memo: Memory(), sandbox: try await Sandbox.detect(),
      folder: place.path + "/builds", allowance: Self.allowance)
    let inputs = try files.keys.sorted().map { StepInput.file(try #require(RepositoryPath($0))) }
    let result = try await builder.build(deployment([step(line, inputs: inputs, limits: Self.limits)]))
    return try shelf.text(result.model)
  }

  /// 900 KB each: no file is above limits.output.
  private static let files = "for n in 1 2 3; do head -c 900000 /dev/urandom > part$n; done"

  @Test(arguments: [
    (files + "; sleep 600", "more than 2 MiB of the disk"),
    (files + "; echo fast > model", "more than 2 MiB of the disk"),
    ("mkdir -p a/b/c && cd a/b/c; " + files + "; sleep 600", "raise limits.output"),
    ("for n in $(seq 150); do : > small$n; done; sleep 600", "more than 100 files and folders"),
    ("while mkdir d && cd d; do :; done; sleep 600", "more than 100 files and folders"),
    // 20 x 250 characters: too deep for a path, and few.
    (
      "n=$(head -c 250 /dev/zero | tr '\\0' n); for i in $(seq 20); do mkdir $n; cd $n; done; sleep 600",
      "deeper than a path can say"
    ),
    // Within limits.output, which bounds the log as any other file.
    ("yes | head -c 300000; sleep 600", "printed more than 262144 bytes"),
  ])
  func `is stopped when it takes too much of it in sum`(line: String, message: String) async throws {
    let error = await #expect(throws: StageError.self) { try await build(line) }
    #expect(error?.reason == "DiskLimitExceeded", "\(String(describing: error))")
    #expect(error?.remedy == .changeSpec)
    #expect(error?.message.hasPrefix("step 'train' ") == true)
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    #expect(error?.message.contains("The whole log: ") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path + "/builds/work").isEmpty)
  }

  @Test(arguments: [
    // What it removed again, holes, and links to one file.
    "for n in 1 2 3 4; do head -c 900000 /dev/urandom > part; rm part; done; echo done > model",
    "for n in 1 2 3 4; do truncate -s 1000000 part$n; done; echo done > model",
    "head -c 900000 /dev/urandom > part; for n in 1 2 3 4; do ln part link$n; done; echo done > model",
    "for n in 1 2 3 4; do ln -s / link$n; done; echo done > model",
  ])
  func `is not charged for what takes no place`(line: String) async throws {
    #expect(try await build(line) == "done\n")
  }

  @Test func `is not charged for its inputs`() async throws {
    let data = String(repeating: "0123456789", count: 500_000)
    #expect(try await build("wc -c < data > model", files: ["data": data]) == "5000000\n")
  }

  @Test func `writes to its own folder, /tmp and /dev/shm alone, and the two in memory have a size`() async throws {
    let line = """
      for d in / /dev /usr /proc /work /tmp /dev/shm; do if touch $d/x; then echo $d; fi; done > /tmp/list 2> /dev/null
      df --output=size -B1M /tmp /dev/shm | tail -n 2 | tr -d ' ' >> /tmp/list; mv /tmp/list model
      """
    #expect(try await build(line) == "/work\n/tmp\n/dev/shm\n2048\n2048\n")
  }

  @Test func `leaves no folder of a step behind for the next`() async throws {
    let folder = place.path + "/run"
    let run = BuildRun(folder: folder, sandbox: try await Sandbox.detect(), allowance: Self.allowance)
    let first = step("echo x > model; echo y > scratch")
    _ = try await run.run(first, files: [], python: nil)
    run.removeFolder(of: first)
    #expect(Set(FileSystem.names(in: folder)) == ["log", "steps"])
    #expect(FileSystem.names(in: folder + "/steps").isEmpty)
  }

  private let sleep = Sandbox.reduced.command(
    "sleep 600", folders: SandboxFolders(), limits: nil, output: .captured(limit: 0))

  @Test func `is stopped while the disk is nearly full, and tried again later`() async throws {
    try FileSystem.makeFolder(place.path)
    let roomy = FolderUse(byteCount: 1 << 30, fileCount: 1000)
    let watch = DiskWatch(place.path, limit: roomy, log: place.path + "/log", logBytes: 1 << 20, reserveBytes: .max)
    let error = await #expect(throws: DiskExcess.self) { try await watch.run(sleep, deadline: .seconds(900)) }
    let stage = error?.stageError(of: "step 's'", advice: "")
    #expect(stage?.reason == "DiskFull" && stage?.remedy == .retry)
    #expect(stage?.message.contains(place.path) == true)
  }

  @Test func `that ended by itself keeps what it made on a full disk`() async throws {
    try FileSystem.makeFolder(place.path)
    let roomy = FolderUse(byteCount: 1 << 30, fileCount: 1000)
    let watch = DiskWatch(place.path, limit: roomy, log: place.path + "/log", logBytes: 1 << 20, reserveBytes: .max)
    #expect(await watch.excess() != nil)
    #expect(await watch.excess(atEnd: true) == nil)
  }

  @Test func `may lie on a disk as large as a number can be`() {
    #expect(DiskWatch.bytes(3, each: 4096) == 12288)
    #expect(DiskWatch.bytes(.max, each: 4096) == .max)
  }

  @Test func `is cancelled under watch as without one`() async throws {
    try FileSystem.makeFolder(place.path)
    let watch = await DiskWatch(
      place.path, bytes: 1 << 30, files: 1000, log: place.path + "/log", allowance: DiskAllowance(reserveBytes: 0))
    let task = Task { try await watch.run(sleep, deadline: .seconds(60)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite struct `The removal of a tree` {
  private let place = TemporaryFolder()

  private func isGone(_ line: String) throws -> Bool {
    try FileSystem.makeFolder(place.path + "/kept")
    try FileSystem.create(place.path + "/kept/file", bytes: [1])
    let tree = place.path + "/tree"
    try FileSystem.makeFolder(tree)
    _ = try output(of: "/bin/sh", ["-c", "cd \(tree); " + line])
    FileSystem.removeTree(tree)
    #expect(FileSystem.exists(place.path + "/kept/file"))
    return !FileSystem.exists(tree)
  }

  @Test(arguments: [
    ":",
    "for n in $(seq 50); do mkdir -p a$n/b/c a$n/b/d; echo x > a$n/b/c/x; done",
    "mkdir -p a/b; : > a/b/x; chmod 0 a/b a",
    "ln -s ../kept a; mkdir b; ln -s ../../kept b/c",
    // Names of what is moved up, taken already by a file and by a full folder.
    "mkdir -p a/b/c a/d/e 2/x; : > 1; : > 2/x/y",
    "touch $(printf '\\377\\376'); mkdir -p $(printf 'a\\200')/$(printf '\\303')",
  ])
  func `takes all of it, and nothing else`(line: String) throws {
    #expect(try isGone(line))
  }

  @Test func `reaches further down than paths, stacks and descriptors do`() throws {
    try nest("d", count: 20_000, in: place.path)
    FileSystem.removeTree(place.path)
    #expect(!FileSystem.exists(place.path))
  }

  @Test func `takes a link and a file, and no notice of nothing`() throws {
    try FileSystem.makeFolder(place.path + "/kept")
    #expect(symlink("kept", place.path + "/link") == 0)
    try FileSystem.create(place.path + "/file", bytes: [])
    for name in ["link", "file", "missing"] { FileSystem.removeTree(place.path + "/" + name) }
    #expect(FileSystem.names(in: place.path) == ["kept"])
  }
}

@Suite struct `The use of a folder` {
  private let place = TemporaryFolder()

  // The peer is du, which counts the top folder too.
  @Test func `is what du says`() async throws {
    try FileSystem.makeFolder(place.path + "/a/b")
    for (name, count) in [("one", 5000), ("a/two", 1_000_000), ("a/b/three", 0)] {
      try FileSystem.create(place.path + "/" + name, bytes: [UInt8](repeating: 7, count: count))
    }
    #expect(link(place.path + "/one", place.path + "/a/again") == 0)
    #expect(symlink("/usr", place.path + "/usr") == 0)
    let use = await FolderUse.measured(place.path, fileLimit: .max)
    #expect(use.fileCount == 7)
    let du = try output(of: "/usr/bin/du", ["-s", "-B1", place.path])
    var top = stat()
    #expect(lstat(place.path, &top) == 0)
    #expect(Int(du.prefix { $0.isNumber }) == use.byteCount + Int(top.st_blocks) * 512)
  }

  @Test func `counts what lies in folders whose names are no text`() async throws {
    try FileSystem.makeFolder(place.path)
    defer { FileSystem.removeTree(place.path) }
    let line = "d=$(printf 'a\\200')/$(printf '\\377'); mkdir -p $d; head -c 1000000 /dev/zero > $d/file"
    _ = try output(of: "/bin/sh", ["-c", "cd \(place.path); " + line])
    let use = await FolderUse.measured(place.path, fileLimit: .max)
    #expect(use.fileCount == 3)
    #expect(use.byteCount >= 1_000_000)
  }

  @Test func `ends early above the limit of files`() async throws {
    try FileSystem.makeFolder(place.path)
    for number in 0..<20 { try FileSystem.create(place.path + "/\(number)", bytes: []) }
    #expect(await FolderUse.measured(place.path, fileLimit: 5).fileCount == 6)
  }

  @Test func `says when it cannot reach the end`() async throws {
    try nest(String(repeating: "n", count: 250), count: 20, in: place.path)
    let use = await FolderUse.measured(place.path, fileLimit: .max)
    #expect(use.isTooDeep && use.fileCount > 10)
  }

  @Test func `of a missing folder is nothing`() async {
    #expect(await FolderUse.measured(place.path, fileLimit: 5) == FolderUse())
  }
}

/// Makes folders one in another, however long their path gets.
private func nest(_ name: String, count: Int, in path: String) throws {
  try FileSystem.makeFolder(path)
  var folder = open(path, O_RDONLY | O_DIRECTORY)
  for _ in 0..<count {
    try #require(mkdirat(folder, name, 0o755) == 0)
    let inner = openat(folder, name, O_RDONLY | O_DIRECTORY)
    close(folder)
    folder = inner
  }
  close(folder)
}
