import Foundation
import Testing

extension EndToEnd {
  @Suite struct `A running server` {
    @Test func `refuses what its evidence does not allow, and says why`() async throws {
      try await Fleet.with { fleet in
        let (first, second, failing) = try await fleet.releases()
        let server = try Child(
          [Fleet.program, "server", "--state", fleet.state, "--rest-port", "\(fleet.port)"],
          environment: fleet.environment, output: fleet.log, errors: fleet.log)
        var document = try await fleet.served(by: server)
        var serving = try #require((try document.versions()).first)
        #expect(serving["digest"] as? String == second.model)

        // Each asks for all traffic; what is refused must get none of it.
        func version(_ number: Int, _ digest: String, evidence: String?) -> [String: Any] {
          var version = serving
          version["version"] = number
          version["weight"] = 5000
          version["digest"] = digest
          version["evidence"] = evidence
          return version
        }
        var otherPolicy = version(14, second.model, evidence: second.evidence)
        var policy = try #require(otherPolicy["policy"] as? [String: Any])
        var requirements = try #require(policy["requirements"] as? [Any])
        requirements.removeLast()
        policy["requirements"] = requirements
        otherPolicy["policy"] = policy
        let unknown = "sha256:" + String(repeating: "0", count: 64)
        serving["weight"] = 5000

        // Its file is changed after the server has started; nothing of it is loaded yet.
        func change(_ path: String) throws {
          var bytes = try #require(FileManager.default.contents(atPath: path))
          bytes[bytes.count / 2] ^= 1
          chmod(path, 0o600)
          try bytes.write(to: URL(filePath: path))
        }
        let cases: [(name: String, version: [String: Any], reason: String, prepare: () throws -> Void)] = [
          ("no evidence named", version(10, second.model, evidence: nil), "the routes name no evidence", {}),
          ("no evidence there", version(11, second.model, evidence: unknown), "there is no evidence \(unknown)", {}),
          (
            "evidence for another digest", version(12, first.model, evidence: second.evidence),
            "the evidence is for \(second.model), not \(first.model)", {}
          ),
          (
            "a failing verdict", version(13, failing.model, evidence: failing.evidence),
            "gate 'quality/accuracy' ended with fail", {}
          ),
          ("evidence for another policy", otherPolicy, "the evidence was made under policy", {}),
          (
            "evidence of which a byte is changed", version(15, first.model, evidence: first.evidence),
            "are not those of its name", { try change(fleet.stored(first.evidence, on: "evidence")) }
          ),
          (
            "a model file of which a byte is changed", version(16, first.model, evidence: first.evidence),
            "the model file has digest", { try change(fleet.stored(first.model, on: "artifacts")) }
          ),
        ]
        var table = [["case", "state", "reason"]]
        for (name, asked, reason, prepare) in cases {
          try prepare()
          document = try document.next(with: [serving, asked])
          let answer = try await fleet.put(document)
          #expect(answer.code == 0, "\(name): \(answer.errors) \(answer.output)")
          let number = try #require(asked["version"] as? Int)
          let refused = try await eventually(within: .seconds(20), "\(name) to be refused") { () -> [String: Any]? in
            let found = try await fleet.serverStatus().first { $0["version"] as? Int == number }
            return found?["state"] as? String == "loading" ? nil : found
          }
          let message = refused["message"] as? String ?? ""
          #expect(refused["state"] as? String == "refused", "\(name)")
          #expect(message.contains(reason), "\(name): \(message)")
          #expect(fleet.text(fleet.log).contains("version \(number) is refused: \(message)"), "\(name)")
          let load = try await fleet.report(of: fleet.startLoad(rate: 400, requests: 200), stopping: false)
          #expect(load.failed == 0, "\(name): \(load.failures)")
          #expect(Set(load.versions.keys) == ["2"], "\(name)")
          table.append([name, refused["state"] as? String ?? "-", String(message.prefix(150))])
        }
        EndToEnd.printTable("Refused by the running server", table)
      }
    }
  }
}

