import Dispatch
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Serving

/// Counts what several threads see.
private final class Count: Sendable {
  private let value = Atomic<Int>(0)

  var now: Int { value.load(ordering: .relaxed) }
  func add() { value.add(1, ordering: .relaxed) }
}

/// Takes as long over a version as it is held, as one does that reads a large file.
private struct HeldAdmission: Admission {
  let gate = DispatchSemaphore(value: 0)

  func admit(_ version: VersionRoute, of model: ModelName, bytes: UnsafeRawBufferPointer) throws(AdmissionRefusal) {
    gate.wait()
  }
}

@Suite struct `A model server that is stopped` {
  @Test func `answers all who had connected and asked before`() async throws {
    let server = try await RunningServer.gated(try TestState())
    let port = server.port
    // More than it accepts in the time that the threads of this test leave it.
    let requests = await onThread { (0..<600).compactMap { _ in RawRequest(port: port) } }
    #expect(requests.count == 600)
    try await server.stop()
    let ends = await onThread { requests.map { $0.end() } }
    #expect(Set(ends) == [.answered], "\(Set(ends))")
  }

  @Test func `answers them also when its threads are kept from working for a while`() async throws {
    let server = try await RunningServer.gated(try TestState())
    let port = server.port
    let (requests, _) = try await withThrowingTaskGroup(of: Void.self) { group in
      // All threads that tasks run on, for longer than the server waits where it gives somebody up.
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
        group.addTask {
          for _ in 0..<4 {
            usleep(1_200_000)
            await Task.yield()
          }
        }
      }
      let requests = await onThread { (0..<300).compactMap { _ in RawRequest(port: port) } }
      return (requests, try await server.stop())
    }
    let ends = await onThread { requests.map { $0.end() } }
    #expect(requests.count == 300)
    #expect(Set(ends) == [.answered], "\(Set(ends))")
  }

  @Test func `resets nobody who connects meanwhile`() async throws {
    let server = try await RunningServer.gated(try TestState())
    let port = server.port
    let answered = Count()
    let lost = try await withThrowingTaskGroup(of: [RawRequest.End].self) { group in
      for _ in 0..<8 {
        group.addTask {
          await onThread {
            var lost: [RawRequest.End] = []
            // Until nobody listens.
            while let request = RawRequest(port: port) {
              let end = request.end()
              if end == .answered {
                answered.add()
              } else if request.sendTime < .milliseconds(20) {
                // Whoever connects and says nothing for longer may be left.
                lost.append(end)
              }
            }
            return lost
          }
        }
      }
      let deadline = ContinuousClock.now + .seconds(300)
      while answered.now < 100, ContinuousClock.now < deadline { await Task.yield() }
      #expect(answered.now >= 100)
      try await server.stop()
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(lost.isEmpty, "\(lost.count) connections were lost: \(Set(lost))")
  }

  @Test func `is not ready any more, and tells clients to go elsewhere, before it listens no longer`() async throws {
    let server = try await RunningServer.gated(try TestState(), drainTime: .seconds(10))
    #expect(try await server.get("/v2/health/ready").status == 200)
    async let end: Void = server.stop()
    var last = try await server.get("/v2/health/ready")
    let deadline = ContinuousClock.now + .seconds(300)
    while last.status == 200, ContinuousClock.now < deadline { last = try await server.get("/v2/health/ready") }
    #expect(last.status == 503)
    #expect(last.header("Connection") == "close")
    try await end
  }

  @Test func `ends although it is still loading what it starts with`() async throws {
    let state = try TestState()
    let version = try state.release(1, bytes: ONNXFile.scaling(by: 1), weight: 10_000)
    let route = ModelRoute(name: ModelName("m"), versions: [version])
    try RoutesFile(path: state.folder.serverRoutes).write(
      RouteDocument(fencingToken: 1, generation: 1, models: [route]))
    let admission = HeldAdmission()
    defer { admission.gate.signal() }
    let server = try await RunningServer(.gated(state.folder, admission))
    #expect(try await server.get("/v2/health/ready").status == 503)
    #expect(try await server.get("/v2/health/live").status == 200)
    try await server.stop()
  }

  @Test func `ends although somebody is connected and says nothing`() async throws {
    let server = try await RunningServer.gated(try TestState())
    let port = server.port
    let silent = await onThread { RawRequest(port: port, sending: "") }
    try await server.stop()
    #expect(silent?.end() == .lost("end of file"))
  }

  @Test(.timeLimit(.minutes(10))) func `cuts off at its deadline who does not finish asking`() async throws {
    var settings = ServerSettings()
    settings.stopDeadline = .milliseconds(500)
    let server = try await RunningServer.gated(try TestState(), settings: settings)
    let port = server.port
    let head = "POST /v2/models/m/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    let halting = await onThread { RawRequest(port: port, sending: head) }
    #expect(halting != nil)
    await #expect(throws: ServerError.self) { try await server.stop() }
  }
}
