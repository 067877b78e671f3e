import Connections
import Domain
import Foundation
import Provenance
import Synchronization
import TestSupport
import Testing

@testable import Serving

private let body = #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#

@Suite struct `A model server` {
  @Test func `splits traffic between versions and names the one that answered`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let status = try await server.route(
      generation: 1,
      [
        try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 9500),
        try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 500),
      ])
    #expect(status.version(ReleaseNumber(2), of: ModelName("m"))?.weight.basisPoints == 500)
    var counts: [String: Int] = [:]
    for _ in 0..<100 {
      let response = try await server.post("/v2/models/m/infer", body)
      let version = try #require(response.header("X-Headgate-Version"))
      counts[version, default: 0] += 1
      #expect(response.json["model_version"] as? String == version)
      #expect(response.numbers("y") == (version == "1" ? [1, 2] : [2, 4]))
    }
    #expect(counts == ["1": 95, "2": 5])
    let after = try await server.status()
    #expect(after.version(ReleaseNumber(1), of: ModelName("m"))?.traffic.requests == 95)
    #expect(after.version(ReleaseNumber(2), of: ModelName("m"))?.traffic.latency.total == 5)
  }

  @Test func `lets a version be named only when it has traffic`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let status = try await server.route(
      generation: 1,
      [
        try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000),
        try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 0),
      ])
    #expect(status.version(ReleaseNumber(2), of: ModelName("m"))?.state == .ready)
    #expect(try await server.post("/v2/models/m/versions/1/infer", body).status == 200)
    let refused = try await server.post("/v2/models/m/versions/2/infer", body)
    #expect(refused.status == 404)
    #expect(refused.text.contains("no traffic"))
    #expect(try await server.get("/v2/models/m").json["versions"] as? [String] == ["1"])
  }

  @Test func `refuses older routes and takes a repeat as done`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let one = try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)
    let two = try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 10_000)
    _ = try await server.route(generation: 5, token: 3, [one])
    func put(_ token: Int, _ generation: Int, _ version: VersionRoute) async throws -> ClientResponse {
      try await server.put(
        RouteDocument(
          fencingToken: token, generation: generation, models: [ModelRoute(name: ModelName("m"), versions: [version])]))
    }
    #expect(try await put(3, 5, one).status == 200)
    #expect(try await put(2, 6, two).status == 409)
    #expect(try await put(3, 4, two).status == 409)
    #expect(try await put(3, 5, two).status == 409)
    #expect(try await put(4, 5, one).status == 200)
    #expect(try await put(3, 6, two).status == 409)
    let status = try await server.status()
    #expect((status.fencingToken, status.generation) == (4, 5))
    #expect(status.models.first?.versions.map(\.version.value) == [1])
  }

  @Test(arguments: [
    #"{"fencingToken":1}"#, "no",
    #"{"fencingToken":1,"generation":1,"models":[{"name":"m","versions":[]},{"name":"m","versions":[]}]}"#,
  ])
  func `refuses senseless routes`(text: String) async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let response = try await #require(server.admin).send(
      ClientRequest("PUT", "/admin/v1/routes", body: Array(text.utf8)))
    #expect((400..<500).contains(response.status))
    #expect(response.json["error"] is String)
  }

  @Test func `keeps the old version until the new one is ready, and when that is refused`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)])
    let status = try await server.route(
      generation: 2, [try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 10_000, verdict: .fail)])
    let refused = try #require(status.version(ReleaseNumber(2), of: ModelName("m")))
    #expect(refused.state == .refused)
    #expect(refused.message?.hasPrefix("GateNotPassed") == true)
    #expect(try await server.post("/v2/models/m/infer", body).header("X-Headgate-Version") == "1")
    let good = try await server.route(
      generation: 3, [try state.release(3, bytes: ONNXFile.scaling(by: 3), weight: 10_000)])
    #expect(good.models.first?.versions.map(\.version.value) == [3])
    #expect(try await server.post("/v2/models/m/infer", body).numbers("y") == [3, 6])
  }

  @Test func `takes a version from traffic when a stricter policy refuses it`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let route = try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)
    _ = try await server.route(generation: 1, [route])
    let stricter = GatePolicy(requirements: TestState.policy.requirements, serving: ServingSpec(features: ["a"]))
    let status = try await server.route(
      generation: 2,
      [
        VersionRoute(
          version: route.version, digest: route.digest, evidence: route.evidence, policy: stricter, weight: .all)
      ])
    #expect(status.models.first?.versions.first?.state == .refused)
    #expect(try await server.post("/v2/models/m/infer", body).status == 503)
  }

  /// 1 + 2^-8 lies halfway between two numbers of bfloat16, and 1 is the even one.
  @Test func `serves the same file in the precision that its policy names`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let bytes = ONNXFile.scaling(by: 1.00390625)
    let precisions: [(ReducedPrecision?, [Float])] = [
      (nil, [1.00390625, 2.0078125]), (.bfloat16, [1, 2]), (nil, [1.00390625, 2.0078125]),
    ]
    for (index, (precision, answer)) in precisions.enumerated() {
      let route = try state.release(1, bytes: bytes, weight: 10_000, serving: ServingSpec(precision: precision))
      _ = try await server.route(generation: index + 1, [route])
      #expect(try await server.post("/v2/models/m/infer", body).numbers("y")?.map(Float.init) == answer)
    }
  }

  @Test func `refuses evidence of another precision`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let route = try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)
    let policy = GatePolicy(requirements: route.policy.requirements, serving: ServingSpec(precision: .bfloat16))
    let status = try await server.route(
      generation: 1,
      [
        VersionRoute(
          version: route.version, digest: route.digest, evidence: route.evidence, policy: policy, weight: .all)
      ])
    #expect(status.models.first?.versions.first?.state == .refused)
  }

  @Test func `says why a model without products is not served in bfloat16`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let route = try state.release(
      1, bytes: ONNXFile.identity(), weight: 10_000, serving: ServingSpec(precision: .bfloat16))
    let version = try await server.route(generation: 1, [route]).models.first?.versions.first
    #expect(version?.state == .failed)
    #expect(version?.message?.contains("leave the precision out") == true)
  }

  @Test func `says why a damaged model is not served`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let status = try await server.route(
      generation: 1, [try state.release(1, bytes: Array(ONNXFile.identity().dropLast(9)), weight: 10_000)])
    #expect(status.models.first?.versions.first?.state == .failed)
    let response = try await server.post("/v2/models/m/infer", body)
    #expect(response.status == 503)
    #expect(response.header("Retry-After") != nil)
    #expect(try await server.get("/v2/models/m/ready").status == 503)
  }

  @Test func `starts alone from the routes it kept`() async throws {
    let state = try TestState()
    let first = try await RunningServer.gated(state)
    _ = try await first.route(
      generation: 7, token: 2, [try state.release(1, bytes: ONNXFile.scaling(by: 4), weight: 10_000)])
    let instance = try await first.status().instance
    try await first.stop()
    let second = try await RunningServer.gated(state)
    let status = try await second.status { $0.models.first?.versions.first?.state == .ready }
    #expect((status.fencingToken, status.generation) == (2, 7))
    #expect(status.instance != instance)
    #expect(try await second.post("/v2/models/m/infer", body).numbers("y") == [4, 8])
    let old = try await second.put(RouteDocument(fencingToken: 2, generation: 6, models: []))
    #expect(old.status == 409)
  }

  @Test func `unloads what the routes no longer name`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)])
    let status = try await server.route(generation: 2, [])
    #expect(status.models.isEmpty)
    #expect(try await server.post("/v2/models/m/infer", body).status == 404)
  }

  @Test func `has a socket that only its owner can use, and refuses a second server`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let attributes = try FileManager.default.attributesOfItem(atPath: state.folder.serverSocket)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    await #expect(throws: ServerError.self) { _ = try await RunningServer.gated(state) }
    #expect(try await server.status().models.isEmpty)
  }

  @Test func `replaces the socket of a dead server`() async throws {
    let state = try TestState()
    try Data("left over".utf8).write(to: URL(filePath: state.folder.serverSocket))
    let server = try await RunningServer.gated(state)
    #expect(try await server.status().generation == 0)
  }

  @Test func `serves one file without gates and says so`() async throws {
    let state = try TestState()
    let path = state.folder.root + "/half.onnx"
    try Data(ONNXFile.scaling(by: 0.5)).write(to: URL(filePath: path))
    let server = try await RunningServer(.ungated(file: path, allowsPublic: false))
    #expect(try await server.post("/v2/models/half/infer", body).numbers("y") == [0.5, 1])
    #expect(try await server.get("/v2").json["ungated"] as? Bool == true)
    #expect(try await server.get("/metrics").text.contains("ungated=\"true\""))
    await #expect(throws: ServerError.self) {
      _ = try await RunningServer(.ungated(file: path, allowsPublic: false), settings: ServerSettings(host: "0.0.0.0"))
    }
  }
}

