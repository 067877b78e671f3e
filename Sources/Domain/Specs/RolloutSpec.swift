/// How a candidate takes over from the champion.
package struct RolloutSpec: Hashable, Sendable, Codable {
  /// Weights of the candidate, rising; the last is 100 %.
  package let steps: [Share]
  package let advance: AdvanceLimits
  package let onFailure: OnFailure
  package let onDeadline: OnDeadline

  package enum OnFailure: String, Hashable, Sendable, Codable {
    /// Take the candidate back and restore the champion's files in Git.
    case revert
    /// Take the candidate back and leave Git as it is.
    case hold
  }

  package enum OnDeadline: String, Hashable, Sendable, Codable {
    case rollback
    /// Stay at the current step and say so.
    case hold
  }

  package init(
    steps: [Share] = [.all], advance: AdvanceLimits = AdvanceLimits(), onFailure: OnFailure = .revert,
    onDeadline: OnDeadline = .rollback
  ) {
    self.steps = steps
    self.advance = advance
    self.onFailure = onFailure
    self.onDeadline = onDeadline
  }
}

/// What the candidate's own traffic must show at each step.
package struct AdvanceLimits: Hashable, Sendable, Codable {
  /// Requests answered by the candidate in this step before it is judged.
  package let minSamples: Int
  package let maxErrorRate: Share?
  package let maxP99: Duration?
  /// The longest a step may take.
  package let deadline: Duration

  package init(
    minSamples: Int = 500, maxErrorRate: Share? = nil, maxP99: Duration? = nil, deadline: Duration = .seconds(21_600)
  ) {
    self.minSamples = minSamples
    self.maxErrorRate = maxErrorRate
    self.maxP99 = maxP99
    self.deadline = deadline
  }
}
