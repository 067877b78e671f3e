import Foundation
import Testing

extension EndToEnd {
  @Suite struct `A model server that is killed` {
    @Test func `is back with the same routes within a second`() async throws {
      let count = EndToEnd.scale("SERVER_KILLS", default: 2)
      try await Fleet.with { fleet in
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        try await fleet.commit("First model")
        let controller = try fleet.up()
        _ = try await fleet.status(within: .seconds(60), "the first release") { $0.condition("Ready") == "True" }
        var table = [["kill", "back after", "failed meanwhile", "of", "failed after", "of"]]
        for index in 1...count {
          // The wait before a new start grows when a server ends again and again right after its start.
          let pid = try await fleet.steadyServer()
          let routes = fleet.text(fleet.state + "/server-routes.json")
          let during = try fleet.startLoad(rate: 200)
          try await fleet.untilBusy(during)
          let killed = ContinuousClock.now
          #expect(kill(pid, SIGKILL) == 0)
          let version = try await eventually(within: .seconds(20), "an answer after kill \(index)") {
            try await fleet.predict()
          }
          let away = ContinuousClock.now - killed
          let lost = try await fleet.report(of: during)
          let after = try await fleet.report(of: fleet.startLoad(rate: 200, requests: 200), stopping: false)
          #expect(version == "1")
          #expect(away < .seconds(1), "kill \(index)")
          #expect(after.failed == 0, "kill \(index): \(after.failures)")
          #expect(after.sent == 200)
          #expect(fleet.serverPID != pid)
          #expect(fleet.text(fleet.state + "/server-routes.json") == routes)
          table.append([
            "\(index)", String(format: "%.0f ms", away / .milliseconds(1)), "\(lost.failed)", "\(lost.sent)",
            "\(after.failed)", "\(after.sent)",
          ])
        }
        #expect(controller.end == nil, "the controller lives on")
        EndToEnd.printTable("The server killed under 200 requests a second", table)
      }
    }
  }
}

extension Fleet {
  /// The version that answers a prediction, or `nil` without an answer.
  fileprivate func predict() async throws -> String? {
    let body = #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,1]}]}"#
    let answer = try await run(["curl", "-sS", "--fail", "--max-time", "2", "--data-binary", body, url + "/infer"])
    return answer.code == 0 ? try answer.json()["model_version"] as? String : nil
  }

  /// Waits until requests are sent: the server has counted some.
  fileprivate func untilBusy(_ traffic: Traffic) async throws {
    let before = try await requestCount()
    _ = try await eventually(within: .seconds(20), every: .milliseconds(20), "traffic to reach the server") {
      try await requestCount() > before + 20 ? true : nil
    }
  }

  private func requestCount() async throws -> Int {
    let answer = try await run([
      "curl", "-sS", "--unix-socket", state + "/server.sock", "http://server/admin/v1/status",
    ])
    guard let models = try answer.json()["models"] as? [[String: Any]] else { return 0 }
    let versions = models.flatMap { $0["versions"] as? [[String: Any]] ?? [] }
    return versions.reduce(0) { $0 + ((($1["traffic"] as? [String: Any])?["requests"] as? Int) ?? 0) }
  }

  /// Waits until the server has lived long enough to count as stable, and gives its process number.
  fileprivate func steadyServer() async throws -> pid_t {
    try await eventually(within: .seconds(60), every: .milliseconds(50), "a server that has lived for 10 s") {
      guard let pid = serverPID, let age = age(of: pid) else { return nil }
      return age > 10 ? pid : nil
    }
  }

  /// Seconds since a process was started.
  private func age(of pid: pid_t) -> Double? {
    // Field 22 of proc(5)'s stat, in clock ticks since the machine was started; the name before may hold blanks.
    guard let fields = text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " "), fields.count > 19,
      let started = Double(fields[19]),
      let now = text("/proc/uptime").split(separator: " ").first.flatMap({ Double($0) })
    else { return nil }
    return now - started / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
