import HeadgateTensors

/// Distinct thresholds in ascending order. Most of those that trees bring are there already.
struct ThresholdSet<Scalar: TreeScalar>: Sendable {
  private var sorted: [Scalar] = []
  /// New ones in no order, some of them several times.
  private var pending: [Scalar] = []

  mutating func insert(_ threshold: Scalar) {
    guard index(of: threshold) == nil else { return }
    pending.append(threshold)
    if pending.count > max(32, sorted.count / 4) { merge() }
  }

  /// The place of a threshold among the others, once all are there.
  func index(of threshold: Scalar) -> Int? {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < threshold { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low] == threshold ? low : nil
  }

  /// All of them.
  mutating func finish() -> [Scalar] {
    merge()
    return sorted
  }

  private mutating func merge() {
    sorted += pending
    sorted.sort()
    pending.removeAll(keepingCapacity: true)
    var distinct = 0
    for threshold in sorted where distinct == 0 || sorted[distinct - 1] != threshold {
      sorted[distinct] = threshold
      distinct += 1
    }
    sorted.removeLast(sorted.count - distinct)
  }
}
