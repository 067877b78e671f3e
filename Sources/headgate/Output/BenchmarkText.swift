import Foundation
import HeadgateRuntime

/// What `bench` says to people.
enum BenchmarkText {
  /// - Parameter isWide: whether a profile lists every node rather than every operator.
  static func text(_ report: BenchmarkReport, isWide: Bool) -> String {
    let rows = report.batch == 1 ? "1 row" : "\(report.batch) rows"
    var times = TextTable(["", "p50", "p90", "p99"])
    for (name, quantiles) in [("wall", report.timing.wall), ("cpu", report.timing.cpu)] {
      times.add([name] + [quantiles.p50, quantiles.p90, quantiles.p99].map { number($0) + " µs" })
    }
    var lines = [
      "\(report.model): \(report.timing.callCount) calls of \(rows), walking through \(report.rowCount), "
        + "on \(report.threads == 1 ? "1 thread" : "up to \(report.threads) threads")"
        + (report.concurrency == 1 ? "" : " by each of \(report.concurrency) callers")
        + ", kernels \(report.kernels), precision \(report.precision.rawValue)",
      "", times.text, "",
      "throughput   \(number(report.timing.rowsPerSecond)) rows/s",
      "load         \(number(report.loadMilliseconds)) ms",
      "kept memory  " + memory(report.keptByteCount) + " by the loaded model",
      "peak memory  " + memory(report.peakByteCount),
    ]
    if report.rowCount < 2 * report.batch {
      lines.append("every call had the same rows; give more for a figure that holds for others")
    }
    if let profile = report.profile, let peak = report.peak {
      lines += ["", table(profile, peak, isWide: isWide), "", peakLine(peak)]
    }
    return Terminal.plain(lines.joined(separator: "\n"), keepsLines: true)
  }

  private static func table(_ profile: RunProfile, _ peak: MachinePeak, isWide: Bool) -> String {
    let total = profile.entries.reduce(0) { $0 + $1.seconds }
    var table = TextTable(
      (isWide ? ["NODE", "OPERATOR"] : ["OPERATOR", "NODES"])
        + ["TIME", "SHARE", "GFLOP/S", "OF PEAK", "GB/S", "OF BANDWIDTH"])
    func add(_ heads: [String], _ entry: RunProfile.Entry) {
      let rates = BenchmarkReport.Rates(entry, peak)
      table.add(
        heads + [
          number(entry.seconds / Double(max(profile.runCount, 1)) * 1e6) + " µs",
          percent(total > 0 ? entry.seconds / total : 0), rates.gflops.map(number) ?? "-",
          rates.ofPeak.map(percent) ?? "-", rates.gigabytesPerSecond.map(number) ?? "-",
          rates.ofBandwidth.map(percent) ?? "-",
        ])
    }
    if isWide {
      for entry in profile.entries {
        add([entry.name.isEmpty ? "-" : Terminal.plain(entry.name), title(entry)], entry)
      }
    } else {
      for (nodeCount, entry) in profile.operators { add([title(entry), "\(nodeCount)"], entry) }
    }
    return table.text
  }

  private static func title(_ entry: RunProfile.Entry) -> String {
    let domain = entry.domain
    return Terminal.plain(domain.isEmpty ? entry.operatorName : "\(domain).\(entry.operatorName)")
  }

  private static func peakLine(_ peak: MachinePeak) -> String {
    "peak of a core: \(number(peak.floatOperations / 1e9)) GFLOP/s, \(number(peak.doubleOperations / 1e9)) in double "
      + "precision, \(number(peak.bandwidth / 1e9)) GB/s of memory read and written"
  }

  private static func memory(_ byteCount: Int?) -> String {
    byteCount.map { number(Double($0) / 1_048_576) + " MiB" } ?? "unknown"
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  /// Three digits that matter, or all before the point.
  private static func number(_ number: Double) -> String {
    String(format: number >= 100 ? "%.0f" : number >= 10 ? "%.1f" : number >= 1 ? "%.2f" : "%.3g", number)
  }
}
