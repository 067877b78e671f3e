import Connections
import Domain
import Foundation
import Logging
import Provenance
import Testing

@testable import Serving

/// A state folder in a temporary place, with artifacts and evidence to put into it.
final class TestState: Sendable {
  let folder: StateFolder

  init() throws {
    let path = "/tmp/hg-\(UInt32.random(in: .min ... .max))"
    for shelf in Shelf.allCases {
      try FileManager.default.createDirectory(atPath: path + "/" + shelf.rawValue, withIntermediateDirectories: true)
    }
    folder = StateFolder(path)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder.root)
  }

  static let policy = GatePolicy(
    requirements: [GatePolicy.Requirement(gate: GateSpec(name: "security", check: .security), datasetDigest: nil)],
    serving: ServingSpec())

  /// Stores a model and evidence for it, and gives the route of a version.
  func release(
    _ number: Int, of model: String = "m", bytes: [UInt8], weight: Int, verdict: Verdict = .pass,
    serving: ServingSpec = ServingSpec()
  ) throws -> VersionRoute {
    let policy = GatePolicy(requirements: Self.policy.requirements, serving: serving)
    let digest = Digest.sha256(of: bytes)
    try put(bytes, digest, .artifacts)
    let report = GateReport(
      gate: "security", kind: "security", gateDigest: Self.policy.requirements[0].digest, verdict: verdict,
      reason: "Clean", message: "nothing found")
    let evidence = Evidence(
      model: ModelName(model), modelDigest: digest, policyDigest: policy.digest, reports: [report],
      championDigest: nil, runtimeVersion: "test", instructionSet: "test")
    let text = Array(try JSONEncoder().encode(evidence))
    let evidenceDigest = Digest.sha256(of: text)
    try put(text, evidenceDigest, .evidence)
    return VersionRoute(
      version: ReleaseNumber(number), digest: digest, evidence: evidenceDigest, policy: policy,
      weight: Share(basisPoints: weight) ?? .none)
  }

  func put(_ bytes: [UInt8], _ digest: Digest, _ shelf: Shelf) throws {
    try Data(bytes).write(to: URL(filePath: folder.folder(of: shelf) + "/" + Shelf.fileName(of: digest)))
  }
}

/// A server in this process, on a free port.
final class RunningServer: Sendable {
  let client: HTTPClient
  let admin: HTTPClient?
  let port: Int
  private let server: ModelServer
  private let task: Task<Void, any Error>

  init(
    _ content: ModelServer.Content, settings: ServerSettings = .patient,
    drainTime: Duration = .milliseconds(20)
  ) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    var settings = settings
    settings.port = 0
    settings.drainTime = drainTime
    let server = ModelServer(content, settings: settings, logger: logger)
    let (addresses, continuation) = AsyncStream.makeStream(of: ModelServer.Address.self)
    task = Task {
      defer { continuation.finish() }
      try await server.run { continuation.yield($0) }
    }
    self.server = server
    guard let address = await addresses.first(where: { _ in true }) else {
      try await task.value
      throw ServerError("the server ended at once")
    }
    port = address.port
    client = HTTPClient(.tcp(host: "127.0.0.1", port: address.port))
    if case .gated(let folder, _) = content {
      admin = HTTPClient(.unix(path: folder.serverSocket))
    } else {
      admin = nil
    }
  }

  deinit {
    server.stop()
  }

  static func gated(
    _ state: TestState, settings: ServerSettings = .patient, drainTime: Duration = .milliseconds(20)
  ) async throws -> RunningServer {
    try await RunningServer(
      .gated(state.folder, EvidenceAdmission(state.folder)), settings: settings, drainTime: drainTime)
  }

  /// Stops and waits for the end.
  func stop() async throws {
    server.stop()
    try await task.value
  }

  func get(_ path: String) async throws -> ClientResponse {
    try await client.send(ClientRequest("GET", path))
  }

  func post(
    _ path: String, _ body: String, headers: [(name: String, value: String)] = []
  ) async throws -> ClientResponse {
    try await client.send(ClientRequest("POST", path, headers: headers, body: Array(body.utf8)))
  }

  func put(_ document: RouteDocument) async throws -> ClientResponse {
    try await #require(admin).send(
      ClientRequest("PUT", "/admin/v1/routes", body: Array(JSONEncoder().encode(document))))
  }

  func status() async throws -> ServerStatus {
    let response = try await #require(admin).send(ClientRequest("GET", "/admin/v1/status"))
    return try JSONDecoder().decode(ServerStatus.self, from: Data(response.body))
  }

  /// Hands over routes and waits until every version is ready, refused or failed.
  func route(
    generation: Int, token: Int = 1, model: String = "m", _ versions: [VersionRoute]
  ) async throws -> ServerStatus {
    let response = try await put(
      RouteDocument(
        fencingToken: token, generation: generation,
        models: versions.isEmpty ? [] : [ModelRoute(name: ModelName(model), versions: versions)]))
    guard response.status == 200 else { throw ServerError("routes: \(response.text)") }
    return try await status { status in
      !status.models.contains { $0.versions.contains { $0.state == .loading } }
    }
  }

  /// Asks for the status until it is as wanted.
  func status(where isWanted: (ServerStatus) -> Bool) async throws -> ServerStatus {
    let deadline = ContinuousClock.now + .seconds(300)
    while true {
      let status = try await status()
      if isWanted(status) { return status }
      guard ContinuousClock.now < deadline else { throw ServerError("the status stays \(status)") }
      await Task.yield()
    }
  }
}

extension ClientResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as Foundation reads it: an independent check of what is written.
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
  }

  /// The numbers of an output.
  func numbers(_ output: String) -> [Double]? {
    let outputs = json["outputs"] as? [[String: Any]]
    return outputs?.first { $0["name"] as? String == output }?["data"] as? [Double]
  }
}

extension ServerSettings {
  /// Beside other tests a machine may take long over what it has taken.
  static let patient = ServerSettings(stopDeadline: .seconds(300))
}
