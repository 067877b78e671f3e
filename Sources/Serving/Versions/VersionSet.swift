import Domain

/// Which versions there are and in which state, and what follows for the routing table. A pure value: the host keeps it
/// under its lock and carries out what it returns.
struct VersionSet {
  /// A version of the routes, by model and number.
  struct Key: Hashable, Comparable {
    let name: ModelName
    let version: ReleaseNumber

    static func < (left: Key, right: Key) -> Bool { (left.name, left.version) < (right.name, right.version) }
  }

  /// What is known of a version that the routes name.
  ///
  /// `loading` leads to `ready`, `refused` or `failed`; the latter two lead to `loading` with the next generation.
  enum State {
    case loading
    case ready(LoadedVersion)
    case refused(String)
    case failed(String)
  }

  /// A version that the routes name.
  struct Slot {
    let route: VersionRoute
    /// Tells the results of different orders for the same version apart.
    let order: Int
    var state: State
    let meter: TrafficMeter
    let lane: InferenceLane

    var loaded: LoadedVersion? {
      if case .ready(let loaded) = state { loaded } else { nil }
    }
  }

  /// A version to load.
  struct Order {
    let key: Key
    let order: Int
    let slot: Slot
    let loaded: LoadedVersion?
  }

  private(set) var document: RouteDocument
  private(set) var slots: [Key: Slot] = [:]
  /// Versions with traffic that the routes no longer name, kept until what replaces them is ready.
  private var held: [Key: LoadedVersion] = [:]
  /// What the routing table gives each version, in hundredths of a percent.
  private(set) var effective: [Key: Int] = [:]
  private var counts: [ModelName: RequestCount] = [:]
  private var nextOrder = 0

  init() {
    document = RouteDocument(fencingToken: 0, generation: 0, models: [])
  }

  /// What becomes of a document.
  enum Decision: Equatable {
    case accept
    /// The same again: nothing to do.
    case repeated
    /// The same generation from a newer controller: only the token is noted.
    case newToken
    case refuse(String)
    /// The document makes no sense, whatever is in force.
    case senseless(String)
  }

  /// Decides about a document without changing anything.
  func decide(_ new: RouteDocument) -> Decision {
    guard new.fencingToken >= document.fencingToken else {
      return .refuse(
        "fencing token \(new.fencingToken) is older than \(document.fencingToken): another controller has taken over")
    }
    guard new.generation >= document.generation else {
      return .refuse("generation \(new.generation) is older than \(document.generation), which is in force")
    }
    guard new.generation == document.generation else {
      return Self.problem(with: new).map(Decision.senseless) ?? .accept
    }
    guard new.models == document.models else {
      return .refuse("generation \(new.generation) is in force with other routes; a change needs a new generation")
    }
    return new.fencingToken == document.fencingToken ? .repeated : .newToken
  }

  /// What makes a document senseless, if anything does.
  static func problem(with document: RouteDocument) -> String? {
    guard Set(document.models.map(\.name)).count == document.models.count else { return "a model is named twice" }
    for model in document.models {
      guard !model.name.text.isEmpty, model.name.text.utf8.count <= 253 else {
        return "a model's name is empty or long"
      }
      guard Set(model.versions.map(\.version)).count == model.versions.count else {
        return "model \(shown(model.name.text)) has a version twice"
      }
      let total = model.versions.reduce(0) { $0 + $1.weight.basisPoints }
      guard total == 0 || total == 10_000 else {
        return "the weights of model \(shown(model.name.text)) add up to \(total) basis points, not 10000"
      }
    }
    return nil
  }

  /// Takes a document that was accepted.
  /// - Returns: what must be loaded.
  mutating func apply(_ new: RouteDocument, makeLane: () -> InferenceLane) -> [Order] {
    let old = slots
    document = new
    slots = [:]
    var orders: [Order] = []
    for model in new.models {
      for route in model.versions {
        let key = Key(name: model.name, version: route.version)
        let known = old[key].flatMap { $0.route.digest == route.digest ? $0 : nil }
        if let known, known.isSame(as: route), known.isUsable {
          slots[key] = Slot(
            route: route, order: known.order, state: known.state, meter: known.meter, lane: known.lane)
          continue
        }
        nextOrder += 1
        let slot = Slot(
          route: route, order: nextOrder, state: .loading, meter: known?.meter ?? TrafficMeter(),
          lane: known?.lane ?? makeLane())
        slots[key] = slot
        orders.append(Order(key: key, order: nextOrder, slot: slot, loaded: known?.loaded))
      }
    }
    // What has traffic now keeps it until its successors are ready, also a version whose admission is asked again.
    for (key, slot) in old {
      guard let loaded = slot.loaded, effective[key, default: 0] > 0, slots[key]?.loaded == nil else { continue }
      held[key] = loaded
    }
    return orders
  }

