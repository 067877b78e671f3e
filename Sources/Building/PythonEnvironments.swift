import Domain
import Glibc
import Processes
import Synchronization

/// Python environments made from hashed lock files, one a digest, made once.
///
/// This step alone has a network, and alone sees pip's configuration, proxy and certificate settings, read-only. Only
/// wheels whose hash stands in the lock file are installed: a source package would run code while it is installed. pip's
/// downloads go to the environment's disk, where they are watched, and not to `/tmp`, which is memory and too small for
/// some packages.
struct PythonEnvironments: Sendable {
  let sandbox: Sandbox
  /// Where environments are kept, a folder for each digest.
  let folder: String
  let allowance: DiskAllowance
  private static let interpreter = "/usr/bin/python3"
  private static let deadline = Duration.seconds(1200)
  private static let lockName = "requirements.lock"
  private static let pipLogName = "pip.log"
  private static let temporaryName = "tmp"
  /// Between the name of an environment and what tells its makers apart.
  private static let making = ".making-"
  /// The environments that builds of this process are making.
  private static let beingMade = Mutex<Set<String>>([])

  /// Removes what killed runs have left half made.
  func removeAbandoned() {
    for name in FileSystem.names(in: folder) where name.contains(Self.making) {
      FileSystem.removeTree(folder + "/" + name)
    }
  }

  /// The digest of an environment: the lock file, the interpreter and the kind of isolation, whose paths differ.
  func digest(lock: BuildInput) throws(StageError) -> Digest {
    guard let interpreter = FileSystem.realPath(Self.interpreter) else {
      throw StageError(
        .building, reason: "NoPython", "\(Self.interpreter) is missing: install the packages python3 and python3-venv",
        remedy: .changeSpec)
    }
    var builder = DigestBuilder("headgate.python.v1")
    builder.add(lock.digest)
    builder.add(interpreter)
    builder.add(sandbox.isolation.rawValue)
    if sandbox.isolation == .reduced { builder.add(folder) }
    return builder.finish()
  }

  /// The folder of the environment, made when it is missing. The log gets what pip says. Builds that need it at the
  /// same time wait until the first has made it, or could not.
  /// - Throws: `StageError`, whose remedy is a change of the lock file where pip says that no other attempt can succeed;
  ///   `FileError`; `ProcessError`; `CancellationError`.
  func prepare(_ digest: Digest, lock: BuildInput, log: String) async throws -> String {
    let final = folder + "/" + digest.hex
    while !Self.beingMade.withLock({ $0.insert(final).inserted }) { try await Task.sleep(for: .milliseconds(100)) }
    defer { Self.beingMade.withLock { _ = $0.remove(final) } }
    if Self.isComplete(final) { return final }
    // Without namespaces a virtual environment cannot be moved, so it is made where it stays.
    let making =
      sandbox.isolation == .reduced ? final : final + Self.making + "\(getpid())-\(UInt32.random(in: 0 ... .max))"
    FileSystem.removeTree(making)
    do {
      try FileSystem.makeFolder(making)
      let environment = sandbox.environmentPath(making)
      try FileSystem.makeFolder(making + "/" + Self.temporaryName)
      try lock.write(to: making + "/" + Self.lockName)
      let line = """
        \(Self.interpreter) -m venv "\(environment)" && "\(environment)/bin/python" -m pip install --no-input \
        --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: \
        --log "\(environment)/\(Self.pipLogName)" -r "\(environment)/\(Self.lockName)"
        """
      let command = sandbox.command(line, folders: folders(making), limits: nil, output: .file(log))
      try check(try await run(command, in: making, log: log), of: lock, in: making, log: log)
      FileSystem.removeTree(making + "/" + Self.pipLogName)
      FileSystem.removeTree(making + "/" + Self.temporaryName)
      try FileSystem.create(making + "/complete", bytes: [])
    } catch {
      FileSystem.removeTree(making)
      throw error
    }
    if making != final { try Self.move(making, to: final) }
    return final
  }

  private static func isComplete(_ folder: String) -> Bool { FileSystem.exists(folder + "/complete") }

  /// Moves what was made to its place.
  private static func move(_ making: String, to final: String) throws(FileError) {
    guard rename(making, final) != 0 else { return }
    // Another process was first, and both are made of the same lock file; or something lies there that is incomplete.
    let isMade = isComplete(final)
    if !isMade {
      FileSystem.removeTree(final)
      guard rename(making, final) != 0 else { return }
    }
    let error = FileError("rename", making)
    FileSystem.removeTree(making)
    if !isMade { throw error }
  }

  private func run(_ command: ProcessCommand, in making: String, log: String) async throws -> ProcessEnding {
    let watch = await DiskWatch(
      making, bytes: allowance.environmentBytes, files: allowance.environmentFileCount, log: log, allowance: allowance)
    do {
      return try await watch.run(command, deadline: Self.deadline)
    } catch let excess as DiskExcess {
      throw excess.stageError(of: "the Python environment", advice: "name fewer or smaller packages in the lock file")
    }
  }

  private func check(
    _ ending: ProcessEnding, of lock: BuildInput, in making: String, log: String
  ) throws(StageError) {
    if ending.succeeded { return }
    let path = sandbox.environmentPath(making) + "/" + Self.lockName
    // The end is enough: pip names what stopped it last, after what it asked the indexes.
    let pipLog = FileSystem.tail(of: making + "/" + Self.pipLogName, limit: 4 << 20)
    if let failure = PipFailure(log: pipLog, lockFile: path, name: lock.fileName) {
      throw StageError(.building, reason: "PythonEnvironmentFailed", failure.message, remedy: .changeSpec)
    }
    let what = ending.status == .stopped(.timeOver) ? "took longer than \(Self.deadline)" : "failed"
    throw StageError(
      .building, reason: "PythonEnvironmentFailed",
      "installing \(lock.fileName) \(what): \(BuildLog.lastError(of: log))", remedy: .retry)
  }

  private func folders(_ making: String) -> SandboxFolders {
    var variables: [String: String] = [:]
    var readable = [
      "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
      "/etc/pip.conf", "/etc/xdg/pip",
    ]
    let home = getenv("HOME").map { String(cString: $0) }
    if let home {
      // The files keep their places, so HOME must keep its value too.
      variables["HOME"] = home
      readable += [home + "/.config/pip", home + "/.pip", home + "/.netrc"]
    }
    for (name, value) in inheritedSettings() {
      variables[name] = value
      for part in value.split(separator: " ") where part.hasPrefix("/") && FileSystem.exists(String(part)) {
        readable.append(String(part))
      }
    }
    variables["TMPDIR"] = sandbox.environmentPath(making) + "/" + Self.temporaryName
    return SandboxFolders(
      python: .init(path: making, writable: true), network: true, readable: readable, variables: variables)
  }

  /// Settings of pip, proxies and certificates of this process.
  private func inheritedSettings() -> [(name: String, value: String)] {
    let names: Set = [
      "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
      "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS",
    ]
    return ProcessEnvironment.variables.filter { names.contains($0.name) || $0.name.hasPrefix("PIP_") }
  }
}
