import Domain
import Foundation
import Testing

@testable import Building

/// Environments that the pip of this machine makes without a network, of a wheel made here.
@Suite struct `A Python environment` {
  private let place = TemporaryFolder()
  private var environments: String { place.path + "/builds/python" }

  /// Builds a model that says the version of a package.
  private func build(
    _ lines: [String], package: String = "tiny", in sandbox: Sandbox = .reduced,
    allowance: DiskAllowance = DiskAllowance()
  ) async throws -> String {
    let lock = (["--no-index", "--find-links \(place.path)/wheels"] + lines).joined(separator: "\n") + "\n"
    let shelf = try Shelves(place.path)
    let builder = SandboxedBuilder(
      inputs: Files(files: ["py.lock": lock]), artifacts: shelf, memo: Memory(), sandbox: sandbox,
      folder: place.path + "/builds", allowance: allowance)
    let line = "python -c 'import \(package); print(\(package).__version__)' > model"
    return try shelf.text(try await builder.build(deployment([step(line)], requirements: "py.lock")).model)
  }

  /// Makes the wheel of `tiny` 1.0 and returns its digest.
  private func makeWheel() throws -> Digest {
    let folder = place.path + "/wheels"
    try FileSystem.makeFolder(folder)
    let path = folder + "/tiny-1.0-py3-none-any.whl"
    let script = """
      import sys, zipfile
      with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
          wheel.writestr('tiny.py', "__version__ = '1.0'\\n")
          wheel.writestr('tiny-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')
          wheel.writestr('tiny-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
          wheel.writestr('tiny-1.0.dist-info/RECORD', '')
      """
    _ = try output(of: "/usr/bin/python3", ["-c", script, path])
    return .sha256(of: try #require(FileManager.default.contents(atPath: path)))
  }

  @Test func `has the packages of the lock file, and nothing left of its making`() async throws {
    let digest = try makeWheel()
    #expect(try await build(["tiny==1.0 --hash=\(digest)"]) == "1.0\n")
    let names = FileSystem.names(in: environments)
    #expect(names.count == 1)
    let left = Set(FileSystem.names(in: environments + "/" + (names.first ?? "")))
    #expect(left.isSuperset(of: ["bin", "complete", "requirements.lock"]))
    #expect(left.isDisjoint(with: ["pip.log", "tmp"]))
  }

  // What the environment has already needs no wheel, so that the sandbox need not see one.
  @Test func `is made in the sandbox as well`() async throws {
    let sandbox = try await Sandbox.detect()
    let version = try await build([], package: "pip", in: sandbox)
    #expect(version.first?.isNumber == true)
    let names = FileSystem.names(in: environments)
    #expect(names.count == 1)
    #expect(Set(FileSystem.names(in: environments + "/" + (names.first ?? ""))).isDisjoint(with: ["pip.log", "tmp"]))
  }

  @Test func `that lies there incomplete is made anew`() async throws {
    let sandbox = try await Sandbox.detect()
    _ = try await build([], package: "pip", in: sandbox)
    let folder = environments + "/" + (try #require(FileSystem.names(in: environments).first))
    FileSystem.removeTree(folder + "/complete")
    FileSystem.removeTree(folder + "/bin/python")
    let version = try await build([], package: "pip", in: sandbox)
    #expect(version.first?.isNumber == true)
    #expect(FileSystem.names(in: environments).count == 1)
    #expect(FileSystem.exists(folder + "/complete"))
  }

  // In this kind of isolation it is made where it stays.
  @Test func `is made once for builds that need it at the same time`() async throws {
    try FileSystem.makeFolder(place.path)
    let text = "--no-index\n"
    let lock = BuildInput(fileName: "py.lock", digest: .sha256(of: text), content: .bytes(Array(text.utf8)))
    let python = PythonEnvironments(sandbox: .reduced, folder: environments, allowance: DiskAllowance())
    let digest = try python.digest(lock: lock)
    let logs = [place.path + "/first", place.path + "/second"]
    async let first = python.prepare(digest, lock: lock, log: logs[0])
    async let second = python.prepare(digest, lock: lock, log: logs[1])
    let folders = try await [first, second]
    #expect(folders == [environments + "/" + digest.hex, environments + "/" + digest.hex])
    #expect(FileSystem.exists(folders[0] + "/complete") && FileSystem.exists(folders[0] + "/bin/python"))
    #expect(logs.filter { FileSystem.exists($0) }.count == 1)
  }

  @Test(arguments: [
    ("tiny==1.0 --hash=\(Digest.sha256(of: "another"))", ["tiny==1.0", "\(Digest.sha256(of: "another").hex)"]),
    ("tiny==2.0 --hash=\(Digest.sha256(of: "another"))", ["tiny==2.0", "there are 1.0"]),
    ("tiny==1.0", ["tiny==1.0", "has no hash"]),
    ("tiny=1.0", ["tiny=1.0", "line 3 of py.lock"]),
  ])
  func `that no attempt can make is not tried again, and the package is named`(line: String, words: [String])
    async throws
  {
    _ = try makeWheel()
    let error = await #expect(throws: StageError.self) { try await build([line]) }
    #expect(error?.reason == "PythonEnvironmentFailed")
    #expect(error?.remedy == .changeSpec, "\(String(describing: error))")
    for word in ["py.lock"] + words {
      #expect(error?.message.contains(word) == true, "\(word) in \(String(describing: error))")
    }
    #expect(FileSystem.names(in: environments).isEmpty)
  }

  @Test func `is stopped when it takes too much of the disk`() async throws {
    let error = await #expect(throws: StageError.self) {
      try await build([], package: "pip", allowance: DiskAllowance(environmentBytes: 1 << 20))
    }
    #expect(error?.reason == "DiskLimitExceeded", "\(String(describing: error))")
    #expect(error?.remedy == .changeSpec)
    #expect(error?.message.contains("more than 1 MiB of the disk") == true)
    #expect(FileSystem.names(in: environments).isEmpty)
  }

  @Test func `that a killed run left half made is removed`() throws {
    try FileSystem.makeFolder(environments + "/abc.making-1-2/bin")
    try FileSystem.makeFolder(environments + "/abc")
    let shelf = try Shelves(place.path)
    _ = SandboxedBuilder(
      inputs: Files(files: [:]), artifacts: shelf, memo: Memory(), sandbox: .reduced, folder: place.path + "/builds")
    #expect(FileSystem.names(in: environments) == ["abc"])
  }
}
