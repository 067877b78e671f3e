/// Counts of latencies in microseconds, in buckets whose width grows with the value.
///
/// Below 64 µs a bucket is one microsecond; above, each power of two is divided into 64 buckets, so that the middle of a
/// bucket is within 0.8 % of every value in it. Values above 2^40 µs (12 days) fall into the last bucket. This is the
/// layout of HdrHistogram with six significant bits.
package struct LatencyHistogram: Hashable, Sendable {
  /// How many buckets there are.
  package static let bucketCount = 64 + (40 - 6) * 64

  /// Counts by bucket; buckets without a count are absent.
  package private(set) var counts: [Int: Int]

  /// An empty histogram.
  package init() {
    counts = [:]
  }

  /// A histogram of counts by bucket index; indices out of range and counts below one are dropped.
  package init(counts: some Sequence<(bucket: Int, count: Int)>) {
    self.counts = [:]
    for (bucket, count) in counts where count > 0 && (0..<Self.bucketCount).contains(bucket) {
      self.counts[bucket, default: 0] += count
    }
  }

  /// The bucket of a latency.
  package static func bucket(of microseconds: UInt64) -> Int {
    guard microseconds >= 64 else { return Int(microseconds) }
    let exponent = 63 - microseconds.leadingZeroBitCount
    guard exponent < 40 else { return bucketCount - 1 }
    let within = Int((microseconds >> UInt64(exponent - 6)) & 63)
    return 64 + (exponent - 6) * 64 + within
  }

  /// The middle of a bucket in microseconds.
  package static func middle(of bucket: Int) -> Double {
    guard bucket >= 64 else { return Double(bucket) }
    let exponent = (bucket - 64) / 64 + 6
    let width = Double(UInt64(1) << UInt64(exponent - 6))
    return Double(UInt64(1) << UInt64(exponent)) + (Double((bucket - 64) % 64) + 0.5) * width
  }

  /// Adds one latency.
  package mutating func record(microseconds: UInt64) {
    counts[Self.bucket(of: microseconds), default: 0] += 1
  }

  /// How many latencies were counted.
  package var total: Int { counts.values.reduce(0, +) }

  /// The counts of both.
  package func adding(_ other: LatencyHistogram) -> LatencyHistogram {
    var sum = self
    sum.counts.merge(other.counts, uniquingKeysWith: +)
    return sum
  }

  /// What is left after taking away an earlier reading; never below zero.
  package func subtracting(_ earlier: LatencyHistogram) -> LatencyHistogram {
    LatencyHistogram(
      counts: counts.map { (bucket: $0.key, count: $0.value - (earlier.counts[$0.key] ?? 0)) })
  }

  /// The latency below which a fraction of the counts lies (nearest rank), in microseconds; `nil` when empty.
  package func quantile(_ fraction: Double) -> Double? {
    let total = total
    guard total > 0 else { return nil }
    let rank = max(1, Int((fraction * Double(total)).rounded(.up)))
    var seen = 0
    for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
      seen += count
      if seen >= rank { return Self.middle(of: bucket) }
    }
    return nil
  }
}

extension LatencyHistogram: Codable {
  /// Written as `[bucket, count, bucket, count, ...]`, rising.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let numbers = try container.decode([Int].self)
    guard numbers.count.isMultiple(of: 2) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a bucket without a count")
    }
    self.init(counts: stride(from: 0, to: numbers.count, by: 2).map { (bucket: numbers[$0], count: numbers[$0 + 1]) })
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(counts.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
  }
}
