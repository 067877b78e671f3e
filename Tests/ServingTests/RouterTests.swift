import Domain
import Testing

@testable import Serving

/// SplitMix64, so that failures can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

@Suite struct `The split of traffic` {
  private static let model = ModelName("m")

  private func router(_ weights: [Int: Int]) throws -> Router {
    try #require(
      Router(Dictionary(uniqueKeysWithValues: weights.map { (ReleaseNumber($0.key), $0.value) }), model: Self.model))
  }

  @Test func `keeps each version within one request of its share, at every moment`() throws {
    var generator = SeededGenerator(state: 1)
    for round in 0..<200 {
      var weights: [Int: Int] = [:]
      var left = 10_000
      let versions = Int.random(in: 1...5, using: &generator)
      for version in 1...versions {
        let weight = version == versions ? left : Int.random(in: 0...left, using: &generator)
        weights[version] = round.isMultiple(of: 2) ? weight : weight / 100 * 100
        left -= weight
      }
      let total = weights.values.reduce(0, +)
      guard total > 0 else { continue }
      let router = try router(weights)
      var counts: [Int: Int] = [:]
      for request in 0..<2500 {
        counts[router.pick(count: UInt64(request), key: nil as String?).value, default: 0] += 1
        for (version, weight) in weights {
          let share = Double(request + 1) * Double(weight) / Double(total)
          #expect(abs(Double(counts[version, default: 0]) - share) < 1, "weights \(weights), request \(request)")
        }
      }
    }
  }

  @Test func `keeps whoever is on the candidate at 5 % there at 25 % and 100 %`() throws {
    let steps = try [500, 2500, 10_000].map { try router([1: 10_000 - $0, 2: $0]) }
    var onCandidate = [0, 0, 0]
    for person in 0..<20_000 {
      let picks = steps.map { $0.pick(count: 0, key: "person \(person)").value }
      for (step, pick) in picks.enumerated() where pick == 2 { onCandidate[step] += 1 }
      for step in 1..<3 where picks[step - 1] == 2 { #expect(picks[step] == 2) }
    }
    // Three standard deviations of a binomial with 20,000 trials.
    #expect(abs(onCandidate[0] - 1000) < 93)
    #expect(abs(onCandidate[1] - 5000) < 184)
    #expect(onCandidate[2] == 20_000)
  }

  @Test func `sends the same key to the same version however many requests come between`() throws {
    let router = try router([1: 7500, 2: 2500])
    let first = router.pick(count: 0, key: "k")
    for count in 1..<100 { #expect(router.pick(count: UInt64(count), key: "k") == first) }
  }

  @Test func `gives nothing to versions without weight`() throws {
    #expect(Router([:], model: Self.model) == nil)
    #expect(Router([ReleaseNumber(1): 0], model: Self.model) == nil)
    let router = try router([1: 0, 2: 10_000])
    for count in 0..<100 {
      #expect(router.pick(count: UInt64(count), key: nil as String?).value == 2)
      #expect(router.pick(count: 0, key: "\(count)").value == 2)
    }
  }
}
