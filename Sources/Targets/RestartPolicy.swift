/// When a server that ended is started again. A pure value: the supervisor tells it what happened and when.
///
/// The first restart comes at once. A server that ends again within ten seconds of its start is in a crash loop: the waits
/// then double from a quarter of a second to thirty seconds, until one has lived long enough.
package struct RestartPolicy: Sendable, Hashable {
  /// A server that lived so long was well.
  package static let stableAfter = Duration.seconds(10)
  static let firstWait = Duration.milliseconds(250)
  static let longestWait = Duration.seconds(30)

  /// Ends in a row that came too early.
  package private(set) var earlyEnds = 0

  package init() {}

  /// Notes the end of a server that lived for a time.
  /// - Returns: how long to wait before the next start.
  package mutating func ended(after lifetime: Duration) -> Duration {
    guard lifetime < Self.stableAfter else {
      earlyEnds = 0
      return .zero
    }
    earlyEnds += 1
    guard earlyEnds > 1 else { return .zero }
    var wait = Self.firstWait
    for _ in 2..<max(2, earlyEnds) where wait < Self.longestWait { wait = wait * 2 }
    return min(wait, Self.longestWait)
  }
}
