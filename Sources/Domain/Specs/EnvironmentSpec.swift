/// Where deployments run and what the controller may do there.
package struct EnvironmentSpec: Hashable, Sendable, Codable {
  package let name: EnvironmentName
  /// Whether reverts are pushed to the watched branch.
  package let writeBack: WriteBack
  /// Whether a head that does not descend from the last applied commit is accepted.
  package let historyRewrites: HistoryRewrites

  package enum WriteBack: String, Hashable, Sendable, Codable {
    case push, none
  }

  package enum HistoryRewrites: String, Hashable, Sendable, Codable {
    case refuse, allow
  }

  package init(
    name: EnvironmentName = .builtIn, writeBack: WriteBack = .push, historyRewrites: HistoryRewrites = .refuse
  ) {
    self.name = name
    self.writeBack = writeBack
    self.historyRewrites = historyRewrites
  }
}
