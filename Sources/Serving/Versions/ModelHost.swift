import Domain
import Glibc
import Logging
import Synchronization

/// Holds the versions and the routing table, takes route documents, and loads what they ask for.
final class ModelHost: Sendable {
  private struct State {
    var set = VersionSet()
    var table = RoutingTable.empty
    /// Versions out of the table that may still answer requests.
    var draining: [Draining] = []
  }

  private struct Draining {
    weak var version: LoadedVersion?
  }

  let pool: InferencePool
  private let loader: VersionLoader
  private let artifactPath: @Sendable (Digest) -> String
  private let persist: @Sendable (RouteDocument) throws(RequestError) -> Void
  private let queueCapacity: Int
  private let logger: Logger
  private let loading = SerialThread()
  private let state = Mutex(State())
  /// One document at a time: decided, written to disk, applied.
  private let applying = Mutex(())

  init(
    pool: InferencePool, loader: VersionLoader, queueCapacity: Int, logger: Logger,
    artifactPath: @escaping @Sendable (Digest) -> String,
    persist: @escaping @Sendable (RouteDocument) throws(RequestError) -> Void
  ) {
    self.pool = pool
    self.loader = loader
    self.queueCapacity = queueCapacity
    self.logger = logger
    self.artifactPath = artifactPath
    self.persist = persist
  }

  /// The routing table at this moment.
  var table: RoutingTable { state.withLock { $0.table } }

  /// Whether a version is still being loaded.
  var isLoading: Bool { state.withLock { $0.set.isLoading } }

  /// Takes a document: refuses an old one, keeps a new one on disk, then applies it. Returns before anything is loaded.
  func apply(_ document: RouteDocument) throws(RequestError) {
    try applying.withLock { _ throws(RequestError) in
      switch state.withLock({ $0.set.decide(document) }) {
      case .repeated: return
      case .refuse(let reason): throw RequestError(409, reason)
      case .senseless(let reason): throw .invalid(reason)
      case .newToken:
        try persist(document)
        state.withLock { $0.set.adopt(token: document.fencingToken) }
      case .accept:
        try persist(document)
        adopt(document)
      }
    }
  }

  /// Applies the document that a former process left on disk.
  func restore(_ document: RouteDocument) {
    adopt(document)
  }

  /// Serves one file without gates.
  func serveUngated(_ path: String, name: ModelName) throws(VersionLoader.Problem) {
    let version = try loader.loadUngated(path, name: name, lane: pool.makeLane(capacity: queueCapacity))
    guard let router = Router([version.version: Share.all.basisPoints], model: name) else { return }
    let entry = RoutingTable.Entry(
      router: router, versions: [version.version: version], count: RequestCount())
    state.withLock { $0.table = RoutingTable(entries: [name: entry], absent: [:]) }
  }

  private func adopt(_ document: RouteDocument) {
    let orders = state.withLock { state in
      state.set.apply(document) { pool.makeLane(capacity: queueCapacity) }
    }
    refresh()
    for order in orders {
      loading.run { [weak self] in self?.load(order) }
    }
  }

  private func load(_ order: VersionSet.Order) {
    guard state.withLock({ $0.set.wants(order) }) else { return }
    let key = order.key
    let result: VersionSet.State
    do throws(VersionLoader.Problem) {
      let version = try loader.load(
        VersionLoader.Order(
          name: key.name, route: order.slot.route, path: artifactPath(order.slot.route.digest),
          meter: order.slot.meter, lane: order.slot.lane, loaded: order.loaded))
      logger.info("model \(key.name) version \(key.version) is ready (\(order.slot.route.digest))")
      result = .ready(version)
    } catch {
      switch error {
      case .refused(let message):
        logger.error("model \(key.name) version \(key.version) is refused: \(message)")
        result = .refused(message)
      case .failed(let message):
        logger.error("model \(key.name) version \(key.version) cannot be loaded: \(message)")
        result = .failed(message)
      }
    }
    state.withLock { $0.set.finish(order, result) }
    refresh()
  }

