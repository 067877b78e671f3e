import Domain
import Foundation
import Testing

@testable import Building

@Suite struct `A build in the sandbox` {
  private let place = TemporaryFolder()
  private var folder: String { place.path }

  private func builder(_ files: [String: String], shelf: Shelves, memo: Memory = Memory()) async throws
    -> SandboxedBuilder
  {
    SandboxedBuilder(
      inputs: Files(files: files), artifacts: shelf, memo: memo, sandbox: try await Sandbox.detect(),
      folder: folder + "/builds")
  }

  @Test func `sees its declared inputs and leaves its output in the store`() async throws {
    let shelf = try Shelves(folder)
    let input = StepInput.file(try #require(RepositoryPath("a/data.txt")))
    let build = try await builder(["a/data.txt": "seven"], shelf: shelf)
    let result = try await build.build(deployment([step("tr a-z A-Z < data.txt > model", inputs: [input])]))
    #expect(try shelf.text(result.model) == "SEVEN")
    #expect(result.model == .sha256(of: "SEVEN"))
    #expect(result.isolation == .sandboxed)
  }

  @Test func `has no network and none of this machine's variables`() async throws {
    let shelf = try Shelves(folder)
    let script = "{ grep -v lo: /proc/net/dev | tail -n +3; env | cut -d= -f1; } > model"
    let result = try await builder([:], shelf: shelf).build(deployment([step(script)]))
    let lines = try shelf.text(result.model).split(separator: "\n")
    #expect(lines.contains("PATH"))
    #expect(
      Set(lines).isSubset(of: [
        "HOME", "LANG", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "SOURCE_DATE_EPOCH", "_", "OLDPWD",
        "SHLVL",
      ]))
  }

  @Test func `cannot read files of this machine, in its temporary folder or at home`() async throws {
    let shelf = try Shelves(folder)
    let marks = [FileManager.default.temporaryDirectory.path, NSHomeDirectory()].map {
      "\($0)/headgate-secret-\(UUID().uuidString)"
    }
    defer { for mark in marks { try? FileManager.default.removeItem(atPath: mark) } }
    for mark in marks { try Data("secret".utf8).write(to: URL(fileURLWithPath: mark)) }
    let script = "for mark in '\(marks[0])' '\(marks[1])'; do cat \"$mark\" || echo hidden; done > model"
    let result = try await builder([:], shelf: shelf).build(deployment([step(script)]))
    #expect(try shelf.text(result.model) == "hidden\nhidden\n")
  }

  /// Splits of data sets are stored beside the models: held-out rows must not be found by a step that trains.
  @Test func `cannot reach stored rows that it did not declare`() async throws {
    let shelf = try Shelves(folder)
    let rows = try shelf.put(Array("held out".utf8), in: .artifacts)
    let path = try #require(shelf.path(of: rows, in: .artifacts))
    let search = "find / -path /proc -prune -o -name '\(Shelf.fileName(of: rows))' -print"
    let script = "{ cat '\(path)'; \(search); echo end; } > model"
    let result = try await builder([:], shelf: shelf).build(deployment([step(script)]))
    #expect(try shelf.text(result.model) == "end\n")
  }

  @Test func `passes the output of a step to the next`() async throws {
    let shelf = try Shelves(folder)
    let result = try await builder([:], shelf: shelf).build(
      deployment([
        step("echo one > first", name: "one", output: "first"),
        step("cat first > model; echo two >> model", name: "two", inputs: [.step("one", output: "first")]),
      ]))
    #expect(try shelf.text(result.model) == "one\ntwo\n")
  }

  @Test func `may have a step of any name`() async throws {
    let shelf = try Shelves(folder)
    let steps = [
      step("echo one > first", name: "log", output: "first"),
      step("cat first > model", name: "steps", inputs: [.step("log", output: "first")]),
    ]
    let result = try await builder([:], shelf: shelf).build(deployment(steps))
    #expect(try shelf.text(result.model) == "one\n")
    #expect(try shelf.text(try #require(result.log)).contains("== step log: "))
  }

  @Test func `needs folders where it makes them`() throws {
    try FileSystem.makeFolder(folder + "/there")
    try FileSystem.makeFolder(folder + "/there")
    try FileSystem.create(folder + "/file", bytes: [])
    #expect(throws: FileError.self) { try FileSystem.makeFolder(folder + "/file") }
    #expect(throws: FileError.self) { try FileSystem.makeFolder(folder + "/file/below") }
  }

