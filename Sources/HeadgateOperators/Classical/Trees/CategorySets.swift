/// Sets of categories as bit fields, one after the other.
package struct CategorySets: Sendable {
  private struct Range: Sendable {
    var start: Int
    var count: Int
    /// The word that the first stored one is: words before it are zero and not stored.
    var firstWord: Int
  }

  private var words: [UInt32] = []
  private var ranges: [Range] = []

  /// The number of words that all sets take.
  package var wordCount: Int { words.count }

  var count: Int { ranges.count }

  mutating func append(_ set: some Collection<UInt32>, firstWord: Int) -> Int {
    ranges.append(Range(start: words.count, count: set.count, firstWord: firstWord))
    words.append(contentsOf: set)
    return ranges.count - 1
  }

  /// Whether a set holds a category that is not negative.
  func contains(_ category: Int, in set: Int) -> Bool {
    let range = ranges[set]
    let word = category >> 5 &- range.firstWord
    guard word >= 0, word < range.count else { return false }
    return words[range.start &+ word] >> UInt32(category & 31) & 1 == 1
  }

  /// The categories of a set; nil when one is not below a limit.
  func categories(of set: Int, below limit: Int) -> [Int]? {
    let range = ranges[set]
    var categories: [Int] = []
    for (index, word) in words[range.start..<range.start + range.count].enumerated() where word != 0 {
      let (first, overflow) = (range.firstWord + index).multipliedReportingOverflow(by: 32)
      guard !overflow, first < limit else { return nil }
      categories += (0..<32).filter { word >> UInt32($0) & 1 == 1 }.map { first + $0 }
    }
    return categories.allSatisfy { $0 >= 0 && $0 < limit } ? categories : nil
  }
}
