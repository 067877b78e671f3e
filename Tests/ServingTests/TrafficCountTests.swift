import Dispatch
import Domain
import Logging
import NIOCore
import Provenance
import TestSupport
import Testing

@testable import Serving

private let body =
  #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}],"outputs":[{"name":"y"}]}"#

@Suite struct `What counts against a version` {
  private func counters(_ status: ServerStatus, _ version: Int) throws -> TrafficCounters {
    try #require(status.version(ReleaseNumber(version), of: ModelName("m"))).traffic
  }

  @Test func `is nothing that a client did wrong`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(
      generation: 1,
      [
        try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 5000),
        try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 5000),
      ])
    #expect(try await server.post("/v2/models/m/versions/2/infer", body).status == 200)
    for wrong in [
      "no", #"{"inputs":[]}"#, #"{"inputs":[{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#,
      #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#,
    ] {
      for _ in 0..<2 { #expect(try await server.post("/v2/models/m/infer", wrong).status == 400) }
    }
    let status = try await server.status()
    #expect(try counters(status, 1) == .none)
    let counted = try counters(status, 2)
    #expect((counted.requests, counted.errors, counted.latency.total) == (1, 0, 1))
    // The metrics tell all that was answered.
    let metrics = try await server.get("/metrics").text
    #expect(metrics.contains(#"headgate_requests_total{model="m",version="2",code="400"} 4"#))
    #expect(metrics.contains(#"headgate_request_duration_seconds_count{model="m",version="2"} 5"#))
  }

  @Test(arguments: [
    ONNXFile.scaling(by: 2, input: "renamed"), ONNXFile.scaling(by: 2, output: "renamed"),
    ONNXFile.scaling(by: 2, width: 3), ONNXFile.sum(), ONNXFile.half(),
  ])
  func `is a refusal of what another version takes`(candidate: [UInt8]) async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(
      generation: 1,
      [
        try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 7500),
        try state.release(2, bytes: candidate, weight: 2500),
      ])
    for _ in 0..<20 {
      let response = try await server.post("/v2/models/m/infer", body)
      let isCandidate = response.header("X-Headgate-Version") == "2"
      #expect(response.status == (isCandidate ? 400 : 200))
      #expect(!isCandidate || response.json["error"] is String)
    }
    let status = try await server.status()
    let counted = try [counters(status, 1), counters(status, 2)]
    #expect(counted.map(\.requests) == [15, 5])
    #expect(counted.map(\.errors) == [0, 5])
    #expect(counted.map(\.latency.total) == [15, 5])
    #expect(
      try await server.get("/metrics").text
        .contains(#"headgate_requests_total{model="m",version="2",code="400"} 5"#))
    // Whoever names a version has chosen its inputs as well.
    _ = try await server.post("/v2/models/m/versions/2/infer", body)
    #expect(try counters(try await server.status(), 2).errors == 5)
  }

  /// A model with a request that it answers, and another that its signature allows as well.
  struct Unanswered: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let model: [UInt8]
    let good: String
    let bad: String
    /// What the client reads for the bad one.
    let status: Int
  }

  private static let unanswered = [
    Unanswered(
      testDescription: "a word that the encoder does not know", model: ONNXFile.oneHot(["a", "b"]),
      good: input("x", [2], "BYTES", #""a","b""#), bad: input("x", [2], "BYTES", #""a","z""#), status: 400),
    Unanswered(
      testDescription: "a width that the weights do not have", model: ONNXFile.scaling(by: 1, isOpen: true),
      good: input("x", [1, 2], "FP32", "1,2"), bad: input("x", [1, 3], "FP32", "1,2,3"), status: 500),
    Unanswered(
      testDescription: "more rows than there is memory for", model: ONNXFile.scaling(by: 1),
      good: input("x", [1, 2], "FP32", "1,2"),
      bad: input("x", [400, 2], "FP32", [String](repeating: "1", count: 800).joined(separator: ",")), status: 413),
    Unanswered(
      testDescription: "rows beside an input of one row", model: ONNXFile.sum(rows: 1),
      good: input("x", [2, 2], "FP32", "1,2,3,4") + "," + input("z", [1, 2], "FP32", "1,2"),
      bad: input("x", [2, 2], "FP32", "1,2,3,4") + "," + input("z", [1, 3], "FP32", "1,2,3"), status: 500),
  ]

  @Test(arguments: unanswered)
  func `is a valid request that the model has no answer to, in every count`(wanted: Unanswered) async throws {
    let state = try TestState()
    var settings = ServerSettings()
    settings.maxRunBytes = 2048
    let server = try await RunningServer.gated(state, settings: settings)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: wanted.model, weight: 10_000)])
    func post(_ inputs: String) async throws -> Int {
      let response = try await server.post("/v2/models/m/infer", #"{"inputs":[\#(inputs)]}"#)
      #expect(response.status == 200 || response.json["error"] is String)
      return response.status
    }
    for _ in 0..<3 { #expect(try await post(wanted.good) == 200) }
    for _ in 0..<2 { #expect(try await post(wanted.bad) == wanted.status) }
    let counted = try counters(try await server.status(), 1)
    #expect((counted.requests, counted.errors, counted.latency.total) == (5, 2, 5))
    let metrics = try await server.get("/metrics").text
    #expect(metrics.contains(#"headgate_requests_total{model="m",version="1",code="200"} 3"#))
    #expect(metrics.contains(#"headgate_requests_total{model="m",version="1",code="\#(wanted.status)"} 2"#))
    #expect(metrics.contains(#"headgate_version_errors_total{model="m",version="1"} 2"#))
    #expect(metrics.contains(#"headgate_request_duration_seconds_count{model="m",version="1"} 5"#))
    #expect(!metrics.contains("headgate_unrouted_errors_total{"))
    let statistics = try await server.get("/v2/models/m/stats").json["model_stats"] as? [[String: Any]]
    let spans = try #require(statistics?.first?["inference_stats"] as? [String: [String: Int]])
    #expect(["success", "fail", "compute_infer"].map { spans[$0]?["count"] } == [3, 2, 3])
  }

  @Test func `is not a request whose inputs have unequal numbers of rows`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: ONNXFile.sum(), weight: 10_000)])
    let inputs = input("x", [2, 2], "FP32", "1,2,3,4") + "," + input("z", [3, 2], "FP32", "1,2,3,4,5,6")
    #expect(try await server.post("/v2/models/m/infer", #"{"inputs":[\#(inputs)]}"#).status == 400)
    #expect(try counters(try await server.status(), 1) == .none)
  }
}