  @Test func `of the same inputs is not run again, and of others is`() async throws {
    let shelf = try Shelves(folder)
    let memo = Memory()
    let input = StepInput.file(try #require(RepositoryPath("d")))
    let steps = [step("cat d /proc/sys/kernel/random/uuid > model", inputs: [input])]
    let first = try await builder(["d": "1"], shelf: shelf, memo: memo).build(deployment(steps))
    let again = try await builder(["d": "1"], shelf: shelf, memo: memo).build(deployment(steps))
    let other = try await builder(["d": "2"], shelf: shelf, memo: memo).build(deployment(steps))
    #expect(!first.reused && again.reused && !other.reused)
    #expect(first.model == again.model)
    #expect(first.model != other.model)
  }

  @Test(arguments: [Damage.changed, .cutShort, .gone])
  func `makes an output again that was damaged in the store`(damage: Damage) async throws {
    let shelf = try Shelves(folder)
    let memo = Memory()
    let steps = [
      step("echo one > first", name: "one", output: "first"),
      step("tr a-z A-Z < first > model", name: "two", inputs: [.step("one", output: "first")]),
    ]
    let build = try await builder([:], shelf: shelf, memo: memo)
    let first = try await build.build(deployment(steps))
    #expect(try shelf.text(first.model) == "ONE\n")
    for digest in [first.model, .sha256(of: "one\n")] {
      try shelf.damage(digest, damage)
      let again = try await build.build(deployment(steps))
      #expect(!again.reused)
      #expect(again.model == first.model)
      #expect(try shelf.text(again.model) == "ONE\n")
      #expect(try shelf.text(.sha256(of: "one\n")) == "one\n")
    }
    #expect(try await build.build(deployment(steps)).reused)
  }

  @Test func `takes no input that was damaged in the store`() async throws {
    let place = TemporaryFolder()
    try FileSystem.makeFolder(place.path)
    try FileSystem.create(place.path + "/stored", bytes: Array("DATA".utf8))
    let input = BuildInput(fileName: "d.csv", digest: .sha256(of: "data"), content: .file(place.path + "/stored"))
    let error = #expect(throws: StageError.self) { try input.write(to: place.path + "/copy") }
    #expect(error?.reason == "InputDamaged")
    #expect(error?.message.contains("d.csv") == true && error?.message.contains(place.path + "/stored") == true)
  }

  @Test(arguments: [
    ("exit 3", "StepFailed", "exited with 3"),
    ("true", "NoOutput", "left no file"),
    ("ln -s /etc/hostname model", "NoOutput", "left no file"),
    ("head -c 3000000 /dev/zero > model", "StepFailed", "exited with"),
    ("sleep 600", "StepFailed", "took longer"),
  ])
  func `that fails says why`(line: String, reason: String, message: String) async throws {
    let shelf = try Shelves(folder)
    let limits = BuildLimits(timeout: .seconds(3), memoryBytes: 1 << 30, outputBytes: 1 << 20)
    let build = try await builder([:], shelf: shelf)
    let error = await #expect(throws: StageError.self) {
      try await build.build(deployment([step(line, limits: limits)]))
    }
    #expect(error?.reason == reason)
    #expect(error?.message.contains(message) == true)
    #expect(error?.message.contains("The whole log: ") == true)
  }

  @Test func `that wants more memory than its limit is stopped`() async throws {
    let limits = BuildLimits(timeout: .seconds(60), memoryBytes: 64 << 20, outputBytes: 1 << 20)
    let build = try await builder([:], shelf: try Shelves(folder))
    func wanting(_ megabytes: Int) throws -> DesiredDeployment {
      let line = "/usr/bin/python3 -c 'b = bytearray(\(megabytes) << 20); print(len(b))' > model"
      return try deployment([step(line, limits: limits)])
    }
    _ = try await build.build(wanting(1))
    let error = await #expect(throws: StageError.self) { try await build.build(wanting(600)) }
    #expect(error?.reason == "StepFailed")
  }

  @Test func `is killed with all its children when it is cancelled`() async throws {
    let build = try await builder([:], shelf: try Shelves(folder))
    let marker = "600\(UInt32.random(in: 1_000_000 ..< 9_000_000))"
    let task = Task { try await build.build(deployment([step("sleep \(marker) & wait")])) }
    #expect(await becomesTrue { isRunning("sleep\0\(marker)\0") })
    task.cancel()
    let error = await #expect(throws: StageError.self) { try await task.value }
    #expect(error?.reason == "Cancelled")
    #expect(await becomesTrue { !isRunning("sleep\0\(marker)\0") })
  }

  @Test func `imports a file only under its own digest`() async throws {
    let shelf = try Shelves(folder)
    let path = try #require(RepositoryPath("m.onnx"))
    let build = try await builder(["m.onnx": "bytes"], shelf: shelf)
    func artifact(_ digest: Digest) throws -> DesiredDeployment {
      let spec = ModelDeployment(name: ModelName("m"), model: .artifact(path: path, digest: digest), gates: [])
      return DesiredDeployment(
        spec: spec, place: SourcePlace(path: path, line: 1, column: 1), digest: digest, commit: CommitID("c"),
        files: [:])
    }
    let result = try await build.build(artifact(.sha256(of: "bytes")))
    #expect(try shelf.text(result.model) == "bytes")
    let error = await #expect(throws: StageError.self) { try await build.build(artifact(.sha256(of: "others"))) }
    #expect(error?.reason == "DigestMismatch")
  }
}

/// Whether any process of this machine has this command line.
private func isRunning(_ commandLine: String) -> Bool {
  let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return processes.contains { name in
    guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
      return false
    }
    return String(decoding: data, as: UTF8.self) == commandLine
  }
}

/// Waits for a condition with a deadline that only ends a test that hangs.
private func becomesTrue(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(300)
  while ContinuousClock.now < end {
    if condition() { return true }
    await Task.yield()
  }
  return condition()
}
