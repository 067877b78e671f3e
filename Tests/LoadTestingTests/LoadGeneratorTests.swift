import Foundation
import Logging
import Serving
import Testing

@testable import LoadTesting

/// A real server of `y = x` over float[?, 2], named `m`.
private final class Running: Sendable {
  let folder: String
  let port: Int
  private let server: ModelServer
  private let task: Task<Void, any Error>

  init() async throws {
    folder = "/tmp/hg-\(UInt32.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Written by onnx 1.23.
    let model = "CA46OwoQCgF4EgF5IghJZGVudGl0eRIBZ1oRCgF4EgwKCggBEgYKAAoCCAJiEQoBeRIMCgoIARIGCgAKAggCQgIQHA=="
    try #require(Data(base64Encoded: model)).write(to: URL(filePath: folder + "/m.onnx"))
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = ModelServer(
      .ungated(file: folder + "/m.onnx", allowsPublic: false),
      settings: ServerSettings(port: 0, drainTime: .milliseconds(20)), logger: logger)
    let (started, continuation) = AsyncStream.makeStream(of: Int.self)
    task = Task {
      defer { continuation.finish() }
      try await server.run { continuation.yield($0.port) }
    }
    self.server = server
    port = try #require(await started.first { _ in true })
  }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func stop() async throws {
    server.stop()
    try await task.value
  }

  func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
    return folder + "/" + name
  }

  func plan(_ input: String) -> LoadPlan {
    LoadPlan(url: "http://127.0.0.1:\(port)/v2/models/m", rate: 500, input: input, requestCount: 50)
  }
}

@Suite struct `A load` {
  @Test func `counts what each version answered rightly`() async throws {
    let running = try await Running()
    var plan = running.plan(try running.file("in.csv", "a,b\n1,2\n3,4\n"))
    plan.expected = try running.file("out.csv", "y[0],y[1]\n1,2\n3,4\n")
    let report = try await LoadGenerator(plan).run()
    #expect(report.sent == 50)
    #expect(report.succeeded == 50, "\(report.failures)")
    #expect(report.versions.map(\.version) == ["1"])
    #expect(report.latency.total == 50)
    #expect(report.text.contains("succeeded 50, failed 0"))
    // Fifty requests at 500 a second are due within 98 ms, and none is sent early.
    #expect(report.seconds >= 0.098)
  }

  @Test func `tells answers that are not what is expected`() async throws {
    let running = try await Running()
    var plan = running.plan(try running.file("in.csv", "a,b\n1,2\n3,4\n"))
    plan.expected = try running.file("out.csv", "y[0]\n1\n5\n")
    let report = try await LoadGenerator(plan).run()
    #expect(report.succeeded == 25)
    #expect(report.failures == [LoadReport.Failure(reason: "output 'y' is not what is expected", count: 25)])
  }

  @Test func `counts what a server refuses`() async throws {
    let running = try await Running()
    let report = try await LoadGenerator(running.plan(try running.file("in.json", #"{"inputs":[]}"#))).run()
    #expect(report.failed == 50)
    #expect(report.failures.first?.reason.hasPrefix("status 400: ") == true)
    #expect(report.versions.first?.failed == 50)
  }

  @Test func `goes on when the server is gone, and counts that`() async throws {
    let running = try await Running()
    var plan = running.plan(try running.file("in.csv", "a,b\n1,2\n"))
    plan.requestCount = nil
    // What a busy machine is late with is neither given up nor too much to send.
    plan.rate = 100
    plan.timeout = .seconds(300)
    let generator = LoadGenerator(plan)
    let load = Task { try await generator.run() }
    await untilTrue { generator.progress.succeeded > 0 }
    try await running.stop()
    await untilTrue { generator.progress.failed >= 10 }
    generator.stop()
    let report = try await load.value
    #expect(report.succeeded > 0)
    #expect(report.failed >= 10)
    // Refused at once, or reset while they waited to be accepted.
    let isNamed = report.failures.allSatisfy { $0.reason.hasPrefix("refused: ") || $0.reason.hasPrefix("closed: ") }
    #expect(isNamed, "\(report.failures)")
  }

  @Test func `ends when it is stopped`() async throws {
    let running = try await Running()
    var plan = running.plan(try running.file("in.csv", "a,b\n1,2\n"))
    plan.requestCount = nil
    plan.rate = 0.001
    let generator = LoadGenerator(plan)
    let load = Task { try await generator.run() }
    generator.stop()
    #expect(try await load.value.sent <= 1)
  }

  @Test func `says at once what it cannot do`() async throws {
    let running = try await Running()
    let input = try running.file("in.csv", "a,b\n1,2\n")
    var plans = [
      running.plan(running.folder + "/missing.csv"), running.plan(input), running.plan(input), running.plan(input),
    ]
    plans[1].url = "http://127.0.0.1:\(running.port)/v2/models/other"
    plans[2].rate = 0
    plans[3].keyColumn = "c"
    for plan in plans {
      await #expect(throws: LoadError.self) { try await LoadGenerator(plan).run() }
    }
  }
}

/// Waits for a condition that other tasks bring about; the deadline only ends a test that hangs.
private func untilTrue(_ condition: () -> Bool) async {
  let deadline = ContinuousClock.now + .seconds(300)
  while !condition(), ContinuousClock.now < deadline { await Task.yield() }
}
