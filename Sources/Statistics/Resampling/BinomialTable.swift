/// Draws the number of marked rows when `trials` rows are drawn with replacement from rows of which the
/// share `probability` is marked.
///
/// The distribution is tabulated once by the recurrence from its mode outwards, with basic arithmetic only, so
/// that draws are equal on every machine; a draw is one random number and a binary search. What lies
/// beyond 1e-20 of the mode's probability is left out: fewer than one draw in 10^16.
struct BinomialTable: Sendable {
  private let first: Int
  private let cumulative: [Double]

  /// Tabulates Binomial(trials, marked / total), for 0 <= marked <= total and total > 0.
  init(trials: Int, marked: Int, total: Int) {
    guard marked > 0, marked < total, trials > 0 else {
      first = marked > 0 && marked >= total ? trials : 0
      cumulative = [1]
      return
    }
    let odds = Double(marked) / Double(total - marked)
    let mode = min(trials, Int(Double(trials + 1) * (Double(marked) / Double(total))))
    var below: [Double] = []
    var mass = 1.0
    var k = mode
    while k > 0 {
      mass *= Double(k) / (Double(trials - k + 1) * odds)
      guard mass > 1e-20 else { break }
      below.append(mass)
      k -= 1
    }
    first = mode - below.count
    var masses = Array(below.reversed())
    masses.append(1)
    mass = 1
    k = mode
    while k < trials {
      mass *= Double(trials - k) * odds / Double(k + 1)
      guard mass > 1e-20 else { break }
      masses.append(mass)
      k += 1
    }
    var sum = 0.0
    cumulative = masses.map { mass in
      sum += mass
      return sum
    }
  }

  /// One draw.
  func draw(using generator: inout SeededGenerator) -> Int {
    let target = generator.unit() * (cumulative.last ?? 1)
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > target { high = middle } else { low = middle + 1 }
    }
    return first + low
  }
}
