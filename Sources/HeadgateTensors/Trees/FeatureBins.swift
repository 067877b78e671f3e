import HeadgateKernels

/// Replaces the features of rows by their bins: bytes that tests of trees compare instead of the numbers.
///
/// The bin of a number is how many of its column's thresholds lie below it. So `number <= threshold` holds exactly
/// where the bin is at most the index of the threshold, whatever the number is; NaN, which no comparison holds for, has
/// the bin 255 above all thresholds, or 0 where it is to pass every test. A feature with more than 255 thresholds has
/// several columns; each tells apart the numbers among its own thresholds.
package struct FeatureBins<Scalar: TreeScalar>: Sendable {
  /// What a column is made from.
  package struct Source: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
      case number
      /// The same, where numbers within 1e-35 of zero count as missing.
      case numberNotZero
      /// A category from 0 to `categoryCount - 1`; others are in no set.
      case category
      /// The same, cut to a whole number first.
      case truncatedCategory
    }

    package let feature: Int
    package let kind: Kind
    /// Whether missing values pass all tests; of categories, those whose set has `missingCategory`.
    package let missingIsTrue: Bool

    package init(feature: Int, kind: Kind, missingIsTrue: Bool) {
      self.feature = feature
      self.kind = kind
      self.missingIsTrue = missingIsTrue
    }

    var isCategory: Bool { kind == .category || kind == .truncatedCategory }

    /// A number for each source, so that the order of columns is always the same.
    var order: Int { feature << 3 | Int(kind.rawValue) << 1 | (missingIsTrue ? 1 : 0) }

    /// The bin of what is missing.
    var missing: Int {
      guard isCategory else { return missingIsTrue ? 0 : 255 }
      return missingIsTrue ? HG_BIN_MISSING_CATEGORY : HG_BIN_NO_CATEGORY
    }
  }

  /// Categories from this on have no bin of their own.
  package static var categoryCount: Int { HG_BIN_CATEGORIES }
  package static var missingCategory: Int { HG_BIN_MISSING_CATEGORY }
  /// The rows that are binned, and walk through trees, together.
  package static var blockRows: Int { HG_TREE_ROWS }
  /// The thresholds that one column tells apart.
  package static var thresholdsPerColumn: Int { 255 }

  /// The columns.
  package private(set) var count = 0
  /// Field `f` of column `c` is at `f * width + c`.
  private var fields: [Int32] = []
  private var thresholds: [Scalar] = []
  private var numberCount = 0
  private var hasNumbersOnly = true
  private var places: [Source: Place] = [:]

  /// The columns, and as many more as fill the last group of a search.
  private var width: Int { (count + HG_BIN_GROUP - 1) / HG_BIN_GROUP * HG_BIN_GROUP }

  /// The thresholds of a source, and the columns that hold them.
  private struct Place: Sendable {
    let thresholds: [Scalar]
    var columns: [UInt16]
  }

  /// Makes the columns for sources with the thresholds of each, in any order, which are no NaN; categories have none.
  ///
  /// Returns nil when there are more columns than tests can name.
  package init?(_ sources: [Source: [Scalar]]) {
    var parts: [(source: Source, part: Int, thresholds: ArraySlice<Scalar>)] = []
    for (source, thresholds) in sources {
      let distinct = Self.distinct(thresholds)
      let count = max(1, (distinct.count + Self.thresholdsPerColumn - 1) / Self.thresholdsPerColumn)
      places[source] = Place(thresholds: distinct, columns: [UInt16](repeating: 0, count: count))
      for part in 0..<count {
        let start = part * Self.thresholdsPerColumn
        parts.append((source, part, distinct[start..<min(start + Self.thresholdsPerColumn, distinct.count)]))
      }
    }
    guard parts.count <= Int(UInt16.max) else { return nil }
    // Columns are searched in groups, in as many steps as the first one of a group needs. Categories are not searched.
    parts.sort { first, second in
      guard first.source.isCategory == second.source.isCategory else { return second.source.isCategory }
      guard first.thresholds.count == second.thresholds.count else {
        return first.thresholds.count > second.thresholds.count
      }
      return (first.source.order, first.part) < (second.source.order, second.part)
    }
    count = parts.count
    numberCount = parts.count { !$0.source.isCategory }
    hasNumbersOnly = parts.allSatisfy { $0.source.kind == .number }
    fields = [Int32](repeating: 0, count: Int(HG_BIN_FIELDS.rawValue) * width)
    var (step, start) = (0, 0)
    for (column, part) in parts.enumerated() {
      places[part.source]?.columns[part.part] = UInt16(column)
      if column % HG_BIN_GROUP == 0 { (step, start) = (Self.step(part.thresholds.count), thresholds.count) }
      set(HG_BIN_FEATURE, of: column, part.source.feature)
      set(HG_BIN_START, of: column, part.source.isCategory ? start : thresholds.count)
      set(HG_BIN_STEP, of: column, step)
      set(HG_BIN_KIND, of: column, Int(part.source.kind.rawValue))
      set(HG_BIN_MISSING, of: column, part.source.missing)
      guard !part.source.isCategory else { continue }
      thresholds += part.thresholds
      thresholds += repeatElement(.infinity, count: max(0, 2 * step - 1 - part.thresholds.count))
    }
    // Categories, and what fills the last group, are searched for among the thresholds of their group's first column.
    for column in count..<width { set(HG_BIN_START, of: column, start) }
    // There is always a place to point at.
    if thresholds.isEmpty { thresholds.append(.infinity) }
  }

  private mutating func set(_ field: hg_bin_field, of column: Int, _ value: Int) {
    fields[Int(field.rawValue) * width + column] = Int32(value)
  }

  private static func distinct(_ thresholds: [Scalar]) -> [Scalar] {
    var distinct: [Scalar] = []
    for threshold in thresholds.sorted() where threshold != distinct.last { distinct.append(threshold) }
    return distinct
  }

  /// The first step of a search among so many thresholds, the greatest power of two that is not more.
  private static func step(_ count: Int) -> Int {
    count == 0 ? 0 : 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
  }

  /// The column whose bin decides a comparison with a threshold, and up to which bin it holds.
  package func place(of threshold: Scalar, in source: Source) -> (column: UInt16, bin: UInt8)? {
    guard let place = places[source] else { return nil }
    var (low, high) = (0, place.thresholds.count)
    while low < high {
      let middle = (low + high) / 2
      if place.thresholds[middle] < threshold { low = middle + 1 } else { high = middle }
    }
    guard low < place.thresholds.count, place.thresholds[low] == threshold else { return nil }
    return (place.columns[low / Self.thresholdsPerColumn], UInt8(low % Self.thresholdsPerColumn))
  }

  /// The column of a source that has one only.
  package func column(of source: Source) -> UInt16? { places[source]?.columns.first }

  /// Forgets which thresholds there were, once all tests know their places.
  package mutating func finish() { places = [:] }

  /// Writes the bins of up to `blockRows` rows, that of row `r` in column `c` to `bins[c * blockRows + r]`.
  ///
  /// SAFETY: the rows must have all features, and `bins` room for `count * blockRows` bytes.
  package func fill(
    _ bins: UnsafeMutablePointer<UInt8>, from rows: UnsafePointer<Scalar>, count: Int, stride: Int,
    using kernels: KernelSet = .current
  ) {
    // Indices within 64 rows have 32 bits.
    guard stride < 1 << 24 else { return fillOneByOne(bins, from: rows, count: count, stride: stride, kernels) }
    withTable { Scalar.makeBins($0, of: rows, count: count, stride: stride, into: bins, kernels) }
  }

  private func fillOneByOne(
    _ bins: UnsafeMutablePointer<UInt8>, from rows: UnsafePointer<Scalar>, count: Int, stride: Int,
    _ kernels: KernelSet
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rowWidth) { bytes in
      guard let rowBins = bytes.baseAddress else { return }
      for row in 0..<count {
        fill(rowBins, fromRow: rows + row * stride, using: kernels)
        for column in 0..<self.count { bins[column * Self.blockRows + row] = bytes[column] }
      }
    }
  }

  /// The bytes that `fill(_:fromRow:)` writes, and at least those that the trees read.
  package var rowWidth: Int { max(width, HG_SMALL_COLUMNS) }

  /// Writes the bins of one row, that of column `c` to `bins[c]`.
  ///
  /// SAFETY: the row must have all features, and `bins` room for `rowWidth` bytes.
  package func fill(
    _ bins: UnsafeMutablePointer<UInt8>, fromRow row: UnsafePointer<Scalar>, using kernels: KernelSet = .current
  ) {
    withTable { Scalar.makeBins($0, ofRow: row, into: bins, kernels) }
  }

  private func withTable(_ body: (BinTable<Scalar>) -> Void) {
    fields.withUnsafeBufferPointer { fields in
      thresholds.withUnsafeBufferPointer { thresholds in
        body(
          BinTable(
            fields: fields.baseAddress, width: width, count: count, numberCount: numberCount,
            hasNumbersOnly: hasNumbersOnly, thresholds: thresholds.baseAddress))
      }
    }
  }
}

/// The columns of a forest as kernels read them.
package struct BinTable<Scalar: TreeScalar> {
  let fields: UnsafePointer<Int32>?
  let width: Int
  let count: Int
  let numberCount: Int
  let hasNumbersOnly: Bool
  let thresholds: UnsafePointer<Scalar>?
}