  /// Notes a newer controller's token.
  mutating func adopt(token: Int) {
    document = RouteDocument(fencingToken: token, generation: document.generation, models: document.models)
  }

  /// Notes how an order ended; a result that no longer fits the routes is dropped.
  mutating func finish(_ order: Order, _ state: State) {
    guard slots[order.key]?.order == order.order else { return }
    slots[order.key]?.state = state
  }

  /// Whether an order is still wanted.
  func wants(_ order: Order) -> Bool { slots[order.key]?.order == order.order }

  /// Whether anything is still loading.
  var isLoading: Bool {
    slots.values.contains { if case .loading = $0.state { true } else { false } }
  }

  /// Computes the routing table, and lets go of what it no longer needs.
  ///
  /// A model whose weighted versions are all ready is served as the routes say. Otherwise the share of those that are not
  /// (loading, refused, failed) stays with the versions that the routes dropped and that had traffic before; without
  /// such, the ready ones have all.
  mutating func makeTable() -> RoutingTable {
    var entries: [ModelName: RoutingTable.Entry] = [:]
    var absent: [ModelName: [ReleaseNumber: String]] = [:]
    var newEffective: [Key: Int] = [:]
    // A version that is ready again, or anew, needs no stand-in.
    held = held.filter { slots[$0.key]?.loaded == nil }
    for model in document.models {
      var weights: [ReleaseNumber: Int] = [:]
      var loaded: [ReleaseNumber: LoadedVersion] = [:]
      var missing = 0
      for route in model.versions {
        let slot = slots[Key(name: model.name, version: route.version)]
        if let version = slot?.loaded, route.weight > .none {
          weights[route.version] = route.weight.basisPoints
          loaded[route.version] = version
        } else {
          missing += route.weight.basisPoints
          absent[model.name, default: [:]][route.version] = slot?.reasonForNoTraffic ?? "is not loaded"
        }
      }
      // What admission has refused under the policy now in force gets no traffic, whatever it had before.
      let kept = held.filter { $0.key.name == model.name && slots[$0.key]?.isRefused != true }
      if missing > 0 {
        let before = kept.keys.reduce(0) { $0 + max(1, effective[$1, default: 1]) }
        var left = missing
        for (key, version) in kept.sorted(by: { $0.key < $1.key }) {
          let share = max(1, missing * max(1, effective[key, default: 1]) / before)
          weights[key.version] = min(share, max(1, left))
          loaded[key.version] = version
          left -= share
        }
      } else {
        for key in kept.keys { held[key] = nil }
      }
      guard let router = Router(weights, model: model.name) else { continue }
      let count = counts[model.name] ?? RequestCount()
      counts[model.name] = count
      let total = weights.values.reduce(0, +)
      for (version, weight) in weights {
        newEffective[Key(name: model.name, version: version)] = weight * 10_000 / total
      }
      entries[model.name] = RoutingTable.Entry(router: router, versions: loaded, count: count)
    }
    let names = Set(document.models.map(\.name))
    held = held.filter { names.contains($0.key.name) }
    counts = counts.filter { names.contains($0.key) }
    effective = newEffective
    return RoutingTable(entries: entries, absent: absent)
  }

  /// The versions that are held although the routes no longer name them.
  var heldVersions: [LoadedVersion] { Array(held.values) }
}

extension VersionSet.Slot {
  /// Whether admission would be asked the same question.
  fileprivate func isSame(as other: VersionRoute) -> Bool {
    route.digest == other.digest && route.evidence == other.evidence && route.policy == other.policy
  }

  /// What was refused or failed is tried again with each new generation.
  fileprivate var isUsable: Bool {
    switch state {
    case .loading, .ready: true
    case .refused, .failed: false
    }
  }

  fileprivate var isRefused: Bool {
    if case .refused = state { true } else { false }
  }

  fileprivate var reasonForNoTraffic: String {
    switch state {
    case .loading: "is still loading"
    case .ready: "is loaded, but the routes give it no traffic"
    case .refused(let message), .failed(let message): "cannot be served: \(message)"
    }
  }
}
