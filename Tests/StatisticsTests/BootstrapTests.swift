import Testing

@testable import Statistics

@Suite struct `A bootstrap` {
  /// A sample with a share of right predictions, in a fixed scattered order.
  static func sample(rows: Int, seed: UInt8, quality: Double = 0.8) throws -> BinarySample {
    var generator = SeededGenerator(seed: [seed])
    let labels = (0..<rows).map { _ in generator.unit() < 0.4 }
    let scores = labels.map { label in (generator.unit() + (label ? quality : 0)) / (1 + quality) }
    return try BinarySample(labels: labels, scores: scores, predictions: scores.map { $0 > 0.5 })
  }

  @Test func `covers the radiology area as Hanley and McNeil's standard error does`() throws {
    let ratings = `A quality metric`.radiology
    let sample = try BinarySample(labels: ratings.labels, scores: ratings.scores)
    let interval = try #require(Bootstrap(seed: [1], replicates: 10_000).estimate(.rocAUC, of: sample).interval)
    // Published: area 0.893, standard error 0.032.
    #expect(abs((interval.upper - interval.lower) / (2 * 1.96) - 0.032) < 0.004)
    #expect(interval.lower < 0.893 && interval.upper > 0.893)
  }

  @Test func `of an accuracy has the width of the binomial`() throws {
    // 400 of 1,000 right: standard error sqrt(0.4 * 0.6 / 1000) = 0.015492.
    let sample = try BinarySample(
      labels: Array(repeating: true, count: 1000), predictions: (0..<1000).map { $0 % 5 < 2 })
    let interval = try #require(Bootstrap(seed: [7], replicates: 20_000).estimate(.accuracy, of: sample).interval)
    #expect(abs(interval.lower - (0.4 - 1.96 * 0.015492)) < 0.002)
    #expect(abs(interval.upper - (0.4 + 1.96 * 0.015492)) < 0.002)
  }

  @Test func `holds the true accuracy in about 95 of 100 samples`() throws {
    var generator = SeededGenerator(seed: Array("coverage".utf8))
    var covered = 0
    for trial in 0..<400 {
      let sample = try BinarySample(
        labels: Array(repeating: true, count: 300), predictions: (0..<300).map { _ in generator.unit() < 0.7 })
      let bootstrap = try Bootstrap(seed: [UInt8(trial % 256), UInt8(trial / 256)], replicates: 400)
      let interval = try #require(bootstrap.estimate(.accuracy, of: sample).interval)
      if interval.lower <= 0.7, interval.upper >= 0.7 { covered += 1 }
    }
    // Four standard errors of a 0.95 share over 400 trials: 0.044.
    #expect((363...397).contains(covered))
  }

  @Test(arguments: QualityMetric.allCases)
  func `is a function of the seed`(metric: QualityMetric) throws {
    let sample = try Self.sample(rows: 200, seed: 3)
    let first = try Bootstrap(seed: [1, 2]).estimate(metric, of: sample)
    #expect(try Bootstrap(seed: [1, 2]).estimate(metric, of: sample) == first)
    #expect(try Bootstrap(seed: [1, 3]).estimate(metric, of: sample) != first)
    let interval = try #require(first.interval)
    let value = try #require(first.value.value)
    #expect(interval.lower <= value && value <= interval.upper)
    #expect(interval.lower < interval.upper)
  }

  @Test(arguments: QualityMetric.allCases)
  func `with weights of one is as wide as without`(metric: QualityMetric) throws {
    let plain = try Self.sample(rows: 200, seed: 4)
    let weighted = try BinarySample(
      labels: plain.labels, scores: plain.scores, predictions: plain.predictions,
      weights: Array(repeating: 1, count: 200))
    let bootstrap = try Bootstrap(seed: [9])
    let expected = try #require(bootstrap.estimate(metric, of: plain).interval)
    let interval = try #require(bootstrap.estimate(metric, of: weighted).interval)
    #expect(abs(interval.lower - expected.lower) < 1e-12)
    #expect(abs(interval.upper - expected.upper) < 1e-12)
  }

  @Test(arguments: QualityMetric.allCases)
  func `of a model against itself has no difference`(metric: QualityMetric) throws {
    let sample = try Self.sample(rows: 100, seed: 5)
    let estimate = try Bootstrap(seed: [5]).difference(metric, challenger: sample, champion: sample)
    #expect(estimate.value.value == 0)
    #expect(estimate.interval?.lower == 0)
    #expect(estimate.interval?.upper == 0)
  }

