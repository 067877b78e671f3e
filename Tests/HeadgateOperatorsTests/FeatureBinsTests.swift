import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Bins of features` {
  @Test(arguments: [0, 1, 255, 256, 1000])
  func `decide comparisons with any number of thresholds`(count: Int) throws {
    // Each twice, in no order.
    let thresholds = (0..<2 * count).map { Float($0 * 7 % max(count, 1)) / 8 - 10 }
    var bins = try #require(FeatureBins<Float>(featureCount: 2, testCount: 2 * count))
    var source: Int32 = -1
    for threshold in thresholds {
      source = bins.insert(feature: 1, kind: .number, missingIsTrue: false, threshold: threshold)
    }
    let other = bins.insert(feature: 0, kind: .number, missingIsTrue: true, threshold: 0.5)
    #expect(source != other)
    let made = bins.makeColumns()
    let columns = try #require(made)
    #expect(columns.count == 1 + (count + 254) / 255)
    let rows = thresholds.prefix(100).flatMap { [$0, $0.nextDown, $0.nextUp] } + [-.infinity, .infinity, .nan, 0]
    for row in rows {
      var found = [UInt8](repeating: 0, count: columns.rowWidth)
      columns.fill(&found, fromRow: [row, row])
      for threshold in thresholds {
        let place = bins.place(of: threshold, in: source)
        #expect((UInt16(found[Int(place.column)]) <= place.bin) == (row <= threshold))
      }
      let place = bins.place(of: 0.5, in: other)
      #expect((UInt16(found[Int(place.column)]) <= place.bin) == (row.isNaN || row <= 0.5))
    }
  }

  @Test func `need no more columns than tests can name`() throws {
    var bins = try #require(FeatureBins<Float>(featureCount: 70_000, testCount: 70_000))
    for feature in 0..<70_000 {
      _ = bins.insert(feature: feature, kind: .number, missingIsTrue: false, threshold: 1)
    }
    let columns = bins.makeColumns()
    #expect(columns?.count == nil)
    let isTable = FeatureBins<Float>(featureCount: 1 << 20, testCount: 1) != nil
    #expect(!isTable)
  }
}
