import Domain
import Reconciling

/// What must hold at every moment, and when nothing is under way.
extension World {
  mutating func check(_ document: RouteDocument) {
    for model in document.models {
      let whole = model.versions.reduce(0) { $0 + $1.weight.basisPoints }
      if whole != 0, whole != 10_000 { violations.append("weights of \(model.name) add up to \(whole)") }
      for version in model.versions {
        let numbered = numbers[model.name, default: [:]].updateValue(version.digest, forKey: version.version)
        if let numbered, numbered != version.digest {
          violations.append("\(model.name) \(version.version) means two models")
        }
      }
      for version in model.versions where version.weight > .none {
        let found = version.evidence.flatMap { evidence[$0] }
        if found?.verdict != .pass || found?.modelDigest != version.digest
          || found?.policyDigest != version.policy.digest
        {
          violations.append("\(model.name) \(version.version) gets \(version.weight) without passing evidence")
        }
        if misbehaved[model.name]?.contains(version.digest) == true
          || reconciliation.records[model.name]?.quarantine.contains(where: { $0.model == version.digest }) == true
        {
          violations.append("\(model.name) \(version.version) gets \(version.weight) in quarantine")
        }
      }
    }
  }

  mutating func check() {
    for (name, record) in reconciliation.records {
      phasesSeen.insert(record.phase.name)
      if record.rollback?.cause == .failed, let model = record.candidate?.build?.model {
        // A commit that is not yet seen may have ended the quarantine before it begins.
        if desired?.commit == repository.head { misbehaved[name, default: []].insert(model) }
        if !record.quarantine.contains(where: { $0.model == model }) {
          violations.append("\(name): a model that is taken back is not quarantined")
        }
      }
      if record.phase == .blocked, record.problem == nil { violations.append("\(name) is blocked without a reason") }
      guard desired != nil else { continue }
      let wait = reconciliation.waits[name]
      if record.phase.isActive, wait == nil, reconciliation.actions[name] == nil {
        violations.append("\(name) is \(record.phase.name) and waits for nothing")
      }
      if let wait, wait.owner != .person, wait.until == nil {
        violations.append("\(name) waits for \(wait.what) without a deadline")
      }
    }
  }

  /// Whether nothing is under way.
  var isQuiet: Bool {
    desired?.commit == repository.head && work.isEmpty
      && reconciliation.records.values.allSatisfy { !$0.phase.isActive && $0.wantedRoute == $0.routes }
  }

  /// Lets everything come to its end in a world where everything works.
  mutating func settle(limit: Int = 3000) {
    requests = max(requests, 100)
    isGitReachable = true
    isServerReachable = true
    for _ in 0..<limit {
      tick()
      if isQuiet, crashPerMille == 0 || desired != nil {
        // What drains needs one more look.
        server.tick(requests: 0)
        server.tick(requests: 0)
        checkQuiet()
        return
      }
    }
    for (name, record) in reconciliation.records where record.phase.isActive {
      violations.append(
        "\(name) is still \(record.phase.name), waiting for \(String(describing: reconciliation.waits[name]))")
    }
    violations.append("not quiet: at \(String(describing: desired?.commit)) of \(String(describing: repository.head))")
  }

  mutating func checkQuiet() {
    let head = repository.headState
    for name in Self.names {
      let record = reconciliation.records[name]
      let served = server.status.models.first { $0.name == name }?.versions ?? []
      guard let record else {
        if head?.deployments[name] != nil { violations.append("\(name) is asked for and unknown") }
        if !served.isEmpty { violations.append("\(name) is gone and served") }
        continue
      }
      let serves = served.map { "\($0.version) \($0.digest.short) \($0.weight) \($0.state)" }
      let wanted = record.champion.map { "\($0.number) \($0.model.short) 100% \(VersionStatus.State.ready)" }
      if serves != [wanted].compactMap(\.self) {
        violations.append("\(name) serves \(serves), not \(wanted ?? "nothing")")
      }
      guard let deployment = head?.deployments[name] else {
        if record.hold == nil { violations.append("\(name) is gone and remembered") }
        continue
      }
      let quarantined = Set(record.quarantine.map(\.model))
      if let bad = misbehaved[name], !quarantined.isSuperset(of: bad) {
        violations.append("\(name): a quarantine ended by itself")
      }
      let isInStep = record.champion?.deployment.digest == deployment.digest
      if record.phase == .idle, !isInStep { violations.append("\(name) is idle and not in step") }
      if record.phase == .blocked, isInStep { violations.append("\(name) is blocked and in step") }
    }
  }

  /// How it all ended, without times and names of commits.
  var ending: [String] {
    let records = reconciliation.records.values.sorted { $0.name < $1.name }.map { record in
      "\(record.name) \(record.phase.name) \(record.problem?.reason ?? "-") release \(record.champion?.number.value ?? 0) "
        + "\(record.champion?.model.short ?? "-") next \(record.nextRelease) "
        + "quarantine \(record.quarantine.map(\.model.short).sorted())"
    }
    let asked = repository.headState?.deployments.values.map { "\($0.spec.name) \($0.digest.short)" }.sorted() ?? []
    return records + asked + ["pushed \(repository.pushed.count)"]
  }
}
