import Datasets
import Domain

/// The rows that gates judge: a split with its labels and its canonical order.
struct JudgedRows: Sendable {
  let split: DatasetSplit
  /// Whether each row's label is the positive one, in the order of the file.
  let labels: [Bool]
  /// Every label of the file.
  let labelValues: [String]
  let positiveLabel: String
  let order: CanonicalOrder

  init(_ dataset: Dataset, split name: String) throws(GateError) {
    do throws(DatasetError) {
      split = try dataset.split(name)
      (labels, labelValues) = try split.labels()
    } catch {
      throw GateError(error)
    }
    positiveLabel = dataset.spec.label?.positive ?? ""
    order = split.canonicalOrder()
  }

  /// The rows' numbers in an order that depends on what the rows hold and on what the models answered, and on nothing
  /// else: by content, and among rows of equal content by the measured columns. Rows equal in both are interchangeable.
  func canonicalRows(measured columns: [[Double]]) -> [Int] {
    let keys = order.keys
    return labels.indices.sorted { left, right in
      if keys[left] != keys[right] { return keys[left] < keys[right] }
      for column in columns where column[left] != column[right] {
        // NaN last, so that the order is one even where a model gives none.
        if column[left].isNaN || column[right].isNaN {
          if column[left].isNaN != column[right].isNaN { return column[right].isNaN }
          continue
        }
        return column[left] < column[right]
      }
      return false
    }
  }
}
