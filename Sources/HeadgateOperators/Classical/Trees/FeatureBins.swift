import HeadgateTensors

/// Replaces the features of rows by their bins: bytes that tests of trees compare instead of the numbers.
///
/// The bin of a number is how many of its column's thresholds lie below it. So `number <= threshold` holds exactly
/// where the bin is at most the index of the threshold, whatever the number is; NaN, which no comparison holds for, has
/// the bin 255 above all thresholds, or 0 where it is to pass every test. A feature with more than 255 thresholds has
/// several columns; each tells apart the numbers among its own thresholds.
///
/// Most comparisons of a forest are in it many times, so each is kept once, under a number.
struct FeatureBins<Scalar: TreeScalar> {
  /// A feature as some tests look at it, in one number.
  private struct Source: Comparable {
    private let code: UInt64

    init(_ feature: Int, _ kind: BinColumns<Scalar>.Kind, _ missingIsTrue: Bool) {
      code = UInt64(truncatingIfNeeded: feature) << 3 | UInt64(kind.rawValue) << 1 | (missingIsTrue ? 1 : 0)
    }

    var feature: Int { Int(truncatingIfNeeded: code >> 3) }
    var kind: BinColumns<Scalar>.Kind { .init(rawValue: UInt32(truncatingIfNeeded: code >> 1 & 3)) ?? .number }
    var missingIsTrue: Bool { code & 1 == 1 }

    static func < (first: Source, second: Source) -> Bool { first.code < second.code }

    /// Spread over all bits. Nobody who writes a model file knows the seed, so none can make comparisons collide.
    @inline(__always)
    func hash(with threshold: Scalar, _ seed: (UInt64, UInt64)) -> UInt64 {
      let product = (Double(threshold).bitPattern ^ seed.0).multipliedFullWidth(by: code ^ seed.1)
      return product.high ^ product.low
    }
  }

  private struct Comparison {
    let source: Source
    let threshold: Scalar
    /// -1 in a free slot.
    var number: Int32

    static var none: Comparison { Comparison(source: Source(0, .number, false), threshold: 0, number: -1) }
  }

  /// Where the outcome of a comparison is found: it holds for bins of the column up to this one.
  typealias Place = BinnedTrees.Place

  /// An open hash table, at most half full.
  private var slots = [Comparison](repeating: .none, count: 1024)
  private var count = 0
  private let seed = (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))

  /// Takes note of a test, of numbers with its threshold, which is no NaN. Returns the number of its comparison, which
  /// all tests alike share.
  ///
  /// - Parameter missingIsTrue: whether missing values pass the test; of categories, whether its set has
  ///   `BinLimits.missingCategory`.
  mutating func insert(
    feature: Int, kind: BinColumns<Scalar>.Kind, missingIsTrue: Bool, threshold: Scalar
  ) -> Int32 {
    let isCategory = kind == .category || kind == .truncatedCategory
    // Adding zero makes a negative zero, which compares alike, a positive one.
    return insert(
      Comparison(source: Source(feature, kind, missingIsTrue), threshold: isCategory ? 0 : threshold + 0, number: 0))
  }

  @inline(__always)
  private mutating func insert(_ comparison: Comparison) -> Int32 {
    let slot = slot(of: comparison)
    if slots[slot].number >= 0 { return slots[slot].number }
    let number = Int32(truncatingIfNeeded: count)
    slots[slot] = comparison
    slots[slot].number = number
    count += 1
    if 2 * count > slots.count { grow() }
    return number
  }

  /// Takes note of all that another value has. Returns the numbers that its comparisons have here, which are those that
  /// they would have got if all its tests had been inserted in their order.
  mutating func insert(_ other: FeatureBins) -> [Int32] {
    var comparisons = [Comparison](repeating: .none, count: other.count)
    for comparison in other.slots where comparison.number >= 0 { comparisons[Int(comparison.number)] = comparison }
    return comparisons.map { insert($0) }
  }

  /// Where a comparison is, or belongs.
  @inline(__always)
  private func slot(of comparison: Comparison) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: comparison.source.hash(with: comparison.threshold, seed)) & mask
    while slots[slot].number >= 0 {
      if slots[slot].threshold == comparison.threshold, slots[slot].source == comparison.source { break }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private mutating func grow() {
    let comparisons = slots.filter { $0.number >= 0 }
    slots = [Comparison](repeating: .none, count: 2 * slots.count)
    for comparison in comparisons { slots[slot(of: comparison)] = comparison }
  }

  /// Makes the columns, once all tests are known, and says where each comparison's outcome is found; nil when there are
  /// more columns than tests can name.
  func makeColumns() -> (columns: BinColumns<Scalar>, places: [Place])? {
    let sorted = slots.filter { $0.number >= 0 }.sorted { first, second in
      first.source == second.source ? first.threshold < second.threshold : first.source < second.source
    }
    let thresholds = sorted.map(\.threshold)
    var parts: [(source: Source, range: Range<Int>)] = []
    for (index, comparison) in sorted.enumerated() {
      let source = comparison.source
      if let last = parts.last, last.source == source, last.range.count < BinLimits.thresholdsPerColumn {
        parts[parts.count - 1].range = last.range.lowerBound..<index + 1
      } else {
        parts.append((source, index..<index + 1))
      }
    }
    guard parts.count <= Int(UInt16.max) else { return nil }
    // The order that `BinColumns` asks for.
    parts.sort { first, second in
      guard first.source.kind.isCategory == second.source.kind.isCategory else {
        return second.source.kind.isCategory
      }
      guard first.range.count == second.range.count else { return first.range.count > second.range.count }
      return first.range.lowerBound < second.range.lowerBound
    }
    var places = [Place](repeating: Place(column: 0, bin: 0), count: count)
    for (column, part) in parts.enumerated() {
      for (bin, index) in part.range.enumerated() {
        places[Int(sorted[index].number)] = Place(
          column: UInt16(truncatingIfNeeded: column), bin: UInt16(truncatingIfNeeded: bin))
      }
    }
    let columns = parts.map { part in
      BinColumns.Column(
        feature: part.source.feature, kind: part.source.kind, missingIsTrue: part.source.missingIsTrue,
        thresholds: part.source.kind.isCategory ? [] : thresholds[part.range])
    }
    return (BinColumns(columns), places)
  }
}
