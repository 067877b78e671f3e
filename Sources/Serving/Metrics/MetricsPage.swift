import Domain
import Glibc
import Synchronization

/// `GET /metrics` in the text format of Prometheus.
final class MetricsPage: Sendable {
  /// Upper bounds of the latency buckets in seconds.
  private static let bounds: [(text: String, microseconds: Double)] = [
    ("0.0005", 500), ("0.001", 1e3), ("0.0025", 2.5e3), ("0.005", 5e3), ("0.01", 1e4), ("0.025", 2.5e4), ("0.05", 5e4),
    ("0.1", 1e5), ("0.25", 2.5e5), ("0.5", 5e5), ("1", 1e6), ("2.5", 2.5e6), ("5", 5e6), ("10", 1e7),
  ]

  private let host: ModelHost
  private let isUngated: Bool
  private let version: String
  private let unrouted = Mutex<[Int: Int]>([:])

  init(host: ModelHost, isUngated: Bool, version: String) {
    self.host = host
    self.isUngated = isUngated
    self.version = version
  }

  /// Counts an error that no version is answerable for.
  func countUnrouted(_ code: Int) {
    unrouted.withLock { $0[code, default: 0] += 1 }
  }

  /// The page.
  func render() -> [UInt8] {
    var text = PrometheusText()
    let (_, generation, rows) = host.rows()
    text.family("headgate_server_info", "gauge", "The server; ungated says that nothing was admitted by gates.")
    text.sample(
      "headgate_server_info", [("version", version), ("ungated", isUngated ? "true" : "false")], 1)
    text.family("headgate_routes_generation", "gauge", "The generation of the routes in force.")
    text.sample("headgate_routes_generation", [], Double(generation))
    text.family("headgate_requests_total", "counter", "Inference requests answered, by status code.")
    for row in rows {
      for (code, count) in row.reading.codes.sorted(by: { $0.key < $1.key }) {
        text.sample("headgate_requests_total", row.labels + [("code", String(code))], Double(count))
      }
    }
    // The code does not tell: a 400 is the client's or the version's.
    text.family(
      "headgate_version_errors_total", "counter", "Valid requests that the version did not answer; rollouts count them."
    )
    for row in rows { text.sample("headgate_version_errors_total", row.labels, Double(row.reading.errors)) }
    text.family("headgate_unrouted_errors_total", "counter", "Errors that belong to no version, by status code.")
    for (code, count) in unrouted.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      text.sample("headgate_unrouted_errors_total", [("code", String(code))], Double(count))
    }
    writeLatencies(rows, to: &text)
    let gauges: [(String, String, (ModelHost.Row) -> Double)] = [
      (
        "headgate_requests_in_flight", "Requests picked for a version and not yet answered.",
        { Double($0.status.inFlight) }
      ),
      ("headgate_queue_depth", "Requests that wait for a thread.", { Double($0.queueDepth) }),
      ("headgate_queue_capacity", "How many may wait before requests are turned away.", { Double($0.queueCapacity) }),
      ("headgate_version_weight", "The share of its model's traffic, from 0 to 1.", { $0.status.weight.fraction }),
    ]
    for (name, help, value) in gauges {
      text.family(name, "gauge", help)
      for row in rows { text.sample(name, row.labels, value(row)) }
    }
    text.family("headgate_version_info", "gauge", "The versions that are loaded, loading or refused.")
    for row in rows {
      text.sample(
        "headgate_version_info",
        row.labels + [("digest", row.status.digest.description), ("state", row.status.state.rawValue)], 1)
    }
    text.family("process_resident_memory_bytes", "gauge", "Resident memory.")
    text.sample("process_resident_memory_bytes", [], Double(Self.residentByteCount))
    return text.bytes
  }

  private func writeLatencies(_ rows: [ModelHost.Row], to text: inout PrometheusText) {
    let name = "headgate_request_duration_seconds"
    text.family(name, "histogram", "From the last byte of a request to its answer.")
    for row in rows {
      let latency = row.reading.latency.adding(row.reading.refusals)
      let counts = latency.counts.sorted { $0.key < $1.key }
      var index = 0
      var sum = 0
      for bound in Self.bounds {
        while index < counts.count, LatencyHistogram.middle(of: counts[index].key) <= bound.microseconds {
          sum += counts[index].value
          index += 1
        }
        text.sample(name + "_bucket", row.labels + [("le", bound.text)], Double(sum))
      }
      text.sample(name + "_bucket", row.labels + [("le", "+Inf")], Double(latency.total))
      text.sample(name + "_sum", row.labels, row.reading.latencySum)
      text.sample(name + "_count", row.labels, Double(latency.total))
    }
  }

  /// The second field of /proc/self/statm, in pages.
  static var residentByteCount: Int {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = read(descriptor, &buffer, buffer.count)
    let fields = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

extension ModelHost.Row {
  fileprivate var labels: [(String, String)] {
    [("model", name.text), ("version", status.version.description)]
  }
}
