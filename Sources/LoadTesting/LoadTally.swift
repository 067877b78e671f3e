import Domain
import Synchronization

/// Gathers outcomes while a load runs.
final class LoadTally: Sendable {
  fileprivate struct Part {
    var succeeded = 0
    var failed = 0
    var latency = LatencyHistogram()
    var serviceTime = LatencyHistogram()
  }

  private struct State {
    var all = Part()
    var versions: [String: Part] = [:]
    var failures: [String: Int] = [:]
    /// Answers by version for each second of the load.
    var seconds: [[String: Int]] = []
    var inFlight = 0
  }

  /// More reasons than this are counted together.
  private static let maxReasons = 100
  private static let maxVersions = 1000
  /// The timeline ends after a day.
  private static let maxSeconds = 86_400

  private let state = Mutex(State())

  /// Takes a place for a request.
  /// - Returns: whether there is one.
  func begin(limit: Int) -> Bool {
    state.withLock { state in
      guard state.inFlight < limit else { return false }
      state.inFlight += 1
      return true
    }
  }

  /// Notes a request that was answered rightly.
  /// - Parameter due: when it was to be sent, counted from the start of the load.
  func succeed(version: String, due: Duration, latency: Duration, serviceTime: Duration) {
    state.withLock { state in
      state.inFlight -= 1
      let second = Int(due.components.seconds)
      if second < Self.maxSeconds {
        while state.seconds.count <= second { state.seconds.append([:]) }
        state.seconds[second][version, default: 0] += 1
      }
      state.all.add(latency, serviceTime)
      if state.versions.count < Self.maxVersions || state.versions[version] != nil {
        state.versions[version, default: Part()].add(latency, serviceTime)
      }
    }
  }

  /// Notes a request that failed. Failures have no latency: a refusal in a microsecond is no merit.
  func fail(version: String?, reason: String, wasSent: Bool = true) {
    state.withLock { state in
      if wasSent { state.inFlight -= 1 }
      state.all.failed += 1
      if let version, state.versions.count < Self.maxVersions || state.versions[version] != nil {
        state.versions[version, default: Part()].failed += 1
      }
      let isKnown = state.failures[reason] != nil || state.failures.count < Self.maxReasons
      state.failures[isKnown ? reason : "other reasons", default: 0] += 1
    }
  }

  var progress: LoadProgress {
    state.withLock { LoadProgress(succeeded: $0.all.succeeded, failed: $0.all.failed) }
  }

  func report(url: String, rate: Double, seconds: Double) -> LoadReport {
    state.withLock { state in
      LoadReport(
        url: url, rate: rate, seconds: seconds, sent: state.all.succeeded + state.all.failed,
        succeeded: state.all.succeeded, failed: state.all.failed,
        failures: state.failures.map { LoadReport.Failure(reason: $0.key, count: $0.value) }
          .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) },
        latency: state.all.latency, serviceTime: state.all.serviceTime,
        versions: state.versions.sorted { (Int($0.key) ?? 0, $0.key) < (Int($1.key) ?? 0, $1.key) }.map {
          version, part in
          LoadReport.VersionPart(
            version: version, succeeded: part.succeeded, failed: part.failed, latency: part.latency,
            serviceTime: part.serviceTime)
        },
        timeline: state.seconds)
    }
  }
}

extension LoadTally.Part {
  fileprivate mutating func add(_ latency: Duration, _ serviceTime: Duration) {
    succeeded += 1
    self.latency.record(microseconds: UInt64(max(0, latency.microseconds)))
    self.serviceTime.record(microseconds: UInt64(max(0, serviceTime.microseconds)))
  }
}

/// How far a load has come.
package struct LoadProgress: Hashable, Sendable {
  /// Requests that were answered rightly.
  package let succeeded: Int
  /// Requests that failed, or could not be sent.
  package let failed: Int
}