/// One input of a request.
private func input(_ name: String, _ shape: [Int], _ datatype: String, _ data: String) -> String {
  #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(datatype)","data":[\#(data)]}"#
}

/// A version's queue, full until it is released.
private struct FullQueue {
  private let gate = DispatchSemaphore(value: 0)
  private var count = 1

  init(_ lane: InferenceLane, of pool: InferencePool) async {
    lane.setWidth(1)
    let gate = gate
    // The lane's one thread is held before the queue is filled, so that nothing leaves it.
    await withCheckedContinuation { continuation in
      _ = pool.submit(
        {
          continuation.resume()
          gate.wait()
        }, to: lane)
    }
    while pool.submit({ gate.wait() }, to: lane) { count += 1 }
  }

  func release() {
    for _ in 0..<count { gate.signal() }
  }
}

@Suite struct `When queues are full` {
  /// How often each version of a champion (1) at 95 % and a candidate (2) at 5 % is to answer 20 requests.
  struct Case: Sendable {
    let full: [Int]
    let answered: [Int]
    let turnedAway: [Int]
  }

  @Test(arguments: [
    Case(full: [2], answered: [20, 0], turnedAway: [0, 0]),
    Case(full: [1], answered: [0, 1], turnedAway: [19, 0]),
    Case(full: [1, 2], answered: [0, 0], turnedAway: [19, 1]),
  ])
  func `a candidate neither gets the champion's requests nor is charged with them`(wanted: Case) async throws {
    let state = try TestState()
    let artifacts = state.folder.folder(of: .artifacts)
    // A thread for each version, and one to spare.
    let pool = InferencePool(threadCount: 3)
    let host = ModelHost(
      pool: pool, loader: VersionLoader(admission: EvidenceAdmission(state.folder), maxRunBytes: 1 << 20),
      queueCapacity: 4, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      artifactPath: { artifacts + "/" + Shelf.fileName(of: $0) }, persist: { _ in })
    let routes = [
      try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 9500),
      try state.release(2, bytes: ONNXFile.scaling(by: 2), weight: 500),
    ]
    try host.apply(
      RouteDocument(
        fencingToken: 1, generation: 1, models: [ModelRoute(name: ModelName("m"), versions: routes)]))
    let deadline = ContinuousClock.now + .seconds(300)
    while host.isLoading, ContinuousClock.now < deadline { await Task.yield() }
    let versions = try #require(host.table.entries[ModelName("m")]).versions
    let loaded = try [1, 2].map { try #require(versions[ReleaseNumber($0)]) }
    var queues: [FullQueue] = []
    for number in wanted.full { queues.append(await FullQueue(loaded[number - 1].lane, of: pool)) }
    let inference = Inference(host: host)
    var answered = [0, 0]
    var turnedAway = [0, 0]
    for _ in 0..<20 {
      let answer = await inference.answer(
        Inference.Address(model: ModelName("m"), version: nil, key: nil), body: ByteBuffer(string: body))
      let version = answer.headers[.headgateVersion] == "2" ? 1 : 0
      if answer.status == 200 { answered[version] += 1 } else { turnedAway[version] += 1 }
    }
    for queue in queues { queue.release() }
    #expect(answered == wanted.answered)
    #expect(turnedAway == wanted.turnedAway)
    #expect(loaded.map(\.meter.counters.errors) == wanted.turnedAway)
    #expect(loaded.map(\.meter.counters.requests) == zip(wanted.answered, wanted.turnedAway).map(+))
  }
}
