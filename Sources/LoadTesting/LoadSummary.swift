import Domain

/// A load report with percentiles instead of histograms: what `headgate load -o json` prints.
package struct LoadSummary: Hashable, Sendable, Codable {
  /// Latencies in microseconds.
  package struct Percentiles: Hashable, Sendable, Codable {
    package let p50: Double?
    package let p90: Double?
    package let p99: Double?
    package let p999: Double?
    package let max: Double?

    init(_ histogram: LatencyHistogram) {
      p50 = histogram.quantile(0.5)
      p90 = histogram.quantile(0.9)
      p99 = histogram.quantile(0.99)
      p999 = histogram.quantile(0.999)
      max = histogram.quantile(1)
    }
  }

  /// One version's part.
  package struct Version: Hashable, Sendable, Codable {
    package let succeeded: Int
    package let failed: Int
    /// From the moment a request should have been sent.
    package let latency: Percentiles
    /// From the moment it was sent.
    package let serviceTime: Percentiles
  }

  package let url: String
  package let rate: Double
  package let seconds: Double
  package let sent: Int
  package let succeeded: Int
  package let failed: Int
  package let failures: [LoadReport.Failure]
  package let latency: Percentiles
  package let serviceTime: Percentiles
  package let versions: [String: Version]
  /// Right answers by version for each second of the load.
  package let timeline: [[String: Int]]
}

extension LoadReport {
  /// The report for machines.
  package var summary: LoadSummary {
    LoadSummary(
      url: url, rate: rate, seconds: seconds, sent: sent, succeeded: succeeded, failed: failed, failures: failures,
      latency: .init(latency), serviceTime: .init(serviceTime),
      versions: Dictionary(
        versions.map { part in
          (
            part.version,
            .init(
              succeeded: part.succeeded, failed: part.failed, latency: .init(part.latency),
              serviceTime: .init(part.serviceTime))
          )
        }, uniquingKeysWith: { first, _ in first }),
      timeline: timeline)
  }
}
