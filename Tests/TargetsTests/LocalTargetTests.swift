import Domain
import Foundation
import Logging
import Serving
import Testing

@testable import Targets

/// A real server that serves whatever it is asked to.
private final class Running: Sendable {
  struct AdmitAll: Admission {
    func admit(_ version: VersionRoute, of model: ModelName, bytes: UnsafeRawBufferPointer) throws(AdmissionRefusal) {}
  }

  let folder: StateFolder
  private let server: ModelServer
  private let task: Task<Void, any Error>

  init() async throws {
    folder = StateFolder("/tmp/hg-\(UInt32.random(in: .min ... .max))")
    try FileManager.default.createDirectory(
      atPath: folder.folder(of: .artifacts), withIntermediateDirectories: true)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = ModelServer(
      .gated(folder, AdmitAll()), settings: ServerSettings(port: 0, drainTime: .zero), logger: logger)
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    task = Task {
      defer { continuation.finish() }
      try await server.run { _ in continuation.yield() }
    }
    self.server = server
    _ = await started.first { _ in true }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder.root)
  }

  func stop() async throws {
    server.stop()
    try await task.value
  }
}

@Suite struct `The local target` {
  /// `y = x` over float[?, 2], written by onnx 1.23.
  private static let identity =
    "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAggCQgIQHA=="

  private func document(_ generation: Int, token: Int = 1, weight: Int = 10_000, _ digest: Digest) -> RouteDocument {
    let route = VersionRoute(
      version: ReleaseNumber(1), digest: digest, evidence: nil,
      policy: GatePolicy(requirements: [], serving: ServingSpec()), weight: Share(basisPoints: weight) ?? .none)
    return RouteDocument(
      fencingToken: token, generation: generation, models: [ModelRoute(name: ModelName("m"), versions: [route])])
  }

  @Test func `applies routes and sees what became of them`() async throws {
    let running = try await Running()
    let bytes = try #require(Data(base64Encoded: Self.identity))
    let digest = Digest.sha256(of: bytes)
    try bytes.write(to: URL(filePath: running.folder.folder(of: .artifacts) + "/" + Shelf.fileName(of: digest)))
    let target = LocalTarget(running.folder)
    try await target.apply(document(1, digest))
    try await target.apply(document(1, digest))
    let deadline = ContinuousClock.now + .seconds(300)
    var status = try await target.observe()
    while status.version(ReleaseNumber(1), of: ModelName("m"))?.state == .loading, ContinuousClock.now < deadline {
      status = try await target.observe()
    }
    #expect(status.version(ReleaseNumber(1), of: ModelName("m"))?.state == .ready)
    #expect(status.generation == 1)
    // The same answer again, then another one.
    #expect(try await target.observe() == status)
    try await target.apply(document(3, digest))
    #expect(try await target.observe().generation == 3)
    let stale = await #expect(throws: StageError.self) { try await target.apply(document(0, digest)) }
    #expect(stale?.reason == "RoutesOutdated")
    let senseless = await #expect(throws: StageError.self) { try await target.apply(document(4, weight: 5, digest)) }
    #expect(senseless?.remedy == (.changeSpec as StageError.Remedy))
    try await running.stop()
    let gone = await #expect(throws: StageError.self) { _ = try await target.observe() }
    #expect(gone?.reason == "ServerUnreachable")
    #expect(gone?.remedy == (.retry as StageError.Remedy))
  }
}