/// A model and what was found out about it.
private struct Judged {
  let model: String
  let evidence: String
}

/// The document of routes as JSON.
private struct Routes {
  let object: [String: Any]

  func versions() throws -> [[String: Any]] {
    guard let models = object["models"] as? [[String: Any]], let model = models.first,
      let versions = model["versions"] as? [[String: Any]]
    else { throw Child.Failure("no model in the routes: \(object)") }
    return versions
  }

  /// The next generation, of one model with these versions.
  func next(with versions: [[String: Any]]) throws -> Routes {
    var object = object
    guard let generation = object["generation"] as? Int else { throw Child.Failure("routes without a generation") }
    object["generation"] = generation + 1
    object["models"] = [["name": "tiny", "versions": versions]]
    return Routes(object: object)
  }
}

extension Fleet {
  /// Two releases and a candidate that fails its gates; then the controller and the server end.
  fileprivate func releases() async throws -> (first: Judged, second: Judged, failing: Judged) {
    let first = try await write(TinyModel.fast(sharpness: 1))
    try await commit("First model")
    let controller = try up()
    let one = try await status(within: .seconds(60), "the first release") { $0.condition("Ready") == "True" }
    let traffic = try startLoad()
    let second = try await write(TinyModel.fast(sharpness: 2))
    try await commit("Second model")
    let two = try await status(within: .seconds(60), "the second release") {
      $0.champion?.model == second && $0.phase == "Idle"
    }
    #expect(try await report(of: traffic).failed == 0)
    let failing = try await write(TinyModel.wrong(sharpness: 1))
    try await commit("A model that is wrong")
    let three = try await status(within: .seconds(60), "the third to be refused") { $0.phase == "Blocked" }
    #expect(three.condition("InSync") == "False (GateFailed)")
    controller.send(SIGTERM)
    #expect(try await controller.end(within: .seconds(60)) == .code(0))
    #expect(serverPID == nil, "SIGTERM ends the server too")
    return (
      Judged(model: first, evidence: try #require(one.champion?.evidence)),
      Judged(model: second, evidence: try #require(two.champion?.evidence)),
      Judged(model: failing, evidence: try #require(three.candidate?.evidence))
    )
  }

  /// The routes of a server that has just started, once its version is ready.
  fileprivate func served(by server: Child) async throws -> Routes {
    _ = try await eventually(within: .seconds(20), "the server to be ready") { () -> Bool? in
      guard server.end == nil else { throw Child.Failure("the server ended: \(text(log).suffix(500))") }
      return (try? await serverStatus())?.first?["state"] as? String == "ready" ? true : nil
    }
    let bytes = Data(text(state + "/server-routes.json").utf8)
    guard let object = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
      throw Child.Failure("the routes are no object")
    }
    return Routes(object: object)
  }

  /// The versions of the one model as the server sees them.
  fileprivate func serverStatus() async throws -> [[String: Any]] {
    let answer = try await run([
      "curl", "-sS", "--fail", "--unix-socket", state + "/server.sock", "http://server/admin/v1/status",
    ])
    let models = try answer.json()["models"] as? [[String: Any]]
    return models?.first?["versions"] as? [[String: Any]] ?? []
  }

  fileprivate func put(_ routes: Routes) async throws -> Answer {
    let path = root + "/routes.json"
    try JSONSerialization.data(withJSONObject: routes.object).write(to: URL(filePath: path))
    return try await run([
      "curl", "-sS", "--fail-with-body", "--unix-socket", state + "/server.sock", "-X", "PUT", "--data-binary",
      "@" + path,
      "http://server/admin/v1/routes",
    ])
  }

  /// The file of a digest on a shelf of the state folder.
  fileprivate func stored(_ digest: String, on shelf: String) throws -> String {
    let folder = state + "/" + shelf
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    guard let name = names.first(where: { $0.contains(digest.dropFirst("sha256:".count)) }) else {
      throw Child.Failure("\(digest) does not lie in \(folder)")
    }
    return folder + "/" + name
  }
}
