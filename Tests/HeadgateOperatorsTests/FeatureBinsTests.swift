import HeadgateTensors
import Testing

@testable import HeadgateOperators

@Suite struct `Bins of features` {
  @Test(arguments: [0, 1, 255, 256, 1000])
  func `decide comparisons with any number of thresholds`(count: Int) throws {
    // Each twice, in no order.
    let thresholds = (0..<2 * count).map { Float($0 * 7 % max(count, 1)) / 8 - 10 }
    var bins = FeatureBins<Float>()
    let numbers = thresholds.map {
      bins.insert(feature: 1, kind: .number, missingIsTrue: false, threshold: $0)
    }
    #expect(Set(numbers).count == count)
    let other = bins.insert(feature: 0, kind: .number, missingIsTrue: true, threshold: 0.5)
    let (columns, places) = try #require(bins.makeColumns())
    #expect(columns.count == 1 + (count + 254) / 255)
    let rows = thresholds.prefix(100).flatMap { [$0, $0.nextDown, $0.nextUp] } + [-.infinity, .infinity, .nan, 0]
    for row in rows {
      var found = [UInt8](repeating: 0, count: columns.rowWidth)
      columns.fill(&found, fromRow: [row, row])
      for (threshold, number) in zip(thresholds, numbers) {
        let place = places[Int(number)]
        #expect((UInt16(found[Int(place.column)]) <= place.bin) == (row <= threshold))
      }
      let place = places[Int(other)]
      #expect((UInt16(found[Int(place.column)]) <= place.bin) == (row.isNaN || row <= 0.5))
    }
  }

  @Test func `take both zeros for one threshold, and features of any number`() throws {
    var bins = FeatureBins<Double>()
    let zero = bins.insert(feature: 3, kind: .number, missingIsTrue: false, threshold: 0)
    #expect(bins.insert(feature: 3, kind: .number, missingIsTrue: false, threshold: -0.0) == zero)
    let last = bins.insert(feature: Int(Int32.max), kind: .numberNotZero, missingIsTrue: true, threshold: 0)
    #expect(last != zero)
    let category = bins.insert(feature: 3, kind: .category, missingIsTrue: false, threshold: 17)
    #expect(bins.insert(feature: 3, kind: .category, missingIsTrue: false, threshold: 4) == category)
    let (columns, places) = try #require(bins.makeColumns())
    #expect(columns.count == 3)
    #expect(Set(places.map(\.column)).count == 3)
    #expect(places[Int(category)].column == 2)
  }

  @Test func `need no more columns than tests can name`() throws {
    var bins = FeatureBins<Float>()
    for feature in 0..<70_000 {
      _ = bins.insert(feature: feature, kind: .number, missingIsTrue: false, threshold: 1)
    }
    #expect(bins.makeColumns() == nil)
  }
}
