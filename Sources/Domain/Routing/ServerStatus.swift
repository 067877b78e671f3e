/// What a server reports of itself.
package struct ServerStatus: Hashable, Sendable, Decodable {
  /// New with every process, so that counters that began again are never subtracted from older ones.
  package let instance: String
  package let fencingToken: Int
  package let generation: Int
  package let models: [ModelStatus]

  package init(instance: String, fencingToken: Int, generation: Int, models: [ModelStatus]) {
    self.instance = instance
    self.fencingToken = fencingToken
    self.generation = generation
    self.models = models
  }

  /// The status of one version, if the server knows it.
  package func version(_ number: ReleaseNumber, of model: ModelName) -> VersionStatus? {
    models.first { $0.name == model }?.versions.first { $0.version == number }
  }
}

/// One model of a server.
package struct ModelStatus: Hashable, Sendable, Decodable {
  package let name: ModelName
  package let versions: [VersionStatus]

  package init(name: ModelName, versions: [VersionStatus]) {
    self.name = name
    self.versions = versions
  }
}

/// One loaded, loading or refused version.
package struct VersionStatus: Hashable, Sendable, Decodable {
  /// `loading` leads to `ready`, `refused` or `failed`; `ready` to `draining`; a drained version disappears.
  package enum State: String, Hashable, Sendable, Decodable {
    case loading, ready, draining, refused, failed
  }

  package let version: ReleaseNumber
  package let digest: Digest
  package let state: State
  /// Why it was refused or failed.
  package let message: String?
  package let weight: Share
  package let inFlight: Int
  package let traffic: TrafficCounters

  package init(
    version: ReleaseNumber, digest: Digest, state: State, message: String? = nil, weight: Share, inFlight: Int,
    traffic: TrafficCounters
  ) {
    self.version = version
    self.digest = digest
    self.state = state
    self.message = message
    self.weight = weight
    self.inFlight = inFlight
    self.traffic = traffic
  }
}

/// Answers of a version, since it was loaded, that say something of it. A refusal of what a client did wrong (4xx) says
/// nothing and is in none of the figures.
package struct TrafficCounters: Hashable, Sendable, Codable {
  package let requests: Int
  /// Answers that were the server's fault (5xx), and refusals of requests that another version of the model would take.
  package let errors: Int
  /// From the last byte of the request read to the answer handed over, in microseconds.
  package let latency: LatencyHistogram

  package static let none = TrafficCounters(requests: 0, errors: 0, latency: LatencyHistogram())

  package init(requests: Int, errors: Int, latency: LatencyHistogram) {
    self.requests = requests
    self.errors = errors
    self.latency = latency
  }

  /// What came since an earlier reading of the same instance; a reading that went backwards counts from zero.
  package func since(_ earlier: TrafficCounters) -> TrafficCounters {
    guard requests >= earlier.requests, errors >= earlier.errors else { return self }
    return TrafficCounters(
      requests: requests - earlier.requests, errors: errors - earlier.errors,
      latency: latency.subtracting(earlier.latency))
  }
}
