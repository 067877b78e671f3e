import Domain

/// What came of a load.
package struct LoadReport: Hashable, Sendable, Codable {
  /// Requests that failed for one reason.
  package struct Failure: Hashable, Sendable, Codable {
    package let reason: String
    package let count: Int
  }

  /// What one version answered.
  package struct VersionPart: Hashable, Sendable, Codable {
    package let version: String
    package let succeeded: Int
    package let failed: Int
    package let latency: LatencyHistogram
    package let serviceTime: LatencyHistogram
  }

  package let url: String
  /// Requests a second that were asked for.
  package let rate: Double
  package let seconds: Double
  package let sent: Int
  package let succeeded: Int
  package let failed: Int
  /// Most frequent first.
  package let failures: [Failure]
  /// From the moment a request should have been sent to its answer, so that a server which stalls is charged for the
  /// requests that had to wait.
  package let latency: LatencyHistogram
  /// From the moment a request was really sent to its answer.
  package let serviceTime: LatencyHistogram
  package let versions: [VersionPart]
  /// Right answers by version for each second of the load.
  package let timeline: [[String: Int]]
}

extension LoadReport {
  /// The report as a table for people.
  package var text: String {
    var lines = [
      "\(url): \(sent) requests in \(Self.fixed(seconds, 1)) s (\(Self.fixed(Double(sent) / max(seconds, 1e-9), 1))/s, "
        + "asked for \(Self.fixed(rate, 1))/s)",
      "succeeded \(succeeded), failed \(failed)", "",
    ]
    var table = [["version", "answers", "failed", "share", "p50", "p90", "p99", "p99.9", "max", "service p99"]]
    func row(_ name: String, _ good: Int, _ bad: Int, _ latency: LatencyHistogram, _ service: LatencyHistogram)
      -> [String]
    {
      let share = Double(good + bad) / Double(max(1, sent)) * 100
      return [name, String(good), String(bad), Self.fixed(share, 1) + "%"]
        + [0.5, 0.9, 0.99, 0.999, 1].map { Self.milliseconds(latency.quantile($0)) }
        + [Self.milliseconds(service.quantile(0.99))]
    }
    for part in versions {
      table.append(row(part.version, part.succeeded, part.failed, part.latency, part.serviceTime))
    }
    table.append(row("all", succeeded, failed, latency, serviceTime))
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    for row in table {
      let cells = row.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + padding : padding + cell
      }
      lines.append(cells.joined(separator: "  "))
    }
    if !failures.isEmpty {
      lines += ["", "failures:"]
      lines += failures.map { "  \($0.count)  \($0.reason)" }
    }
    return lines.joined(separator: "\n")
  }

  private static func milliseconds(_ microseconds: Double?) -> String {
    guard let microseconds else { return "-" }
    return fixed(microseconds / 1000, microseconds < 10_000 ? 2 : 1) + " ms"
  }

  /// A number with a fixed count of decimals, without Foundation.
  private static func fixed(_ value: Double, _ decimals: Int) -> String {
    let scale = decimals == 1 ? 10.0 : 100.0
    let scaled = Int((min(max(value, 0), 1e12) * scale).rounded())
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }
}