  @Test(arguments: QualityMetric.allCases)
  func `draws the same rows for both models`(metric: QualityMetric) throws {
    // The challenger's scores are a little off the champion's: the paired interval is much narrower than either's own.
    let champion = try Self.sample(rows: 1000, seed: 6)
    var scores = try #require(champion.scores)
    for row in stride(from: 0, to: 1000, by: 10) { scores[row] *= 0.9 }
    let challenger = try BinarySample(labels: champion.labels, scores: scores, predictions: scores.map { $0 > 0.5 })
    let bootstrap = try Bootstrap(seed: [6])
    let paired = try #require(
      bootstrap.difference(metric, challenger: challenger, champion: champion).interval)
    let alone = try #require(bootstrap.estimate(metric, of: champion).interval)
    #expect(paired.upper - paired.lower < 0.8 * (alone.upper - alone.lower))
    #expect(paired.lower < paired.upper)
  }

  /// Clopper and Pearson's limits for no error among n rows: 1 - 0.025^(1/n) is 0.1157 for n = 30, 0.3085 for n = 10.
  @Test(arguments: [
    (QualityMetric.accuracy, 30, 0.1157), (.accuracy, 10, 0.3085), (.rocAUC, 20, 0.3085), (.f1, 20, 0.3085),
  ])
  func `is not certain of a model that made no error on few rows`(
    metric: QualityMetric, rows: Int, doubt: Double
  ) throws {
    let labels = (0..<rows).map { $0 % 2 == 0 }
    let right = try BinarySample(labels: labels, scores: labels.map { $0 ? 1 : 0 }, predictions: labels)
    let interval = try #require(Bootstrap(seed: [1]).estimate(metric, of: right).interval)
    #expect(interval.upper == 1)
    #expect(abs(interval.lower - (1 - doubt)) < 0.0001)
    let wrong = try BinarySample(
      labels: labels, scores: labels.map { $0 ? 0 : 1 }, predictions: labels.map { !$0 })
    let mirrored = try #require(Bootstrap(seed: [1]).estimate(metric, of: wrong).interval)
    #expect(mirrored.lower == 0)
    #expect(abs(mirrored.upper - doubt) < 0.0001)
  }

  @Test func `refuses to compare different rows`() throws {
    let one = try BinarySample(labels: [true, false], scores: [1, 0])
    let other = try BinarySample(labels: [false, true], scores: [1, 0])
    #expect(throws: SampleError.self) {
      try Bootstrap(seed: []).difference(.rocAUC, challenger: one, champion: other)
    }
  }

  @Test func `has no interval when replicates are undefined`() throws {
    // Two positives among 40 rows, one of them found: one replicate in eight has neither.
    var labels = Array(repeating: false, count: 40)
    labels[3] = true
    labels[4] = true
    var predictions = Array(repeating: false, count: 40)
    predictions[3] = true
    let sample = try BinarySample(labels: labels, predictions: predictions)
    let estimate = try Bootstrap(seed: [1]).estimate(.f1, of: sample)
    #expect(estimate.value.value == 2.0 / 3)
    #expect(estimate.interval == nil)
    #expect(estimate.intervalReason?.contains("undefined in") == true)
  }

  @Test func `refuses settings that mean nothing`() {
    #expect(throws: SampleError.self) { try Bootstrap(seed: [], confidence: 1) }
    #expect(throws: SampleError.self) { try Bootstrap(seed: [], confidence: .nan) }
    #expect(throws: SampleError.self) { try Bootstrap(seed: [], replicates: 0) }
  }

  @Test(arguments: [(0.0, 1.0), (0.5, 1.5), (2.0, 3.0), (2.25, 3.25), (3.0, 4.0)])
  func `interpolates percentiles as numpy does`(position: Double, expected: Double) {
    #expect(Bootstrap.quantile([1, 2, 3, 4], at: position) == expected)
    #expect(Bootstrap.quantile([1, 2, 3, 4], at: 3.5) == nil)
    #expect(Bootstrap.quantile([1, 2, 3, 4], at: -0.5) == nil)
  }
}
