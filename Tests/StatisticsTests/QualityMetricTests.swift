import Testing

@testable import Statistics

@Suite struct `A quality metric` {
  /// Ratings 1...5 of 58 normal and 51 abnormal images: Hanley and McNeil, Radiology 143 (1982), table I.
  static let radiology: (labels: [Bool], scores: [Double]) = {
    var labels: [Bool] = []
    var scores: [Double] = []
    for (label, counts) in [(false, [33, 6, 6, 11, 2]), (true, [3, 2, 2, 11, 33])] {
      for (rating, count) in counts.enumerated() {
        labels += Array(repeating: label, count: count)
        scores += Array(repeating: Double(rating + 1), count: count)
      }
    }
    return (labels, scores)
  }()

  @Test func `gives the published area of the radiology ratings`() throws {
    let sample = try BinarySample(labels: Self.radiology.labels, scores: Self.radiology.scores)
    let area = QualityMetric.rocAUC.measure(sample)
    #expect(try abs(#require(area.value) - 0.893) < 0.0005)
    #expect(area.count == 109)
    #expect(area.positives == 51)
    #expect(area.negatives == 58)
  }

  /// Examples of scikit-learn's documentation, and values worked by hand.
  @Test(arguments: [
    (QualityMetric.rocAUC, [false, false, true, true], [0.1, 0.4, 0.35, 0.8], 0.75),
    (.logLoss, [true, false, false, true], [0.9, 0.1, 0.2, 0.65], 0.21616187468057912),
    (.brier, [false, true, true, false], [0.1, 0.9, 0.8, 0.3], 0.0375),
    (.rocAUC, [false, true, true], [0.5, 0.5, 0.5], 0.5),
    (.rocAUC, [true, false], [0, 1], 0),
    // A certain score that is wrong is clipped at the eps of float64: -ln(2^-52).
    (.logLoss, [true], [0], 36.04365338911715),
    // A certain score that is right is clipped too: -ln(1 - 2^-52).
    (.logLoss, [false], [0], 2.220446049250313e-16),
  ])
  func `gives the value that others publish`(
    metric: QualityMetric, labels: [Bool], scores: [Double], expected: Double
  ) throws {
    let value = try #require(metric.measure(BinarySample(labels: labels, scores: scores)).value)
    #expect(abs(value - expected) <= 1e-12 * expected)
  }

  @Test(arguments: [(QualityMetric.accuracy, 0.5), (.f1, 0.4)])
  func `counts predicted classes`(metric: QualityMetric, expected: Double) throws {
    // One true positive, two false positives, one false negative, two true negatives.
    let sample = try BinarySample(
      labels: [true, false, false, true, false, false], predictions: [true, true, true, false, false, false])
    #expect(metric.measure(sample).value == expected)
  }

  @Test(arguments: QualityMetric.allCases)
  func `with whole weights equals the metric of repeated rows`(metric: QualityMetric) throws {
    let labels = [true, false, true, false, true]
    let scores = [0.9, 0.8, 0.4, 0.4, 0.1]
    let predictions = scores.map { $0 > 0.3 }
    let weights = [1, 2, 3, 0, 1]
    func repeated<T>(_ values: [T]) -> [T] {
      zip(values, weights).flatMap { Array(repeating: $0, count: $1) }
    }
    let weighted = try BinarySample(
      labels: labels, scores: scores, predictions: predictions, weights: weights.map { Double($0) })
    let expanded = try BinarySample(
      labels: repeated(labels), scores: repeated(scores), predictions: repeated(predictions))
    let value = try #require(metric.measure(weighted).value)
    let expected = try #require(metric.measure(expanded).value)
    #expect(abs(value - expected) < 1e-12)
  }

  @Test(arguments: [
    (QualityMetric.rocAUC, [Bool](), [Double](), "no rows"),
    (.rocAUC, [true, true], [0.1, 0.2], "only one class"),
    (.rocAUC, [true, false], [.nan, 0.2], "score of row 1"),
    (.brier, [true, false], [0.5, 1.5], "score of row 2"),
    (.logLoss, [true, false], [-0.5, 0.5], "needs probabilities"),
    (.accuracy, [true, false], [0.1, 0.2], "needs predicted classes"),
  ])
  func `is undefined, with a reason, where it means nothing`(
    metric: QualityMetric, labels: [Bool], scores: [Double], reason: String
  ) throws {
    let value = metric.measure(try BinarySample(labels: labels, scores: scores))
    #expect(value.value == nil)
    #expect(value.undefinedReason?.contains(reason) == true)
    #expect(value.count == labels.count)
  }

  @Test func `f1 is undefined without positives anywhere`() throws {
    let value = QualityMetric.f1.measure(try BinarySample(labels: [false], predictions: [false]))
    #expect(value.value == nil)
    #expect(value.undefinedReason?.contains("0/0") == true)
  }

  @Test func `refuses columns of unequal length and unusable weights`() {
    #expect(throws: SampleError.self) { try BinarySample(labels: [true], scores: []) }
    #expect(throws: SampleError.self) { try BinarySample(labels: [true], predictions: [true, false]) }
    #expect(throws: SampleError.self) { try BinarySample(labels: [true], weights: [-1]) }
    #expect(throws: SampleError.self) { try BinarySample(labels: [true], weights: [.infinity]) }
  }

  @Test func `of several classes equals scikit-learn's`() throws {
    // accuracy_score([0, 1, 2, 2], [0, 2, 2, 2]) and log_loss over the rows' label probabilities.
    #expect(try MulticlassMetrics.accuracy(labels: [0, 1, 2, 2], predictions: [0, 2, 2, 2]) == 0.75)
    let loss = try MulticlassMetrics.logLoss(
      labels: [0, 2], probabilities: [0.5, 0.25, 0.25, 0.25, 0.5, 0.25], classes: 3)
    // (ln 2 + ln 4) / 2
    #expect(try abs(#require(loss) - 1.0397207708399179) < 1e-12)
    #expect(throws: SampleError.self) {
      try MulticlassMetrics.logLoss(labels: [3], probabilities: [0.5, 0.25, 0.25], classes: 3)
    }
  }
}