/// What tasks that send requests have seen so far.
private final class Seen: Sendable {
  private struct State {
    var isDone = false
    var versions: [String: Int] = [:]
    var wrong: [String] = []
  }

  private let state = Mutex(State())

  var isDone: Bool { state.withLock { $0.isDone } }
  var versions: [String: Int] { state.withLock { $0.versions } }
  var wrong: [String] { state.withLock { $0.wrong } }

  func finish() { state.withLock { $0.isDone = true } }
  func note(version: String) { state.withLock { $0.versions[version, default: 0] += 1 } }
  func note(wrong: String) { state.withLock { $0.wrong.append(wrong) } }
}

@Suite struct `Under load a model server` {
  /// Sends requests from several tasks until told to stop; gives the versions that answered and the answers that were wrong.
  private func load(
    _ server: RunningServer, tasks: Int = 8, body: String = body,
    during work: @escaping @Sendable () async throws -> Void
  ) async throws -> (versions: [String: Int], wrong: [String]) {
    let seen = Seen()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<tasks {
        group.addTask {
          while !seen.isDone {
            do {
              let response = try await server.post("/v2/models/m/infer", body)
              if response.status == 200 {
                seen.note(version: response.header("X-Headgate-Version") ?? "")
              } else {
                seen.note(wrong: response.text)
              }
            } catch {
              seen.note(wrong: "\(error)")
            }
          }
        }
      }
      defer { seen.finish() }
      try await work()
    }
    return (seen.versions, seen.wrong)
  }

  @Test func `swaps versions again and again without losing a request`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let routes = try (1...20).map { number in
      try state.release(number, bytes: ONNXFile.scaling(by: Float(number)), weight: 10_000)
    }
    _ = try await server.route(generation: 1, [routes[0]])
    let (versions, wrong) = try await load(server) {
      for number in 0..<20 {
        if number > 0 { _ = try await server.route(generation: number + 1, [routes[number]]) }
        // Each version answers before the next one comes.
        _ = try await server.status { ($0.models.first?.versions.last?.traffic.requests ?? 0) > 3 }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    #expect(versions.count == 20)
  }

  @Test func `turns requests away early when a queue is full`() async throws {
    let state = try TestState()
    var settings = ServerSettings()
    settings.threadCount = 2
    settings.queueCapacity = 2
    let server = try await RunningServer.gated(state, settings: settings)
    _ = try await server.route(
      generation: 1, [try state.release(1, bytes: ONNXFile.slow(by: 1, depth: 2000), weight: 10_000)])
    // Each takes 17 ms, many times what the next needs to arrive.
    let numbers = [String](repeating: "1", count: 64 * 64).joined(separator: ",")
    let large = #"{"inputs":[{"name":"x","shape":[64,64],"datatype":"FP32","data":[\#(numbers)]}]}"#
    let statuses = await withTaskGroup(of: (Int, String?).self) { group in
      for _ in 0..<60 {
        group.addTask {
          let response = try? await server.post("/v2/models/m/infer", large)
          return (response?.status ?? 0, response?.header("Retry-After"))
        }
      }
      return await group.reduce(into: [:]) { $0["\($1.0) \($1.1 ?? "")", default: 0] += 1 }
    }
    #expect(Set(statuses.keys) == ["200 ", "503 1"], "\(statuses)")
    let status = try await server.status()
    #expect(status.models.first?.versions.first?.traffic.errors == statuses["503 1"])
    #expect(status.models.first?.versions.first?.traffic.requests == 60)
  }

  @Test func `finishes what it has taken when it is stopped`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(
      generation: 1, [try state.release(1, bytes: ONNXFile.slow(by: 1), weight: 10_000)])
    let numbers = [String](repeating: "1", count: 64 * 256).joined(separator: ",")
    let large = #"{"inputs":[{"name":"x","shape":[256,64],"datatype":"FP32","data":[\#(numbers)]}]}"#
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<12 {
        group.addTask { try await server.post("/v2/models/m/infer", large).status }
      }
      // All have arrived; most still wait for a thread.
      _ = try await server.status { status in
        let version = status.models.first?.versions.first
        return (version?.inFlight ?? 0) + (version?.traffic.requests ?? 0) == 12
      }
      try await server.stop()
      for try await status in group { #expect(status == 200) }
    }
    await #expect(throws: ClientError.self) { _ = try await server.get("/v2/health/live") }
  }
}

