/// The rows of some inputs in slices of one size, one after the other and from the first again after the last.
///
/// A benchmark that gives a model the same rows over and over measures how well a processor can learn them by heart:
/// branches of trees are predicted, and everything stays in the nearest cache.
package struct RowSlices: Sendable {
  private let rows: [String: Tensor]
  private let whole: [String: Tensor]
  private let rowCount: Int
  package let sliceRowCount: Int
  private var position = 0

  /// - Parameters:
  ///   - inputs: tensors `[rows, ...]` by the names of inputs.
  ///   - sliceRowCount: the rows of a slice, at least 1.
  ///   - whole: names of inputs that have no rows, and go into every slice as they are.
  /// - Throws: `RunError.invalidInput` when the inputs differ in their rows, or have too few of them.
  package init(_ inputs: [String: Tensor], of sliceRowCount: Int, whole: Set<String> = []) throws(RunError) {
    self.whole = inputs.filter { whole.contains($0.key) }
    rows = inputs.filter { !whole.contains($0.key) }
    self.sliceRowCount = sliceRowCount
    if let unknown = whole.subtracting(inputs.keys).min() {
      throw RunError(.invalidInput, "there is no input '\(unknown)' that could go whole into each call")
    }
    let ordered = rows.sorted { $0.key < $1.key }
    guard let first = ordered.first, let rowCount = first.value.shape.first else {
      throw RunError(.invalidInput, "no input has rows to walk through")
    }
    self.rowCount = rowCount
    for (name, tensor) in ordered where tensor.shape.first != rowCount {
      throw RunError(
        .invalidInput,
        "input '\(first.key)' has shape \(first.value.shape) and '\(name)' \(tensor.shape): all need as many rows; "
          + "an input without rows can go whole into each call")
    }
    guard sliceRowCount >= 1, rowCount >= sliceRowCount else {
      throw RunError(.invalidInput, "the inputs have \(rowCount) rows, which make no slice of \(sliceRowCount)")
    }
  }

  /// The slices before the first one comes again. Rows behind the last full slice are never used.
  package var count: Int { rowCount / sliceRowCount }

  /// Leaves some slices out.
  package mutating func skip(_ count: Int) {
    position = (position + count) % self.count
  }

  /// The next slice, which shares the elements of the inputs.
  package mutating func next() throws(TensorError) -> [String: Value] {
    var slice = whole.mapValues { Value.tensor($0) }
    let range = position * sliceRowCount..<(position + 1) * sliceRowCount
    for (name, tensor) in rows { slice[name] = .tensor(try tensor.rows(range)) }
    position = (position + 1) % count
    return slice
  }
}
