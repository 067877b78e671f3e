/// Percentile intervals by resampling rows (Efron and Tibshirani, 1993, chapter 13).
///
/// Everything is a function of the rows in the order given and of the seed: put rows into a canonical order
/// first, and the interval does not depend on how they were stored. The percentile is the linear
/// interpolation between order statistics that numpy uses by default (Hyndman and Fan's type 7).
package struct Bootstrap: Sendable {
  /// Replicates, 100 to 1,000,000.
  package let replicates: Int
  /// The interval's confidence, above 0 and below 1.
  package let confidence: Double
  /// Bytes that decide every draw.
  package let seed: [UInt8]

  /// Checks the settings.
  ///
  /// - Throws: ``SampleError`` when the confidence or the number of replicates is out of range.
  package init(seed: [UInt8], replicates: Int = 1000, confidence: Double = 0.95) throws(SampleError) {
    guard confidence > 0, confidence < 1 else {
      throw SampleError("confidence is \(confidence): give a number between 0 and 1, such as 0.95")
    }
    guard (100...1_000_000).contains(replicates) else {
      throw SampleError("\(replicates) replicates: give 100 to 1000000")
    }
    self.seed = seed
    self.replicates = replicates
    self.confidence = confidence
  }

  /// The percentile interval of the replicates; a replicate that is nil was undefined.
  ///
  /// Undefined replicates count as lying beyond both ends, so they can only widen the interval; when
  /// they reach into a tail, there is no interval.
  func estimate(_ value: MetricValue, strata: String, replicate: (inout SeededGenerator) -> Double?) -> Estimate {
    if let reason = value.undefinedReason {
      return Estimate(value: value, interval: nil, intervalReason: reason)
    }
    var generator = SeededGenerator(seed: seed)
    var values: [Double] = []
    values.reserveCapacity(replicates)
    for _ in 0..<replicates {
      if let value = replicate(&generator), value.isFinite { values.append(value) }
    }
    values.sort()
    let undefined = replicates - values.count
    let tail = (1 - confidence) / 2
    guard
      let lower = Self.quantile(values, at: tail * Double(replicates - 1) - Double(undefined)),
      let upper = Self.quantile(values, at: (1 - tail) * Double(replicates - 1))
    else {
      return Estimate(
        value: value, interval: nil,
        intervalReason: "the metric is undefined in \(undefined) of \(replicates) replicates")
    }
    let method = "bootstrap percentile, \(replicates) replicates, \(strata)"
    let interval = Interval(lower: lower, upper: upper, confidence: confidence, method: method)
    return Estimate(value: value, interval: interval, intervalReason: nil)
  }

  /// The value at a fractional position of a sorted array; nil outside it.
  static func quantile(_ sorted: [Double], at position: Double) -> Double? {
    let below = position.rounded(.down)
    let fraction = position - below
    guard below >= 0, Int(below) < sorted.count else { return nil }
    let low = sorted[Int(below)]
    guard fraction > 0 else { return low }
    guard Int(below) + 1 < sorted.count else { return nil }
    return low + fraction * (sorted[Int(below) + 1] - low)
  }
}