@Suite struct `The inference threads` {
  @Test func `are not all held by a slow candidate`() async throws {
    let pool = InferencePool(threadCount: 3)
    let slow = pool.makeLane(capacity: 100)
    let champion = pool.makeLane(capacity: 100)
    slow.setWidth(pool.width(ofShare: 0.05))
    champion.setWidth(pool.width(ofShare: 0.95))
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<10 {
      let isAccepted = pool.submit({ gate.wait() }, to: slow)
      #expect(isAccepted)
    }
    // The champion's work is done although the candidate's never ends by itself.
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask {
          await withCheckedContinuation { continuation in
            _ = pool.submit({ continuation.resume() }, to: champion)
          }
        }
      }
    }
    #expect(slow.depth == 9)
    for _ in 0..<10 { gate.signal() }
  }

  @Test(arguments: [(0.05, 1), (0.25, 1), (0.5, 2), (0.75, 3), (0.95, 3), (1, 4)])
  func `are shared by traffic`(share: Double, width: Int) {
    #expect(InferencePool(threadCount: 4).width(ofShare: share) == width)
  }

  @Test func `refuse work beyond a lane's capacity`() {
    let pool = InferencePool(threadCount: 2)
    let lane = pool.makeLane(capacity: 3)
    lane.setWidth(1)
    let gate = DispatchSemaphore(value: 0)
    var accepted = 0
    for _ in 0..<10 where pool.submit({ gate.wait() }, to: lane) { accepted += 1 }
    // Three wait, and one may have been taken by a thread already.
    #expect((3...4).contains(accepted))
    for _ in 0..<10 { gate.signal() }
  }
}
