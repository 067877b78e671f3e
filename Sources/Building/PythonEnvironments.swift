import Domain
import Glibc
import Processes

/// Python environments made from hashed lock files, one a digest, made once.
///
/// This step alone has a network, and alone sees pip's configuration, proxy and certificate settings, read-only. Only
/// wheels whose hash stands in the lock file are installed: a source package would run code while it is installed.
struct PythonEnvironments: Sendable {
  let sandbox: Sandbox
  /// Where environments are kept, a folder for each digest.
  let folder: String
  private static let interpreter = "/usr/bin/python3"

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

  /// The folder of the environment, made when it is missing. The log gets what pip says.
  func prepare(_ digest: Digest, lock: BuildInput, log: String) async throws -> String {
    let final = folder + "/" + digest.hex
    if FileSystem.exists(final + "/complete") { return final }
    // Without namespaces a virtual environment cannot be moved, so it is made where it stays.
    let making = sandbox.isolation == .reduced ? final : final + ".making-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    FileSystem.removeTree(making)
    do {
      try FileSystem.makeFolder(making)
      let environment = sandbox.environmentPath(making)
      let lockPath = making + "/requirements.lock"
      switch lock.content {
      case .bytes(let bytes): try FileSystem.create(lockPath, bytes: bytes)
      case .file(let path): try FileSystem.copy(path, to: lockPath)
      }
      let line = """
        \(Self.interpreter) -m venv "\(environment)" && "\(environment)/bin/python" -m pip install --no-input \
        --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: -r "\(environment)/requirements.lock"
        """
      let ending = try await sandbox.command(line, folders: folders(making), limits: nil, output: .file(log))
        .run(deadline: .seconds(1200))
      guard ending.succeeded else {
        throw StageError(
          .building, reason: "PythonEnvironmentFailed",
          "pip could not install the lock file: \(BuildLog.lastError(of: log))", remedy: .retry)
      }
      try FileSystem.create(making + "/complete", bytes: [])
    } catch {
      FileSystem.removeTree(making)
      throw error
    }
    if making != final, rename(making, final) != 0 {
      // Another build was first; both are made of the same lock file.
      FileSystem.removeTree(making)
    }
    return final
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
