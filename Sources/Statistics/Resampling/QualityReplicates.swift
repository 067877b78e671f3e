/// Replicates of a mean over rows.
struct MeanReplicates: Sendable {
  let values: [Double]
  let weights: [Double]?

  func draw(_ generator: inout SeededGenerator) -> Double? {
    var sum = 0.0
    guard let weights else {
      for _ in values.indices { sum += values[generator.index(below: values.count)] }
      return sum / Double(values.count)
    }
    var total = 0.0
    for _ in values.indices {
      let row = generator.index(below: values.count)
      sum += values[row] * weights[row]
      total += weights[row]
    }
    return total > 0 ? sum / total : nil
  }
}

/// Replicates of the confusion counts of one model, or of two on the same rows.
struct ConfusionReplicates: Sendable {
  /// Each row's cell: bit 0 the label, bit 1 the challenger's prediction, bit 2 the champion's.
  private let cells: [UInt8]
  private let weights: [Double]?

  init(labels: [Bool], weights: [Double]?, models: [[Bool]]) {
    self.weights = weights
    cells = labels.indices.map { row in
      var cell: UInt8 = labels[row] ? 1 : 0
      for (model, predictions) in models.enumerated() where predictions[row] { cell |= 2 << UInt8(model) }
      return cell
    }
  }

  func draw(_ generator: inout SeededGenerator) -> (challenger: ConfusionCounts, champion: ConfusionCounts) {
    var sums = InlineArray<8, Double>(repeating: 0)
    for _ in cells.indices {
      let row = generator.index(below: cells.count)
      sums[Int(cells[row] & 7)] += weights?[row] ?? 1
    }
    var challenger = ConfusionCounts()
    var champion = ConfusionCounts()
    for cell in 0..<8 {
      challenger.add(label: cell & 1 != 0, prediction: cell & 2 != 0, weight: sums[cell])
      champion.add(label: cell & 1 != 0, prediction: cell & 4 != 0, weight: sums[cell])
    }
    return (challenger, champion)
  }
}

/// Replicates of the area under the ROC curve of one or several models on the same rows, stratified by label.
///
/// Scores are ranked once; a replicate counts the drawn rows by rank and sweeps the ranks: O(rows), no sort.
struct AreaReplicates {
  private let models: [RankedScores]
  private let weights: [Double]?
  private let positiveRows: [Int32]
  private let negativeRows: [Int32]
  private var positiveCounts: [[Int32]]
  private var negativeCounts: [[Int32]]
  private var positiveWeights: [[Double]]
  private var negativeWeights: [[Double]]

  init(labels: [Bool], weights: [Double]?, models: [RankedScores]) {
    self.models = models
    self.weights = weights
    positiveRows = labels.indices.filter { labels[$0] }.map { Int32($0) }
    negativeRows = labels.indices.filter { !labels[$0] }.map { Int32($0) }
    positiveCounts = models.map { [Int32](repeating: 0, count: weights == nil ? $0.rankCount : 0) }
    negativeCounts = positiveCounts
    positiveWeights = models.map { [Double](repeating: 0, count: weights == nil ? 0 : $0.rankCount) }
    negativeWeights = positiveWeights
  }

  /// Draws as many rows of each class as there are.
  mutating func draw(_ generator: inout SeededGenerator) {
    // Every model is given the same rows by replaying the generator from the same state.
    let start = generator
    for model in models.indices {
      generator = start
      if let weights {
        Self.add(positiveRows, models[model].rankOfRow, weights, to: &positiveWeights[model], &generator)
        Self.add(negativeRows, models[model].rankOfRow, weights, to: &negativeWeights[model], &generator)
      } else {
        Self.count(positiveRows, models[model].rankOfRow, in: &positiveCounts[model], &generator)
        Self.count(negativeRows, models[model].rankOfRow, in: &negativeCounts[model], &generator)
      }
    }
  }

  /// The area of one model on the rows last drawn.
  func area(of model: Int) -> Double? {
    weights == nil
      ? RankedScores.area(positive: positiveCounts[model], negative: negativeCounts[model])
      : RankedScores.area(positive: positiveWeights[model], negative: negativeWeights[model])
  }

  private static func count(
    _ rows: [Int32], _ ranks: [Int32], in counts: inout [Int32], _ generator: inout SeededGenerator
  ) {
    for rank in counts.indices { counts[rank] = 0 }
    for _ in rows.indices {
      counts[Int(ranks[Int(rows[generator.index(below: rows.count)])])] &+= 1
    }
  }

  private static func add(
    _ rows: [Int32], _ ranks: [Int32], _ weights: [Double], to sums: inout [Double],
    _ generator: inout SeededGenerator
  ) {
    for rank in sums.indices { sums[rank] = 0 }
    for _ in rows.indices {
      let row = Int(rows[generator.index(below: rows.count)])
      sums[Int(ranks[row])] += weights[row]
    }
  }
}
