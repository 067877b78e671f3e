/// The nearest of several names to a misspelt one.
enum Suggestions {
  /// The candidate with the fewest edits, when they are few for the length of the word; case does not count.
  static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = letters(of: word)
    guard !wanted.isEmpty else { return nil }
    let most = max(1, min(wanted.count, 12) / 3)
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
      let letters = letters(of: candidate)
      guard abs(letters.count - wanted.count) <= most else { continue }
      let distance = distance(wanted, letters)
      guard distance <= most else { continue }
      if let best, (best.distance, best.candidate) <= (distance, candidate) { continue }
      best = (distance, candidate)
    }
    return best?.candidate
  }

  /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in 1...left.count {
      var current = [Int](repeating: row, count: right.count + 1)
      for column in 1...right.count {
        let isSame = left[row - 1] == right[column - 1]
        var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          cost = min(cost, beforeLast[column - 2] + 1)
        }
        current[column] = cost
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }

  /// Words beyond 64 bytes are cut: nobody misspells them, and the cost is quadratic.
  private static func letters(of word: String) -> [UInt8] {
    word.utf8.prefix(64).map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 32 : $0 }
  }
}

extension Findings {
  /// `did you mean 'x'?`, when something near was meant.
  func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    Suggestions.nearest(to: word, among: candidates).map { "did you mean '\($0)'?" }
  }
}
