import Domain

/// What a controller and its server are told: by flags, by `headgate.yaml` in the state folder, or by neither.
package struct Configuration: Sendable, Hashable {
  /// Any address git knows, or a path.
  package var repository: String?
  package var branch: String?
  /// The folder of the specs in the repository.
  package var path: RepositoryPath?
  /// The time between two polls.
  package var interval: Duration?
  package var restHost: String?
  package var restPort: Int?
  /// Threads that run models.
  package var threads: Int?

  package init(
    repository: String? = nil, branch: String? = nil, path: RepositoryPath? = nil, interval: Duration? = nil,
    restHost: String? = nil, restPort: Int? = nil, threads: Int? = nil
  ) {
    self.repository = repository
    self.branch = branch
    self.path = path
    self.interval = interval
    self.restHost = restHost
    self.restPort = restPort
    self.threads = threads
  }

  /// This configuration, with what it leaves open taken from another one.
  package func over(_ other: Configuration) -> Configuration {
    Configuration(
      repository: repository ?? other.repository, branch: branch ?? other.branch, path: path ?? other.path,
      interval: interval ?? other.interval, restHost: restHost ?? other.restHost,
      restPort: restPort ?? other.restPort, threads: threads ?? other.threads)
  }
}

extension Configuration {
  /// Reads the bytes of a `headgate.yaml`, as strictly as a spec; an empty file leaves everything open.
  ///
  /// - Throws: `ConfigurationFaults` with every diagnostic.
  package init(yaml bytes: [UInt8]) throws(ConfigurationFaults) {
    let limits = NodeLimits()
    let source = SourceText(path: ConfigurationFaults.fileName, bytes: bytes)
    let findings = Findings(source: source, limit: limits.diagnostics)
    let (documents, _) = NodeBuilder.documents(of: source, limits: limits, findings: findings)
    let roots = documents.compactMap(\.root)
    if roots.count > 1 {
      findings.error(at: roots[1].span, "a second document", hint: "all settings stand in one")
    }
    let fields = roots.first.flatMap { ShapeReader(findings: findings).object($0, as: .configuration) }
    let path = fields?["path"]
    let folder = path?.text.flatMap { RepositoryPath($0) }
    if let path, let text = path.text, folder == nil {
      findings.error(
        at: path.span, "the path \(text.quoted) lies outside of the repository",
        hint: "write it relative to the root of the repository")
    }
    let diagnostics = findings.finish()
    guard findings.errorCount == 0 else { throw ConfigurationFaults(diagnostics: diagnostics) }
    let rest = fields?["rest"]?.fields
    self.init(
      repository: fields?["repository"]?.text, branch: fields?["branch"]?.text, path: folder,
      interval: fields?["interval"]?.duration, restHost: rest?["host"]?.text, restPort: rest?["port"]?.integer,
      threads: fields?["threads"]?.integer)
  }
}

/// What is wrong in a `headgate.yaml`.
package struct ConfigurationFaults: Error, Sendable {
  package let diagnostics: [Diagnostic]

  /// The file as diagnostics name it, without the state folder it lies in.
  static let fileName = RepositoryPath("headgate.yaml") ?? .root
}
