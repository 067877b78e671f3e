import HeadgateTensors

/// Replaces the features of rows by their bins: bytes that tests of trees compare instead of the numbers.
///
/// The bin of a number is how many of its column's thresholds lie below it. So `number <= threshold` holds exactly
/// where the bin is at most the index of the threshold, whatever the number is; NaN, which no comparison holds for, has
/// the bin 255 above all thresholds, or 0 where it is to pass every test. A feature with more than 255 thresholds has
/// several columns; each tells apart the numbers among its own thresholds.
struct FeatureBins<Scalar: TreeScalar> {
  /// A feature as some tests look at it, with all their thresholds.
  private struct Source {
    let feature: Int
    let kind: BinColumns<Scalar>.Kind
    let missingIsTrue: Bool
    var thresholds = ThresholdSet<Scalar>()
    var columns: [UInt16] = []

    /// A number for each source, below 8 times the features.
    static func number(_ feature: Int, _ kind: BinColumns<Scalar>.Kind, _ missingIsTrue: Bool) -> Int {
      feature << 3 | Int(kind.rawValue) << 1 | (missingIsTrue ? 1 : 0)
    }

    var number: Int { Self.number(feature, kind, missingIsTrue) }
  }

  private var sources: [Source] = []
  /// The place of each source by its number, -1 where there is none.
  private var places: [Int32]

  /// Nil when there are so many features that a table of them would take more than the tests.
  init?(featureCount: Int, testCount: Int) {
    guard featureCount <= 1024 + testCount else { return nil }
    places = [Int32](repeating: -1, count: featureCount << 3)
  }

  /// Takes note of a test, of numbers with its threshold, which is no NaN. Returns what stands for the source of its bins.
  ///
  /// - Parameter missingIsTrue: whether missing values pass the test; of categories, whether its set has
  ///   `BinLimits.missingCategory`.
  mutating func insert(
    feature: Int, kind: BinColumns<Scalar>.Kind, missingIsTrue: Bool, threshold: Scalar
  ) -> Int32 {
    let number = Source.number(feature, kind, missingIsTrue)
    if places[number] < 0 {
      places[number] = Int32(sources.count)
      sources.append(Source(feature: feature, kind: kind, missingIsTrue: missingIsTrue))
    }
    let place = places[number]
    if !kind.isCategory { sources[Int(place)].thresholds.insert(threshold) }
    return place
  }

  /// Makes the columns, once all tests are known; nil when there are more than tests can name.
  mutating func makeColumns() -> BinColumns<Scalar>? {
    var parts: [(source: Int, thresholds: ArraySlice<Scalar>)] = []
    for index in sources.indices {
      let thresholds = sources[index].thresholds.finish()
      var start = 0
      repeat {
        let end = min(start + BinLimits.thresholdsPerColumn, thresholds.count)
        parts.append((index, thresholds[start..<end]))
        start = end
      } while start < thresholds.count
    }
    guard parts.count <= Int(UInt16.max) else { return nil }
    // The order that `BinColumns` asks for; the parts of a source keep theirs, as only the last one is smaller.
    parts.sort { first, second in
      let (source, other) = (sources[first.source], sources[second.source])
      guard source.kind.isCategory == other.kind.isCategory else { return other.kind.isCategory }
      guard first.thresholds.count == second.thresholds.count else {
        return first.thresholds.count > second.thresholds.count
      }
      return (source.number, first.thresholds.startIndex) < (other.number, second.thresholds.startIndex)
    }
    for (column, part) in parts.enumerated() { sources[part.source].columns.append(UInt16(column)) }
    return BinColumns(
      parts.map { part in
        let source = sources[part.source]
        return BinColumns.Column(
          feature: source.feature, kind: source.kind, missingIsTrue: source.missingIsTrue,
          thresholds: part.thresholds)
      })
  }

  /// The column whose bin decides a comparison with a threshold that was inserted, and up to which bin it holds; of
  /// categories, whose set decides, their column.
  func place(of threshold: Scalar, in source: Int32) -> (column: UInt16, bin: UInt16) {
    let source = sources[Int(source)]
    guard !source.kind.isCategory, let index = source.thresholds.index(of: threshold) else {
      return (source.columns[0], 0)
    }
    return (source.columns[index / BinLimits.thresholdsPerColumn], UInt16(index % BinLimits.thresholdsPerColumn))
  }
}
