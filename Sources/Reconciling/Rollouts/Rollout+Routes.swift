import Domain

/// Which versions the server should have in each phase, and whether it has them.
extension Rollout {
  var wantedRoute: ModelRoute? { record.wantedRoute }

  /// The server's report, when it is of the routes this record last asked for, or newer ones.
  var confirmedServer: ServerStatus? {
    guard let observation, record.routes == wantedRoute, observation.generation >= record.routedGeneration else {
      return nil
    }
    return observation
  }

  /// Waits for the server to take the routes; when it stays silent or refuses them for long, that is noted and the wait
  /// begins anew, because nothing can be concluded about a model without the server.
  mutating func awaitServer(_ what: String, patience: Duration) -> Step {
    if isOver(patience) {
      note(
        observation == nil ? "TargetUnreachable" : "RoutesNotTaken",
        "Still waiting for \(what), for a long time already.", .warning)
      record.phaseSince = now
    }
    return .wait(Wait(what, owner: .server, until: record.phaseSince + patience))
  }

  mutating func noteChampionHealth() {
    guard let champion = record.champion, let confirmed = confirmedServer else { return }
    let status = confirmed.version(champion.number, of: record.name)
    let fault: String? =
      switch status?.state {
      case .refused, .failed: status?.message ?? "the server does not serve it"
      default: nil
      }
    guard fault != record.championFault else { return }
    record.championFault = fault
    if let fault {
      note("ChampionNotServing", "Release \(champion.number) does not serve: \(fault)", .warning)
    } else {
      note("ChampionServing", "Release \(champion.number) serves again.")
    }
  }

  /// Whether the server has said that the champion cannot serve.
  var championIsBroken: Bool {
    guard let champion = record.champion else { return false }
    switch observation?.version(champion.number, of: record.name)?.state {
    case .refused, .failed: return true
    default: return false
    }
  }
}

extension ObjectRecord {
  /// The versions of this model that the server should have, `nil` for none. It follows from the record alone, so that
  /// the one document for all models can be made again at any time.
  package var wantedRoute: ModelRoute? {
    let versions: [VersionRoute] =
      switch phase {
      case .draining: []
      case .loading: [champion?.route(.all), candidateRoute(.none)].compactMap(\.self)
      case .canary(let step):
        [champion?.route(canaryWeight(step).complement), candidateRoute(canaryWeight(step))].compactMap(\.self)
      case .promoting: [champion?.route(.none), candidateRoute(.all)].compactMap(\.self)
      case .rollingBack: [champion?.route(.all), candidateRoute(.none)].compactMap(\.self)
      case .idle, .building, .gating, .settling, .unloading, .reverting, .blocked:
        [champion?.route(.all)].compactMap(\.self)
      }
    return versions.isEmpty ? nil : ModelRoute(name: name, versions: versions)
  }

  /// The candidate's share in a canary step; none outside the policy's steps.
  package func canaryWeight(_ step: Int) -> Share {
    guard let steps = candidate?.deployment.spec.rollout.steps, steps.indices.contains(step) else { return .none }
    return steps[step]
  }

  private func candidateRoute(_ weight: Share) -> VersionRoute? {
    guard let candidate, let release = candidate.release, let model = candidate.build?.model,
      let evidence = candidate.evidence
    else { return nil }
    return VersionRoute(
      version: release, digest: model, evidence: evidence, policy: GatePolicy(of: candidate.deployment),
      weight: weight)
  }
}

extension Release {
  fileprivate func route(_ weight: Share) -> VersionRoute {
    VersionRoute(
      version: number, digest: model, evidence: evidence, policy: GatePolicy(of: deployment), weight: weight)
  }
}
