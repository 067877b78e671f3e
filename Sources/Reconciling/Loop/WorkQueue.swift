import Domain

/// Which long work runs: one piece for each object, a bounded number at once, first come first served.
///
/// Pure bookkeeping; whoever holds it starts and stops the work.
struct WorkQueue {
  /// Work of one kind shares places, so that slow builds never keep a revert from being pushed.
  enum Lane: Hashable {
    case work, push

    init(_ action: Action) {
      if case .revert = action { self = .push } else { self = .work }
    }
  }

  private struct Running {
    let key: String
    let lane: Lane
    var isStopping = false
  }

  private let widths: [Lane: Int]
  private var running: [ModelName: Running] = [:]
  /// Objects in the order in which they first asked.
  private var waiting: [ModelName] = []
  private var wanted: [ModelName: Action] = [:]

  init(workWidth: Int, pushWidth: Int) {
    widths = [.work: max(1, workWidth), .push: max(1, pushWidth)]
  }

  var isEmpty: Bool { running.isEmpty && waiting.isEmpty }

  /// Takes in what an object asks for now.
  /// - Returns: whether what runs for it is obsolete and is to be stopped. A push is never stopped: it may have happened.
  mutating func ask(_ name: ModelName, for action: Action?) -> Bool {
    wanted[name] = action
    if action == nil {
      waiting.removeAll { $0 == name }
    } else if running[name] == nil, !waiting.contains(name) {
      waiting.append(name)
    }
    guard let current = running[name], current.lane == .work, !current.isStopping,
      action.map({ $0.key(of: name) != current.key }) ?? true
    else { return false }
    running[name]?.isStopping = true
    return true
  }

  /// The next pieces to start; they count as running from now on.
  mutating func start() -> [(name: ModelName, action: Action)] {
    var started: [(name: ModelName, action: Action)] = []
    for name in waiting where running[name] == nil {
      guard let action = wanted[name] else { continue }
      let lane = Lane(action)
      guard running.values.count(where: { $0.lane == lane }) < widths[lane] ?? 1 else { continue }
      running[name] = Running(key: action.key(of: name), lane: lane)
      started.append((name, action))
    }
    waiting.removeAll { running[$0] != nil }
    return started
  }

  /// Frees the place of a piece that ended.
  mutating func end(_ name: ModelName) {
    running[name] = nil
    // What it asks for now is heard again with its next decision.
    wanted[name] = nil
  }
}
