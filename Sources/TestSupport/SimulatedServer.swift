import Domain

/// A server without sockets: it takes route documents as the real one does, loads, drains, refuses, and counts traffic.
package struct SimulatedServer: Sendable {
  /// How one model behaves.
  package struct Behaviour: Hashable, Sendable {
    package var latencyMicroseconds: UInt64 = 1000
    /// One answer in so many is an error; 0 for none.
    package var errorEvery = 0
    /// Why it is not served, if it is not.
    package var refusal: String?

    package init(latencyMicroseconds: UInt64 = 1000, errorEvery: Int = 0, refusal: String? = nil) {
      self.latencyMicroseconds = latencyMicroseconds
      self.errorEvery = errorEvery
      self.refusal = refusal
    }
  }

  private struct Running {
    var route: VersionRoute
    var state: VersionStatus.State
    var traffic = TrafficCounters.none
  }

  package private(set) var instance = "server-0"
  package private(set) var document: RouteDocument?
  private var models: [ModelName: [ReleaseNumber: Running]] = [:]
  private var starts = 0
  /// By model digest.
  package var behaviours: [Digest: Behaviour] = [:]
  package private(set) var lostRequests = 0

  package init() {}

  /// Takes a document as the specification of the server says.
  package mutating func apply(_ new: RouteDocument) throws(StageError) {
    if let document {
      guard new.fencingToken >= document.fencingToken else {
        throw StageError(.loading, reason: "Fenced", "A newer controller has taken over.", remedy: .retry)
      }
      guard new.generation >= document.generation else {
        throw StageError(.loading, reason: "OlderGeneration", "A newer document was taken.", remedy: .retry)
      }
      if new.generation == document.generation { return }
    }
    document = new
    bring(new)
  }

  private mutating func bring(_ document: RouteDocument) {
    let wanted = Dictionary(document.models.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
    for name in models.keys {
      for version in models[name, default: [:]].keys
      where wanted[name]?.versions.contains(where: { $0.version == version }) != true {
        models[name]?[version]?.state = .draining
      }
    }
    for model in document.models {
      for route in model.versions {
        if models[model.name]?[route.version]?.route.digest == route.digest,
          models[model.name]?[route.version]?.state != .draining
        {
          let before = models[model.name]?[route.version]?.route
          models[model.name]?[route.version]?.route = route
          // Another policy or other evidence: admission is asked again.
          if before?.policy != route.policy || before?.evidence != route.evidence {
            models[model.name]?[route.version]?.state = .loading
          }
        } else {
          models[model.name, default: [:]][route.version] = Running(route: route, state: .loading)
        }
      }
    }
  }

  /// Lets time pass: what loads becomes ready or is refused, what drains goes, and requests are answered.
  /// - Parameter progress: whether loading and draining get anywhere.
  package mutating func tick(requests: Int, progress: Bool = true) {
    for (name, versions) in models {
      for (number, running) in versions where progress {
        switch running.state {
        case .draining: models[name]?[number] = nil
        case .loading:
          models[name]?[number]?.state = behaviours[running.route.digest]?.refusal == nil ? .ready : .refused
        case .ready, .refused, .failed: break
        }
      }
      if models[name]?.isEmpty == true { models[name] = nil }
      answer(requests, of: name)
    }
  }

  /// Splits requests by weight among what is ready, deterministically.
  private mutating func answer(_ count: Int, of name: ModelName) {
    let ready = models[name, default: [:]].filter { $0.value.state == .ready && $0.value.route.weight > .none }
    let whole = ready.values.reduce(0) { $0 + $1.route.weight.basisPoints }
    guard whole > 0 else { return }
    for (number, running) in ready {
      let share = count * running.route.weight.basisPoints / whole
      guard share > 0 else { continue }
      let behaviour = behaviours[running.route.digest] ?? Behaviour()
      let before = running.traffic
      let total = before.requests + share
      let errors = behaviour.errorEvery == 0 ? 0 : total / behaviour.errorEvery
      let latency = LatencyHistogram(
        counts: [(bucket: LatencyHistogram.bucket(of: behaviour.latencyMicroseconds), count: share)])
      models[name]?[number]?.traffic = TrafficCounters(
        requests: total, errors: errors, latency: before.latency.adding(latency))
    }
  }

  /// The process is replaced; it starts from the last document.
  package mutating func restart() {
    starts += 1
    instance = "server-\(starts)"
    models = [:]
    if let document { bring(document) }
  }

  /// The process is replaced on an empty disk.
  package mutating func forget() {
    document = nil
    restart()
  }

  /// What it reports.
  package var status: ServerStatus {
    ServerStatus(
      instance: instance, fencingToken: document?.fencingToken ?? 0, generation: document?.generation ?? 0,
      models: models.sorted { $0.key < $1.key }.map { name, versions in
        ModelStatus(
          name: name,
          versions: versions.sorted { $0.key < $1.key }.map { number, running in
            VersionStatus(
              version: number, digest: running.route.digest, state: running.state,
              message: running.state == .refused ? behaviours[running.route.digest]?.refusal : nil,
              weight: running.route.weight, inFlight: 0, traffic: running.traffic)
          })
      })
  }
}
