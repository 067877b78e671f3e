import Foundation

/// A fleet of one model in a temporary folder: a bare repository, a clone, a state folder, a home of its own.
final class Fleet: Sendable {
  static let program = ProcessInfo.processInfo.environment["HEADGATE_TEST_BINARY"] ?? ""

  let root: String
  let port: Int
  let environment: [String: String]
  var bare: String { root + "/fleet.git" }
  var clone: String { root + "/fleet" }
  var state: String { root + "/state" }
  var log: String { root + "/up.log" }
  var url: String { "http://127.0.0.1:\(port)/v2/models/tiny" }

  /// Makes one, hands it over, and ends every process of it whatever happens.
  static func with<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (Fleet) async throws -> Result
  ) async throws -> Result {
    let fleet = try await Fleet()
    do {
      let result = try await body(fleet)
      await fleet.end()
      return result
    } catch {
      print("--- end of \(fleet.log):\n\(fleet.text(fleet.log).suffix(3000))")
      print("--- end of server.log:\n\(fleet.text(fleet.state + "/server.log").suffix(3000))")
      await fleet.end()
      throw error
    }
  }

  private init() async throws {
    var template = Array("/tmp/hg-e2e-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Child.Failure("no temporary folder") }
    root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    port = try Self.freePort()
    let home = root + "/home"
    environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home, "NO_COLOR": "1",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": home + "/gitconfig", "LC_ALL": "C",
    ]
    for folder in [home, state, clone + "/specs", clone + "/data", clone + "/models"] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    try "[user]\n\tname = A tester\n\temail = tester@example.org\n[init]\n\tdefaultBranch = main\n"
      .write(toFile: home + "/gitconfig", atomically: true, encoding: .utf8)
    try await git(["init", "-q", "--bare", bare], in: root)
    try await git(["init", "-q", clone], in: root)
    try await git(["remote", "add", "origin", bare])
    try Self.rows.write(toFile: clone + "/data/rows.csv", atomically: true, encoding: .utf8)
    try Self.requests.write(toFile: root + "/requests.csv", atomically: true, encoding: .utf8)
  }

  // MARK: Processes

  /// The result of a command that has ended.
  struct Answer {
    let code: Int32
    let output: String
    let errors: String

    func json() throws -> [String: Any] {
      guard let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
        throw Child.Failure("not a JSON object: \(output.prefix(200))")
      }
      return object
    }
  }

  /// Runs a program to its end.
  func run(_ words: [String], in folder: String? = nil, within time: Duration = .seconds(60)) async throws -> Answer {
    let name = root + "/run-" + UUID().uuidString
    defer { for part in [".out", ".err"] { unlink(name + part) } }
    let child = try Child(
      words, environment: environment, folder: folder, output: name + ".out", errors: name + ".err")
    do {
      guard case .code(let code) = try await child.end(within: time) else {
        throw Child.Failure("\(words.joined(separator: " ")) ended by a signal")
      }
      return Answer(code: code, output: text(name + ".out"), errors: text(name + ".err"))
    } catch {
      await child.destroy()
      throw error
    }
  }

  /// Runs `headgate` with this fleet's state folder.
  func headgate(_ words: String...) async throws -> Answer {
    try await run([Self.program] + words + ["--state", state])
  }

  @discardableResult func git(_ words: [String], in folder: String? = nil) async throws -> String {
    let answer = try await run(["git"] + words, in: folder ?? clone)
    guard answer.code == 0 else { throw Child.Failure("git \(words.joined(separator: " ")): \(answer.errors)") }
    return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Starts the controller, and the server with it unless one lives.
  func up(_ failPoint: (name: String, marker: String)? = nil) throws -> Child {
    var environment = environment
    if let failPoint {
      environment["HEADGATE_FAILPOINT"] = failPoint.name
      environment["HEADGATE_FAILPOINT_ONCE"] = failPoint.marker
    }
    return try Child(
      [
        Self.program, "up", "--repository", bare, "--path", "specs", "--state", state, "--rest-port", "\(port)",
        "--interval", "1s",
      ], environment: environment, output: log, errors: log)
  }

  /// Has the host of the repository kill a controller from a hook, once. `pre-receive` runs before the branch moves,
  /// `post-receive` after it, both before the push is answered.
  func arm(_ hook: String, against controller: Child) throws {
    let victim = root + "/victim"
    for name in ["pre-receive", "post-receive"] { unlink(bare + "/hooks/" + name) }
    let path = bare + "/hooks/" + hook
    try """
    #!/bin/sh
    cat >/dev/null
    [ -f '\(victim)' ] || exit 0
    kill -9 "$(cat '\(victim)')"
    rm '\(victim)'
    """.write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o755)
    try "\(controller.pid)".write(toFile: victim, atomically: true, encoding: .utf8)
  }

  /// The process number of the model server, while it lives.
  var serverPID: pid_t? {
    guard let pid = pid_t(text(state + "/server.pid").prefix { $0.isNumber }),
      text("/proc/\(pid)/cmdline").contains(state)
    else { return nil }
    return pid
  }

  /// Ends what is left and removes the folder.
  private func end() async {
    // A controller that lives a moment longer than its server starts another: until nothing is found any more.
    for _ in 0..<50 where killAll() { try? await Task.sleep(for: .milliseconds(10)) }
    try? FileManager.default.removeItem(atPath: root)
  }

  /// Kills every process that has the fleet's folder in its command line or its environment.
  private func killAll() -> Bool {
    var found = false
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = pid_t(name), pid != getpid(),
        text("/proc/\(pid)/cmdline").contains(root) || text("/proc/\(pid)/environ").contains(root)
      else { continue }
      found = true
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
    }
    return found
  }

  func text(_ path: String) -> String {
    (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  func digest(_ path: String) async throws -> String {
    "sha256:" + (try await run(["sha256sum", path]).output.prefix(64))
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutableBytes(of: &address) { bytes -> Bool in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return bind(descriptor, start, length) == 0 && getsockname(descriptor, start, &length) == 0
    }
    guard bound else { throw Child.Failure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  // MARK: What the fleet holds

  /// 600 rows of which the class is the sign of `a + b`; the groups are alike.
  private static let rows: String = {
    var text = "a,b,group,y,split\n"
    for (index, (a, b)) in points(600).enumerated() {
      text +=
        "\(a),\(b),\(index % 2 == 0 ? "north" : "south"),\(a + b > 0 ? 1 : 0),\(index < 10 ? "few" : "test")\n"
    }
    return text
  }()

  private static let requests = "a,b\n" + points(50).map { "\($0),\($1)\n" }.joined()

  private static func points(_ count: Int) -> [(Double, Double)] {
    var seed: UInt64 = 88_172_645_463_325_252
    func next() -> Double {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return Double(Int(seed % 2001) - 1000) / 500
    }
    return (0..<count).map { _ in (next(), next()) }
  }

  /// Writes the model and its spec.
  func write(_ model: Data, maxP99: String = "5s", accuracy: Double = 0.9) async throws -> String {
    try model.write(to: URL(filePath: clone + "/models/tiny.onnx"))
    let digest = try await digest(clone + "/models/tiny.onnx")
    let spec = """
      apiVersion: headgate.dev/v1
      kind: Dataset
      metadata: {name: points}
      spec:
        file: {path: ../data/rows.csv, digest: \(try await self.digest(clone + "/data/rows.csv"))}
        label: {column: y, positive: "1"}
        split: {column: split}
        sensitive: [group]
      ---
      apiVersion: headgate.dev/v1
      kind: ModelDeployment
      metadata: {name: tiny}
      spec:
        model: {artifact: {path: ../models/tiny.onnx, digest: \(digest)}}
        serving: {features: [a, b], outputs: {class: label, score: scores}}
        gates:
        - quality: {dataset: points, split: test, metric: accuracy, atLeast: \(accuracy)}
        - fairness: {dataset: points, split: test, metric: demographic_parity_difference, by: [group], atMost: 0.5}
        - security: {}
        rollout:
          steps: [{weight: 5%}, {weight: 25%}, {weight: 100%}]
          advance: {minSamples: 20, maxErrorRate: 1%, maxP99: \(maxP99), deadline: 10m}
          onFailure: revert

      """
    try spec.write(toFile: clone + "/specs/tiny.yaml", atomically: true, encoding: .utf8)
    return digest
  }

  /// Commits everything and pushes it, upon whatever the controller has pushed; gives the commit.
  @discardableResult func commit(_ subject: String) async throws -> String {
    try await git(["add", "-A"])
    try await git(["commit", "-qm", subject])
    try await git(["push", "-q", "origin", "HEAD:main"])
    return try await git(["rev-parse", "HEAD"])
  }

  /// Pushes a commit that has nothing to do with the model.
  func commitElsewhere() async throws {
    try await pull()
    try UUID().uuidString.write(toFile: clone + "/NOTES", atomically: true, encoding: .utf8)
    try await commit("Note something")
  }

  func pull() async throws {
    try await git(["pull", "-q", "--ff-only", "origin", "main"])
  }
}
