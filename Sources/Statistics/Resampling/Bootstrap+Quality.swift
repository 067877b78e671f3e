extension Bootstrap {
  /// Measures the sample and its interval.
  ///
  /// ROC AUC resamples positives and negatives apart, because it conditions on both numbers and a replicate
  /// without one of them has no value. The other metrics resample all rows, because the
  /// share of positives is part of what they estimate. Weighted rows are drawn evenly and carry their weights.
  ///
  /// A model without a single error (or without a single success) gives the same value in every replicate, which is
  /// no certainty: there the interval is ``boundary(_:_:)``.
  package func estimate(_ metric: QualityMetric, of sample: BinarySample) -> Estimate {
    let value = metric.measure(sample)
    guard value.value != nil else { return estimate(value, strata: "") { _ in nil } }
    if let interval = boundary(metric, value) {
      return Estimate(value: value, interval: interval, intervalReason: nil)
    }
    switch metric {
    case .rocAUC:
      var areas = AreaReplicates(labels: sample.labels, weights: sample.weights, models: [RankedScores(sample)])
      return estimate(value, strata: "stratified by label") { generator in
        areas.draw(&generator)
        return areas.area(of: 0)
      }
    case .f1:
      let rows = ConfusionReplicates(labels: sample.labels, weights: sample.weights, models: [sample.predictions ?? []])
      return estimate(value, strata: "over rows") { rows.draw(&$0).challenger.f1 }
    case .accuracy, .logLoss, .brier:
      let rows = MeanReplicates(values: metric.rowValues(of: sample), weights: sample.weights)
      return estimate(value, strata: "over rows") { rows.draw(&$0) }
    }
  }

  /// Measures challenger - champion on the same rows, drawing the same rows for both in every replicate.
  ///
  /// The value is undefined when either side's is. A positive difference is an improvement only for
  /// metrics where larger is better.
  ///
  /// - Throws: ``SampleError`` when the two samples differ in labels or weights, and so are not the same rows.
  package func difference(_ metric: QualityMetric, challenger: BinarySample, champion: BinarySample)
    throws(SampleError) -> Estimate
  {
    guard challenger.labels == champion.labels, challenger.weights == champion.weights else {
      throw SampleError("challenger and champion were measured on different rows: predict the same rows with both")
    }
    let value = Self.difference(metric.measure(challenger), metric.measure(champion))
    guard value.value != nil else { return estimate(value, strata: "") { _ in nil } }
    let labels = challenger.labels
    let weights = challenger.weights
    switch metric {
    case .rocAUC:
      var areas = AreaReplicates(
        labels: labels, weights: weights, models: [RankedScores(challenger), RankedScores(champion)])
      return estimate(value, strata: "paired, stratified by label") { generator in
        areas.draw(&generator)
        guard let new = areas.area(of: 0), let old = areas.area(of: 1) else { return nil }
        return new - old
      }
    case .f1:
      let rows = ConfusionReplicates(
        labels: labels, weights: weights, models: [challenger.predictions ?? [], champion.predictions ?? []])
      return estimate(value, strata: "paired, over rows") { generator in
        let counts = rows.draw(&generator)
        guard let new = counts.challenger.f1, let old = counts.champion.f1 else { return nil }
        return new - old
      }
    case .accuracy, .logLoss, .brier:
      // Both means have the same weights, so their difference is the mean of the rows' differences.
      let differences = zip(metric.rowValues(of: challenger), metric.rowValues(of: champion)).map { $0 - $1 }
      let rows = MeanReplicates(values: differences, weights: weights)
      return estimate(value, strata: "paired, over rows") { rows.draw(&$0) }
    }
  }

  /// The exact binomial interval (Clopper and Pearson, 1934) at 0 or n errors of n; nil for other values.
  ///
  /// With no error among n rows the lower end is tail^(1/n), where tail is half of what confidence leaves: near 1 - 3.7/n
  /// for 0.95. For accuracy n is the number of rows. ROC AUC and F1 are no proportions; theirs is the
  /// smaller class and the positives, the number of rows that a first error would have to be found in.
  private func boundary(_ metric: QualityMetric, _ value: MetricValue) -> Interval? {
    let trials: Int
    switch metric {
    case .accuracy: trials = value.count
    case .rocAUC: trials = min(value.positives, value.negatives)
    case .f1: trials = value.positives
    case .logLoss, .brier: return nil
    }
    guard trials > 0, value.value == 0 || value.value == 1 else { return nil }
    let bound = root((1 - confidence) / 2, trials)
    return Interval(
      lower: value.value == 1 ? bound : 0, upper: value.value == 1 ? 1 : 1 - bound, confidence: confidence,
      method: "exact binomial bound, \(trials) rows")
  }

  private static func difference(_ challenger: MetricValue, _ champion: MetricValue) -> MetricValue {
    let count = challenger.count
    let positives = challenger.positives
    guard let new = challenger.value else {
      return MetricValue(
        undefined: "challenger: \(challenger.undefinedReason ?? "undefined")", count: count, positives: positives)
    }
    guard let old = champion.value else {
      return MetricValue(
        undefined: "champion: \(champion.undefinedReason ?? "undefined")", count: count, positives: positives)
    }
    return MetricValue(value: new - old, count: count, positives: positives)
  }
}
