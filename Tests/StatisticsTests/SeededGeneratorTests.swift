import Testing

@testable import Statistics

@Suite struct `A seeded generator` {
  @Test func `gives the reference numbers of xoshiro256++`() {
    // The test vector of the authors' C program, as published with the rand_xoshiro crate.
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    let numbers = (0..<10).map { _ in generator.next() }
    #expect(
      numbers == [
        41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205,
        9_973_669_472_204_895_162, 14_011_001_112_246_962_877, 12_406_186_145_184_390_807,
        15_849_039_046_786_891_736, 10_450_023_813_501_588_000,
      ])
  }

  @Test func `gives the reference numbers of SplitMix64`() {
    var mixer = SplitMix64(state: 1_234_567)
    let numbers = (0..<5).map { _ in mixer.next() }
    #expect(
      numbers == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test func `tells seeds apart by content and length`() {
    let seeds: [[UInt8]] = [[], [0], [0, 0], [1], Array(repeating: 0, count: 8), Array(repeating: 0, count: 9)]
    let firsts = seeds.map { seed in
      var generator = SeededGenerator(seed: seed)
      return generator.next()
    }
    #expect(Set(firsts).count == seeds.count)
  }

  @Test func `fills its range evenly`() {
    var generator = SeededGenerator(seed: [42])
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 { counts[generator.index(below: 10)] += 1 }
    // Chi-square with 9 degrees of freedom: 33.7 is passed once in 10,000 seeds.
    let chiSquare = counts.reduce(0.0) { $0 + (Double($1) - 10_000) * (Double($1) - 10_000) / 10_000 }
    #expect(chiSquare < 33.7)
  }
}

@Suite struct `A binomial table` {
  @Test(arguments: [(10, 3, 10), (16_281, 3_846, 16_281), (3, 1, 2), (1000, 1, 1000), (1000, 999, 1000)])
  func `draws with the mean and variance of the binomial`(trials: Int, marked: Int, total: Int) {
    let table = BinomialTable(trials: trials, marked: marked, total: total)
    var generator = SeededGenerator(seed: [1])
    let draws = (0..<40_000).map { _ in Double(table.draw(using: &generator)) }
    let p = Double(marked) / Double(total)
    let variance = Double(trials) * p * (1 - p)
    let mean = draws.reduce(0, +) / 40_000
    // Four standard errors each; the variance's own uses the kurtosis 3 + (1 - 6pq) / npq.
    #expect(abs(mean - Double(trials) * p) < 4 * (variance / 40_000).squareRoot())
    let spread = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000
    let error = variance * ((2 + (1 - 6 * p * (1 - p)) / variance) / 40_000).squareRoot()
    #expect(abs(spread - variance) < 4 * error)
  }

  @Test(arguments: [(0, 0, 5), (5, 0, 5), (5, 5, 5), (0, 0, 1)])
  func `draws certain counts exactly`(trials: Int, marked: Int, total: Int) {
    let table = BinomialTable(trials: trials, marked: marked, total: total)
    var generator = SeededGenerator(seed: [1])
    let expected = marked == total ? trials : 0
    #expect((0..<10).allSatisfy { _ in table.draw(using: &generator) == expected })
  }
}
