/// The rows of a sample sorted once by score, so that the area under the ROC curve of any
/// reweighting of the rows is one sweep.
///
/// Rows with equal scores share a rank, and a tied pair counts one half: the trapezoid rule, equal to
/// the Mann-Whitney statistic with midranks (Fawcett, "An introduction to ROC analysis", 2006).
struct RankedScores: Sendable {
  /// The rank of each row's score among the distinct scores, ascending from 0, `[rows]`.
  let rankOfRow: [Int32]
  /// Distinct scores.
  let rankCount: Int
  private let sample: BinarySample

  /// Sorts the sample; scores must be finite, and a sample without scores ranks no rows.
  init(_ sample: BinarySample) {
    self.sample = sample
    let scores = sample.scores ?? []
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var ranks = [Int32](repeating: 0, count: scores.count)
    var rank: Int32 = 0
    var previous: Double?
    for row in order {
      if let previous, scores[row] > previous { rank += 1 }
      previous = scores[row]
      ranks[row] = rank
    }
    rankOfRow = ranks
    rankCount = scores.isEmpty ? 0 : Int(rank) + 1
  }

  /// The area under the ROC curve, 0 to 1; nil when a class has no rows or no weight.
  var area: Double? {
    guard let weights = sample.weights else {
      var positive = [Int32](repeating: 0, count: rankCount)
      var negative = positive
      for row in rankOfRow.indices {
        if sample.labels[row] { positive[Int(rankOfRow[row])] += 1 } else { negative[Int(rankOfRow[row])] += 1 }
      }
      return Self.area(positive: positive, negative: negative)
    }
    var positive = [Double](repeating: 0, count: rankCount)
    var negative = positive
    for row in rankOfRow.indices {
      let rank = Int(rankOfRow[row])
      if sample.labels[row] { positive[rank] += weights[row] } else { negative[rank] += weights[row] }
    }
    return Self.area(positive: positive, negative: negative)
  }

  /// The area from row counts by rank, `[ranks]` each. Exact in integers up to the last division:
  /// the sum is at most 2PN, below 2^62 for fewer than 2^31 rows.
  static func area(positive: [Int32], negative: [Int32]) -> Double? {
    var pairs: Int64 = 0
    var negatives: Int64 = 0
    var positives: Int64 = 0
    for rank in positive.indices {
      let p = Int64(positive[rank])
      let n = Int64(negative[rank])
      pairs &+= p &* (2 &* negatives &+ n)
      negatives &+= n
      positives &+= p
    }
    guard positives > 0, negatives > 0 else { return nil }
    return Double(pairs) / (2 * Double(positives) * Double(negatives))
  }

  /// The area from weights by rank, `[ranks]` each.
  static func area(positive: [Double], negative: [Double]) -> Double? {
    var pairs = 0.0
    var negatives = 0.0
    var positives = 0.0
    for rank in positive.indices {
      pairs += positive[rank] * (negatives + negative[rank] / 2)
      negatives += negative[rank]
      positives += positive[rank]
    }
    guard positives > 0, negatives > 0 else { return nil }
    return pairs / (positives * negatives)
  }
}
