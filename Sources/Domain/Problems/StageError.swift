/// Where in its way from commit to traffic an object stands.
package enum Stage: String, Sendable, Codable {
  case fetching, planning, building, gating, loading, canary, promoting, settling, rollingBack, reverting, draining
}

/// One object cannot go on. The remedy decides what the loop does next, so that it never reads messages.
package struct StageError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  package enum Remedy: Hashable, Sendable, Codable {
    /// The same attempt may succeed later: back off and try again.
    case retry
    /// Try again after so many seconds.
    case wait(seconds: Double)
    /// Only a change in Git, or `headgate retry`, helps.
    case changeSpec
  }

  package let stage: Stage
  /// One CamelCase word for machines, such as `BuildFailed`.
  package let reason: String
  /// What happened and what to do, in one line.
  package let message: String
  package let remedy: Remedy

  package init(_ stage: Stage, reason: String, _ message: String, remedy: Remedy) {
    self.stage = stage
    self.reason = reason
    self.message = message
    self.remedy = remedy
  }

  package var description: String { "\(stage.rawValue): \(reason): \(message)" }
}
