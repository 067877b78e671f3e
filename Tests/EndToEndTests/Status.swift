import Foundation

/// What `headgate get tiny -o json` says, as far as these tests judge by it.
struct Status: Decodable {
  struct Release: Decodable {
    let number: Int?
    let model: String?
    let weight: Int?
    let evidence: String?
  }

  struct Quarantine: Decodable {
    let model: String
  }

  struct Condition: Decodable {
    let type: String
    let status: String
    let reason: String
  }

  let phase: String
  let champion: Release?
  let candidate: Release?
  let quarantine: [Quarantine]
  let conditions: [Condition]

  /// Where it stood, such as `Canary 5%`.
  var place: String {
    guard let weight = candidate?.weight else { return phase }
    return "\(phase) \(Double(weight) / 100)%"
  }

  func condition(_ type: String) -> String {
    conditions.first { $0.type == type }.map { $0.status == "True" ? "True" : "\($0.status) (\($0.reason))" } ?? "-"
  }
}

extension Fleet {
  /// The status, from the controller or without one from the journal; `nil` before there is any.
  func status() async throws -> Status? {
    let answer = try await headgate("get", "tiny", "-o", "json")
    guard answer.code == 0 else { return nil }
    return try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
  }

  /// Waits for a status.
  func status(
    within time: Duration, _ what: String, isolation: isolated (any Actor)? = #isolation,
    where holds: (Status) -> Bool
  ) async throws -> Status {
    var last: Status?
    return try await eventually(within: time, every: .milliseconds(50), "\(what); last \(last?.place ?? "-")") {
      last = try await status()
      return last.flatMap { holds($0) ? $0 : nil }
    }
  }
}

/// What `headgate load -o json` says.
struct Load: Decodable {
  struct Failure: Decodable {
    let reason: String
    let count: Int
  }

  struct Version: Decodable {
    let succeeded: Int
  }

  let sent: Int
  let failed: Int
  let failures: [Failure]
  let versions: [String: Version]
}

/// Steady traffic under way.
struct Traffic {
  let child: Child
  let report: String
}

extension Fleet {
  /// Starts steady traffic of which every answer is checked.
  func startLoad(rate: Int = 400, requests: Int? = nil) throws -> Traffic {
    let name = root + "/load-" + UUID().uuidString
    let child = try Child(
      [
        Self.program, "load", url, "--rate", "\(rate)", "--input", root + "/requests.csv", "-o", "json", "--to",
        name + ".json",
      ] + (requests.map { ["--requests", "\($0)"] } ?? []), environment: environment, output: name, errors: name)
    return Traffic(child: child, report: name + ".json")
  }

  /// Ends the traffic, if it does not end by itself, and gives its report.
  func report(of traffic: Traffic, stopping: Bool = true) async throws -> Load {
    if stopping { traffic.child.send(SIGINT) }
    _ = try await traffic.child.end(within: .seconds(60))
    guard let bytes = FileManager.default.contents(atPath: traffic.report) else {
      throw Child.Failure("the load left no report: \(text(traffic.child.output).suffix(500))")
    }
    return try JSONDecoder().decode(Load.self, from: bytes)
  }
}
