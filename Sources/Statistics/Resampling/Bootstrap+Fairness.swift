extension Bootstrap {
  /// Measures fairness and its interval.
  ///
  /// Rows are resampled within the denominators of the metric's rates: by group for selection rates, by
  /// group and label for true and false positive rates. A denominator therefore never becomes empty in a
  /// replicate, a small group keeps its size, and what is random is exactly what the rates estimate; for selection
  /// rates the label is not held fixed, since a group's base rate is part of its selection rate.
  ///
  /// Without weights, drawing n rows with replacement from n of which k are selected and counting the
  /// selected ones is a Binomial(n, k/n) draw. So a replicate draws one number a denominator:
  /// the same distribution as resampling rows, at a cost of O(groups log rows). With weights, rows are drawn.
  ///
  /// A group of which no row, or every row, is selected would give the same rate in every replicate, which is no
  /// certainty in a small group: such rates are drawn as if half a row of n + 1 were otherwise (Jeffreys' prior).
  ///
  /// Groups are drawn in the order of their counts, not of their names: groups with equal counts are
  /// exchangeable, so neither the order of rows nor the names of groups change the interval (with
  /// weights, the order of rows does).
  package func estimate(
    _ metric: FairnessMetric, of sample: GroupedSample,
    zeroDenominator: FairnessMetric.ZeroDenominator = .undefined
  ) -> Estimate {
    let counts = sample.counts
    let value = metric.measure(counts, zeroDenominator: zeroDenominator)
    guard value.value != nil else { return estimate(value, strata: "") { _ in nil } }
    let order = counts.indices.sorted { Self.drawKey(counts[$0]).lexicographicallyPrecedes(Self.drawKey(counts[$1])) }
    let strata = metric.conditionsOnLabel ? "stratified by group and label" : "stratified by group"
    var rates = [FairnessMetric.Rates](repeating: .init(first: 0), count: counts.count)
    if sample.weights == nil {
      let draws = order.map { RateDraws(counts[$0], byLabel: metric.conditionsOnLabel) }
      return estimate(value, strata: strata) { generator in
        for group in draws.indices { rates[group] = draws[group].draw(&generator) }
        return metric.combine(rates)
      }
    }
    let draws = order.map { WeightedRateDraws(sample, group: $0, byLabel: metric.conditionsOnLabel) }
    return estimate(value, strata: strata) { generator in
      for group in draws.indices {
        guard let rate = draws[group].draw(&generator) else { return nil }
        rates[group] = rate
      }
      return metric.combine(rates)
    }
  }

  private static func drawKey(_ group: GroupCounts) -> [Double] {
    let cells = group.confusion
    return [
      Double(group.count), Double(group.positives), cells.truePositive, cells.falsePositive, cells.falseNegative,
      cells.trueNegative,
    ]
  }
}

/// Draws one group's rates from counts.
private struct RateDraws: Sendable {
  private let first: BinomialTable
  private let firstTotal: Int
  private let second: BinomialTable?
  private let secondTotal: Int

  init(_ group: GroupCounts, byLabel: Bool) {
    // Without weights the cells are whole numbers.
    let truePositive = Int(group.confusion.truePositive)
    firstTotal = byLabel ? group.positives : group.count
    first = Self.table(byLabel ? truePositive : group.selected, of: firstTotal)
    secondTotal = group.negatives
    second = byLabel ? Self.table(group.selected - truePositive, of: secondTotal) : nil
  }

  private static func table(_ marked: Int, of total: Int) -> BinomialTable {
    let isAtBoundary = total > 0 && (marked == 0 || marked == total)
    // (marked + 1/2) / (total + 1)
    return isAtBoundary
      ? BinomialTable(trials: total, marked: 2 * marked + 1, total: 2 * total + 2)
      : BinomialTable(trials: total, marked: marked, total: max(1, total))
  }

  func draw(_ generator: inout SeededGenerator) -> FairnessMetric.Rates {
    let chosen = Double(first.draw(using: &generator))
    guard let second else { return .init(first: chosen / Double(max(1, firstTotal))) }
    let wronglyChosen = Double(second.draw(using: &generator))
    return .init(first: chosen / Double(max(1, firstTotal)), second: wronglyChosen / Double(max(1, secondTotal)))
  }
}

/// Draws one group's rates from weighted rows.
private struct WeightedRateDraws: Sendable {
  private var strata: [[(weight: Double, chosen: Bool)]]

  init(_ sample: GroupedSample, group: Int, byLabel: Bool) {
    strata = Array(repeating: [], count: byLabel ? 2 : 1)
    for row in sample.labels.indices where sample.groups[row] == group {
      strata[byLabel && !sample.labels[row] ? 1 : 0].append((sample.weights?[row] ?? 1, sample.predictions[row]))
    }
  }

  /// Nil when only rows of weight zero were drawn; an empty stratum has the rate 0, as in Fairlearn.
  func draw(_ generator: inout SeededGenerator) -> FairnessMetric.Rates? {
    var rates = FairnessMetric.Rates(first: 0)
    for (index, rows) in strata.enumerated() where !rows.isEmpty {
      var chosen = 0.0
      var total = 0.0
      for _ in rows.indices {
        let row = rows[generator.index(below: rows.count)]
        total += row.weight
        if row.chosen { chosen += row.weight }
      }
      guard total > 0 else { return nil }
      if index == 0 { rates.first = chosen / total } else { rates.second = chosen / total }
    }
    return rates
  }
}