  /// Swaps the routing table for one that fits what is loaded now.
  private func refresh() {
    let released = state.withLock { state in
      let old = state.table
      let table = state.set.makeTable()
      state.table = table
      let current = Set(table.entries.values.flatMap { $0.versions.values.map(ObjectIdentifier.init) })
      let gone = old.entries.values.flatMap(\.versions.values).filter { !current.contains(ObjectIdentifier($0)) }
      state.draining.removeAll { $0.version == nil }
      state.draining.append(contentsOf: gone.map { Draining(version: $0) })
      for (key, weight) in state.set.effective {
        table.entries[key.name]?.versions[key.version]?.lane.setWidth(pool.width(ofShare: Double(weight) / 10_000))
      }
      return gone
    }
    for version in released {
      logger.info("model \(version.name) version \(version.version) drains, \(version.inFlight) requests in flight")
    }
  }

  /// One line of the status: a version in the routes, or one that drains.
  struct Row: Sendable {
    let name: ModelName
    let status: VersionStatus
    let reading: TrafficMeter.Reading
    let queueDepth: Int
    let queueCapacity: Int
  }

  /// What the server has at this moment.
  func rows() -> (fencingToken: Int, generation: Int, rows: [Row]) {
    let (document, slots, effective, held, table, draining) = state.withLock { state in
      (
        state.set.document, state.set.slots, state.set.effective, state.set.heldVersions, state.table,
        state.draining.compactMap(\.version)
      )
    }
    var rows: [Row] = []
    var seen: Set<ObjectIdentifier> = []
    for (key, slot) in slots.sorted(by: { $0.key < $1.key }) {
      let (state, message): (VersionStatus.State, String?) =
        switch slot.state {
        case .loading: (.loading, nil)
        case .ready: (.ready, nil)
        case .refused(let message): (.refused, message)
        case .failed(let message): (.failed, message)
        }
      if let loaded = slot.loaded { seen.insert(ObjectIdentifier(loaded)) }
      // A version whose admission is asked again still answers by its former one.
      let serving = slot.loaded ?? held.first { $0.name == key.name && $0.version == key.version }
      if let serving { seen.insert(ObjectIdentifier(serving)) }
      rows.append(
        row(
          key.name, key.version, slot.route.digest, state, message, effective[key, default: 0],
          serving?.inFlight ?? 0, slot.meter, slot.lane))
    }
    for version in held + table.entries.values.flatMap(\.versions.values)
    where seen.insert(ObjectIdentifier(version)).inserted {
      let weight = effective[VersionSet.Key(name: version.name, version: version.version)]
      let isUngated = version.route == nil
      rows.append(
        row(
          version.name, version.version, version.digest, .ready, nil, isUngated ? 10_000 : weight ?? 0,
          version.inFlight, version.meter, version.lane))
    }
    for version in draining where version.inFlight > 0 && seen.insert(ObjectIdentifier(version)).inserted {
      rows.append(
        row(
          version.name, version.version, version.digest, .draining, nil, 0, version.inFlight, version.meter,
          version.lane))
    }
    return (document.fencingToken, document.generation, rows)
  }

  private func row(
    _ name: ModelName, _ version: ReleaseNumber, _ digest: Digest, _ state: VersionStatus.State, _ message: String?,
    _ weight: Int, _ inFlight: Int, _ meter: TrafficMeter, _ lane: InferenceLane
  ) -> Row {
    let reading = meter.reading
    let status = VersionStatus(
      version: version, digest: digest, state: state, message: message, weight: Share(basisPoints: weight) ?? .none,
      inFlight: inFlight,
      traffic: TrafficCounters(requests: reading.requests, errors: reading.errors, latency: reading.latency))
    return Row(
      name: name, status: status, reading: reading, queueDepth: lane.depth, queueCapacity: queueCapacity)
  }
}
