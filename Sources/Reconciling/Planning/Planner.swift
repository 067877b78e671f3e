import Domain

/// What would change: pure comparisons, whose cost grows with the number of objects and, per changed one, its fields.
package enum Planner {
  /// Compares a head with what serves.
  ///
  /// A deployment is compared with its champion's; data sets and environments with those of the last applied commit. So
  /// a head whose objects all serve gives no changes, after a promotion as after a revert.
  package static func plan(desired: DesiredState, actual: ActualState) -> Plan {
    var table = PlanTable()
    for (name, deployment) in desired.deployments {
      table.add(entry(for: deployment, record: actual.deployments[name]))
    }
    for (name, record) in actual.deployments where desired.deployments[name] == nil {
      table.add(entry(forMissing: record, head: desired))
    }
    for object in desired.named {
      table.add(object.entry(comparedWith: actual.applied[object.id], old: nil))
    }
    for id in actual.applied.keys where desired.isMissing(id) {
      table.add(missing(id, path: nil, head: desired))
    }
    let known = Set(actual.deployments.values.compactMap { $0.path }).union(table.paths)
    for path in desired.invalidFiles.subtracting(known) {
      table.add(PlanEntry(action: .blocked, object: nil, path: path, reason: desired.reason(for: path)))
    }
    return table.plan(
      PlanBasis(desired: desired, actual: actual), diagnostics: desired.diagnostics)
  }

  /// Compares two commits, as for a pull request; what serves plays no part.
  package static func plan(base: DesiredState, head: DesiredState) -> Plan {
    var table = PlanTable()
    for (name, deployment) in head.deployments {
      table.add(entry(for: deployment, live: base.deployments[name], quarantine: []))
    }
    for (name, deployment) in base.deployments where head.deployments[name] == nil {
      let id = ObjectID(.modelDeployment, name.text)
      table.add(missing(id, path: deployment.place.path, head: head))
    }
    let before = Dictionary(base.named.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for object in head.named {
      let old = before[object.id]
      table.add(object.entry(comparedWith: old?.digest, old: old?.fields))
    }
    for object in base.named where head.isMissing(object.id) {
      table.add(missing(object.id, path: object.path, head: head))
    }
    let known = Set(base.deployments.values.map(\.place.path) + base.named.map(\.path)).union(table.paths)
    for path in head.invalidFiles.subtracting(known) {
      table.add(PlanEntry(action: .blocked, object: nil, path: path, reason: head.reason(for: path)))
    }
    let datasets = head.datasets.map { ($0.key.text, $0.value.digest) }
    return table.plan(
      PlanBasis(
        base: base.commit, head: head.commit, live: [:],
        datasets: Dictionary(datasets, uniquingKeysWith: { first, _ in first })),
      diagnostics: head.diagnostics)
  }

  private static func entry(for deployment: DesiredDeployment, record: ObjectRecord?) -> PlanEntry {
    let entry = entry(
      for: deployment, live: record?.champion?.deployment, quarantine: record?.quarantine ?? [])
    guard entry.action != .none, entry.action != .blocked, let record, record.phase == .blocked,
      record.desiredDigest == deployment.digest, let problem = record.problem
    else { return entry }
    return PlanEntry(
      action: entry.action, object: entry.object, path: entry.path, changes: entry.changes,
      reason: "the last attempt ended with \(problem.reason)")
  }

  private static func entry(for deployment: DesiredDeployment, live: DesiredDeployment?, quarantine: [Quarantine])
    -> PlanEntry
  {
    let id = ObjectID(.modelDeployment, deployment.spec.name.text)
    let path = deployment.place.path
    if live?.digest == deployment.digest {
      return PlanEntry(action: .none, object: id, path: path)
    }
    let changes = SpecFields.changes(from: live.map { SpecFields($0) }, to: SpecFields(deployment))
    if let bad = quarantine.first(where: { $0.deploymentDigest == deployment.digest }) {
      return PlanEntry(
        action: .blocked, object: id, path: path, changes: changes,
        reason: "model \(bad.model.short) is quarantined: \(bad.reason)")
    }
    guard let live else { return PlanEntry(action: .create, object: id, path: path, changes: changes) }
    let sameModel = ModelInputs(of: live) == ModelInputs(of: deployment)
    return PlanEntry(action: sameModel ? .update : .replace, object: id, path: path, changes: changes)
  }

  private static func entry(forMissing record: ObjectRecord, head: DesiredState) -> PlanEntry {
    missing(ObjectID(.modelDeployment, record.name.text), path: record.path, head: head)
  }

  /// An object that stands, or may stand, in a file with errors is held, never taken for deleted.
  private static func missing(_ id: ObjectID, path: RepositoryPath?, head: DesiredState) -> PlanEntry {
    if let holding = head.holding(of: id, lastSeenIn: path) {
      return PlanEntry(action: .blocked, object: id, path: holding.path ?? path, reason: holding.reason)
    }
    return PlanEntry(action: .delete, object: id, path: path)
  }
}

/// Collects entries and counts the unchanged ones.
private struct PlanTable {
  private var entries: [PlanEntry] = []
  private var unchangedCount = 0

  /// Files that an entry names already.
  var paths: [RepositoryPath] { entries.compactMap(\.path) }

  mutating func add(_ entry: PlanEntry) {
    if entry.action == .none {
      unchangedCount += 1
    } else {
      entries.append(entry)
    }
  }

  func plan(_ basis: PlanBasis, diagnostics: [Diagnostic]) -> Plan {
    let sorted = entries.sorted { left, right in
      switch (left.object, right.object) {
      case (let left?, let right?): left < right
      case (nil, nil): (left.path?.text ?? "") < (right.path?.text ?? "")
      case (let left, _): left != nil
      }
    }
    return Plan(basis: basis, entries: sorted, unchangedCount: unchangedCount, diagnostics: diagnostics)
  }
}

/// A data set or an environment.
private struct NamedObject {
  let id: ObjectID
  let path: RepositoryPath
  let digest: Digest
  let fields: SpecFields

  func entry(comparedWith live: Digest?, old: SpecFields?) -> PlanEntry {
    guard live != digest else { return PlanEntry(action: .none, object: id, path: path) }
    let changes =
      old == nil && live != nil
      ? [FieldChange("digest", from: live?.description, to: digest.description)]
      : SpecFields.changes(from: old, to: fields)
    return PlanEntry(action: live == nil ? .create : .update, object: id, path: path, changes: changes)
  }
}

extension DesiredState {
  fileprivate var named: [NamedObject] {
    datasets.map { name, object in
      NamedObject(
        id: ObjectID(.dataset, name.text), path: object.place.path, digest: object.digest,
        fields: SpecFields(object.spec))
    }
      + environments.map { name, object in
        NamedObject(
          id: ObjectID(.environment, name.text), path: object.place.path, digest: object.digest,
          fields: SpecFields(object.spec))
      }
  }

  fileprivate func isMissing(_ id: ObjectID) -> Bool {
    switch id.kind {
    case .dataset: datasets[DatasetName(id.name)] == nil
    case .environment: environments[EnvironmentName(id.name)] == nil
    case .modelDeployment: deployments[ModelName(id.name)] == nil
    }
  }

  /// Digests of data sets and environments, to be remembered when the state is applied.
  package var namedDigests: [ObjectID: Digest] {
    var digests: [ObjectID: Digest] = [:]
    for (name, object) in datasets { digests[ObjectID(.dataset, name.text)] = object.digest }
    for (name, object) in environments { digests[ObjectID(.environment, name.text)] = object.digest }
    return digests
  }
}

extension PlanBasis {
  /// What a plan against live state is bound to.
  package init(desired: DesiredState, actual: ActualState) {
    var live: [String: Digest] = [:]
    for (name, record) in actual.deployments { live[name.text] = record.champion?.model }
    var datasets: [String: Digest] = [:]
    for (name, object) in desired.datasets { datasets[name.text] = object.digest }
    self.init(base: actual.commit, head: desired.commit, live: live, datasets: datasets)
  }
}
