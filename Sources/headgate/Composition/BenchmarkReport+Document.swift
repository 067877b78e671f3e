import HeadgateRuntime

extension BenchmarkReport {
  /// The report as it is printed in JSON.
  struct Document: Encodable {
    struct Quantiles: Encodable {
      let p50: Double
      let p90: Double
      let p99: Double

      init(_ quantiles: ModelBenchmark.Quantiles) {
        (p50, p90, p99) = (quantiles.p50, quantiles.p90, quantiles.p99)
      }
    }

    struct Node: Encodable {
      let name: String
      let operatorName: String
      let domain: String?
      /// In one call, on average.
      let microseconds: Double
      let share: Double
      let gflops: Double?
      let ofPeak: Double?
      let gigabytesPerSecond: Double?
      let ofBandwidth: Double?

      enum CodingKeys: String, CodingKey {
        case name, domain, share, gflops
        case operatorName = "operator"
        case microseconds = "time_us"
        case ofPeak = "of_peak"
        case gigabytesPerSecond = "gb_per_second"
        case ofBandwidth = "of_bandwidth"
      }
    }

    struct Peak: Encodable {
      let gflops: Double
      let doubleGflops: Double
      let gigabytesPerSecond: Double

      enum CodingKeys: String, CodingKey {
        case gflops
        case doubleGflops = "double_gflops"
        case gigabytesPerSecond = "gb_per_second"
      }
    }

    let model: String
    let batch: Int
    let threads: Int
    let concurrency: Int
    let rows: Int
    let kernels: String
    let precision: String
    let calls: Int
    let wall: Quantiles
    let cpu: Quantiles
    let rowsPerSecond: Double
    let loadMilliseconds: Double
    let keptByteCount: Int?
    let peakByteCount: Int?
    let nodes: [Node]?
    let machinePeak: Peak?

    enum CodingKeys: String, CodingKey {
      case model, batch, threads, concurrency, rows, kernels, precision, calls, nodes
      case wall = "wall_us"
      case cpu = "cpu_us"
      case rowsPerSecond = "rows_per_second"
      case loadMilliseconds = "load_ms"
      case keptByteCount = "kept_bytes"
      case peakByteCount = "peak_rss_bytes"
      case machinePeak = "machine_peak"
    }
  }

  var document: Document {
    Document(
      model: model, batch: batch, threads: threads, concurrency: concurrency, rows: rowCount, kernels: kernels,
      precision: precision.rawValue, calls: timing.callCount, wall: .init(timing.wall), cpu: .init(timing.cpu),
      rowsPerSecond: timing.rowsPerSecond, loadMilliseconds: loadMilliseconds, keptByteCount: keptByteCount,
      peakByteCount: peakByteCount, nodes: nodes,
      machinePeak: peak.map {
        Document.Peak(
          gflops: $0.floatOperations / 1e9, doubleGflops: $0.doubleOperations / 1e9,
          gigabytesPerSecond: $0.bandwidth / 1e9)
      })
  }

  private var nodes: [Document.Node]? {
    guard let profile, let peak else { return nil }
    let total = profile.entries.reduce(0) { $0 + $1.seconds }
    return profile.entries.map { entry in
      let rates = Rates(entry, peak)
      return Document.Node(
        name: entry.name, operatorName: entry.operatorName, domain: InspectionReport.domain(entry.domain),
        microseconds: entry.seconds / Double(profile.runCount) * 1e6, share: total > 0 ? entry.seconds / total : 0,
        gflops: rates.gflops, ofPeak: rates.ofPeak, gigabytesPerSecond: rates.gigabytesPerSecond,
        ofBandwidth: rates.ofBandwidth)
    }
  }
}
