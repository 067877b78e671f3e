/// Labels and predictions of a two-class model whose rows belong to groups.
package struct GroupedSample: Sendable, Equatable {
  /// True for the positive class, `[rows]`.
  package let labels: [Bool]
  /// True where the model chose the positive class, `[rows]`.
  package let predictions: [Bool]
  /// The index into ``names`` of each row's group, `[rows]`.
  package let groups: [Int]
  /// The groups' names; they are shown and decide nothing.
  package let names: [String]
  /// Row weights, finite and not negative; nil counts every row once.
  package let weights: [Double]?

  /// Checks lengths, group numbers and weights.
  ///
  /// - Throws: ``SampleError`` for unequal lengths, a group number without a name, or an unusable weight.
  package init(labels: [Bool], predictions: [Bool], groups: [Int], names: [String], weights: [Double]? = nil)
    throws(SampleError)
  {
    try BinarySample.check(rows: labels.count, weights: weights)
    guard predictions.count == labels.count, groups.count == labels.count else {
      throw SampleError(
        "\(labels.count) labels, \(predictions.count) predictions, \(groups.count) groups: give one of each a row")
    }
    if let row = groups.firstIndex(where: { !names.indices.contains($0) }) {
      throw SampleError("row \(row + 1) is in group \(groups[row]) of \(names.count)")
    }
    self.labels = labels
    self.predictions = predictions
    self.groups = groups
    self.names = names
    self.weights = weights
  }

  /// The counts of every group, in the order of ``names``; a group without rows is listed with zeros.
  package var counts: [GroupCounts] {
    var counts = names.map { GroupCounts(name: $0) }
    for row in labels.indices {
      counts[groups[row]].add(label: labels[row], prediction: predictions[row], weight: weights?[row] ?? 1)
    }
    return counts
  }
}
