import Domain
import Foundation
import Synchronization
import Testing

@testable import Building

/// A folder of its own for one test, removed with its owner.
final class TemporaryFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.path + "/headgate-building-" + UUID().uuidString

  deinit { FileSystem.removeTree(path) }
}

/// What can happen to a stored file.
enum Damage: Sendable {
  case changed, cutShort, gone
}

func deployment(_ steps: [BuildStep], requirements: String? = nil) throws -> DesiredDeployment {
  let lock = try requirements.map { try #require(RepositoryPath($0)) }
  let spec = ModelDeployment(
    name: ModelName("m"), model: .build(BuildSpec(requirements: lock, steps: steps)), gates: [])
  return DesiredDeployment(
    spec: spec, place: SourcePlace(path: try #require(RepositoryPath("m.yaml")), line: 1, column: 1),
    digest: .sha256(of: "m"), commit: CommitID("c"), files: [:])
}

func step(
  _ run: String, name: String = "train", inputs: [StepInput] = [], output: String = "model",
  limits: BuildLimits = BuildLimits()
) -> BuildStep {
  BuildStep(name: name, run: run, inputs: inputs, output: output, limits: limits)
}

/// Repository files from a dictionary.
struct Files: BuildInputs {
  let files: [String: String]

  func file(_ path: RepositoryPath, of deployment: DesiredDeployment) async throws(StageError) -> BuildInput {
    let bytes = Array((files[path.text] ?? "").utf8)
    return BuildInput(fileName: path.baseName, digest: .sha256(of: bytes), content: .bytes(bytes))
  }

  func split(_ split: String, of dataset: DesiredObject<DatasetSpec>, for deployment: DesiredDeployment)
    async throws(StageError) -> BuildInput
  {
    throw StageError(.building, reason: "NoDataset", "no data sets in these tests", remedy: .changeSpec)
  }
}

/// Files by digest in a temporary folder.
struct Shelves: ArtifactStore {
  let folder: String

  init(_ folder: String) throws {
    self.folder = folder + "/store"
    try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
  }

  func text(_ digest: Digest) throws -> String {
    try String(contentsOfFile: folder + "/" + Shelf.fileName(of: digest), encoding: .utf8)
  }

  /// Does to a stored file what a failing disk does.
  func damage(_ digest: Digest, _ damage: Damage) throws {
    let path = folder + "/" + Shelf.fileName(of: digest)
    var data = try #require(FileManager.default.contents(atPath: path))
    switch damage {
    case .changed: data[data.startIndex] ^= 1
    case .cutShort: data.removeLast()
    case .gone: return try FileManager.default.removeItem(atPath: path)
    }
    try data.write(to: URL(fileURLWithPath: path))
  }

  func put(_ bytes: [UInt8], in shelf: Shelf) throws(StoreError) -> Digest {
    let digest = Digest.sha256(of: bytes)
    guard FileManager.default.createFile(atPath: folder + "/" + Shelf.fileName(of: digest), contents: Data(bytes))
    else {
      throw StoreError(.failed, "cannot write")
    }
    return digest
  }

  func put(fileAt path: String, expected: Digest?, in shelf: Shelf) throws(StoreError) -> Digest {
    guard let data = FileManager.default.contents(atPath: path) else { throw StoreError(.notFound, path) }
    return try put(Array(data), in: shelf)
  }

  func path(of digest: Digest, in shelf: Shelf) -> String? {
    let path = folder + "/" + Shelf.fileName(of: digest)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  func holds(_ digest: Digest, in shelf: Shelf) -> Bool {
    FileManager.default.contents(atPath: folder + "/" + Shelf.fileName(of: digest)).map { Digest.sha256(of: $0) }
      == digest
  }
}

/// Results in memory.
final class Memory: Memo {
  private let values = Mutex<[String: String]>([:])

  func value(of key: Digest, in namespace: String) throws(StoreError) -> String? {
    values.withLock { $0[namespace + key.hex] }
  }

  func remember(_ value: String, for key: Digest, in namespace: String) throws(StoreError) {
    values.withLock { $0[namespace + key.hex] = value }
  }
}

/// What a program of this machine prints.
func output(of program: String, _ arguments: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
  return String(decoding: data, as: UTF8.self)
}
