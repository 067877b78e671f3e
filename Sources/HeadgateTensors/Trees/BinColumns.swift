import HeadgateKernels

/// The columns of bins that tests of trees look at, packed for the kernels. What bins are says `FeatureBins`.
package struct BinColumns<Scalar: TreeScalar>: Sendable {
  /// What a column is made from.
  package enum Kind: UInt32, Sendable {
    case number
    /// The same, where numbers within 1e-35 of zero count as missing.
    case numberNotZero
    /// A category: a number from 0 to below `BinLimits.categoryCount`, cut to a whole one. Others are in no set.
    case category
    /// The same, where what lies above -1 is category 0 too.
    case truncatedCategory

    package var isCategory: Bool { self == .category || self == .truncatedCategory }
  }

  package struct Column {
    let feature: Int
    let kind: Kind
    /// Whether missing values pass all tests; of categories, those whose set has `BinLimits.missingCategory`.
    let missingIsTrue: Bool
    /// Of numbers the thresholds, in ascending order and at most `BinLimits.thresholdsPerColumn`.
    let thresholds: ArraySlice<Scalar>

    package init(feature: Int, kind: Kind, missingIsTrue: Bool, thresholds: ArraySlice<Scalar>) {
      self.feature = feature
      self.kind = kind
      self.missingIsTrue = missingIsTrue
      self.thresholds = thresholds
    }

    var missing: Int {
      guard kind.isCategory else { return missingIsTrue ? 0 : 255 }
      return missingIsTrue ? HG_BIN_MISSING_CATEGORY : HG_BIN_NO_CATEGORY
    }
  }

  package let count: Int
  /// Field `f` of column `c` is at `f * width + c`.
  private var fields: [Int32]
  private var thresholds: [Scalar] = []
  private let numberCount: Int
  private let hasNumbersOnly: Bool

  /// The columns, and as many more as fill the last group of a search.
  private var width: Int { (count + HG_BIN_GROUP - 1) / HG_BIN_GROUP * HG_BIN_GROUP }

  /// Packs columns that stand in this order: numbers first, and those with more thresholds before those with fewer, as
  /// groups of columns are searched in as many steps as the first one needs.
  package init(_ columns: [Column]) {
    count = columns.count
    numberCount = columns.count { !$0.kind.isCategory }
    hasNumbersOnly = columns.allSatisfy { $0.kind == .number }
    fields = []
    fields = [Int32](repeating: 0, count: Int(HG_BIN_FIELDS.rawValue) * width)
    var (step, start) = (0, 0)
    for (index, column) in columns.enumerated() {
      if index % HG_BIN_GROUP == 0 { (step, start) = (Self.step(column.thresholds.count), thresholds.count) }
      set(HG_BIN_FEATURE, of: index, column.feature)
      set(HG_BIN_START, of: index, column.kind.isCategory ? start : thresholds.count)
      set(HG_BIN_STEP, of: index, step)
      set(HG_BIN_KIND, of: index, Int(column.kind.rawValue))
      set(HG_BIN_MISSING, of: index, column.missing)
      guard !column.kind.isCategory else { continue }
      thresholds += column.thresholds
      thresholds += repeatElement(.infinity, count: max(0, 2 * step - 1 - column.thresholds.count))
    }
    // Categories, and what fills the last group, are searched for among the thresholds of their group's first column.
    for index in count..<width { set(HG_BIN_START, of: index, start) }
    // There is always a place to point at.
    if thresholds.isEmpty { thresholds.append(.infinity) }
  }

  private mutating func set(_ field: hg_bin_field, of column: Int, _ value: Int) {
    fields[Int(field.rawValue) * width + column] = Int32(value)
  }

  /// The first step of a search among so many thresholds, the greatest power of two that is not more.
  private static func step(_ count: Int) -> Int {
    count == 0 ? 0 : 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
  }

  /// Writes the bins of up to `BinLimits.blockRows` rows, that of row `r` in column `c` to
  /// `bins[c * BinLimits.blockRows + r]`.
  ///
  /// SAFETY: the rows must have all features, and `bins` room for `count * blockRows` bytes.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
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
    TemporaryMemory.with(UInt8.self, count: rowWidth) { bytes in
      guard let rowBins = bytes.baseAddress else { return }
      for row in 0..<count {
        fill(rowBins, fromRow: rows + row * stride, using: kernels)
        for column in 0..<self.count { bins[column * BinLimits.blockRows + row] = bytes[column] }
      }
    }
  }

  /// The bytes that `fill(_:fromRow:)` writes, and at least those that the trees read.
  package var rowWidth: Int { max(width, HG_SMALL_COLUMNS) }

  /// Writes the bins of one row, that of column `c` to `bins[c]`.
  ///
  /// SAFETY: the row must have all features, and `bins` room for `rowWidth` bytes.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
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

/// The columns as kernels read them.
package struct BinTable<Scalar: TreeScalar> {
  let fields: UnsafePointer<Int32>?
  let width: Int
  let count: Int
  let numberCount: Int
  let hasNumbersOnly: Bool
  let thresholds: UnsafePointer<Scalar>?
}

/// The sizes that kernels of trees are made for.
package enum BinLimits {
  /// Categories from this on have no bin of their own.
  package static var categoryCount: Int { HG_BIN_CATEGORIES }
  package static var missingCategory: Int { HG_BIN_MISSING_CATEGORY }
  /// The rows that are binned, and pass trees, together.
  package static var blockRows: Int { HG_TREE_ROWS }
  /// The trees that `BinnedTrees.leaves` takes at once.
  package static var treesAtOnce: Int { HG_TREES_AT_ONCE }
  /// The leaves of a tree.
  package static var leafCount: Int { HG_TREE_LEAVES }
  /// The thresholds that one column tells apart.
  package static var thresholdsPerColumn: Int { 255 }
  /// The operand of the first set.
  package static var firstSet: Int { HG_TREE_SETS }
}
