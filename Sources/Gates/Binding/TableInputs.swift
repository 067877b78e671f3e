import Datasets
import HeadgateRuntime
import HeadgateTensors

/// Binds the columns of a table to a model's inputs as gates do, for those who run a model by hand.
package struct TableInputs: Sendable {
  /// Why a table cannot be bound.
  package struct Failure: Error, Sendable, Hashable {
    /// What happened and what to do.
    package let message: String
  }

  /// The inputs of one run over all rows.
  package let tensors: [String: Tensor]

  /// Reads a CSV file.
  ///
  /// Inputs take the columns of their names. A single input of several columns takes `features` in their order, or those
  /// that the model itself names, or all columns of the table when they are as many as it has.
  /// - Parameters:
  ///   - named: the features that the model names, in the order of its columns; they count when the table has them all.
  ///   - missing: cell texts that mean "no value": NaN for numbers, the empty string for texts.
  package init(
    csv path: String, for inputs: [ValueInfo], features: [String]?, named: [String] = [], missing: [String]
  ) throws(Failure) {
    do throws(GateError) {
      let dataset: Dataset
      do {
        dataset = try Dataset(loose: path, missing: missing)
      } catch {
        throw GateError(error)
      }
      let split = dataset.allRows
      guard split.count > 0 else { throw GateError(.datasetUnusable, "\(path) has no rows below its header") }
      let binding = try InputBinding(
        inputs, features: features ?? Self.features(of: dataset.table, for: inputs, named: named), dataset: dataset)
      if let count = binding.fixedRowCount, count != split.count {
        throw GateError(
          .inputsUnbound,
          "the model takes \(count) rows at a time, and \(path) has \(split.count); "
            + "give as many, or export the model with a free first dimension")
      }
      tensors = try BoundColumns(binding, split: split).tensors(from: 0, count: split.count)
    } catch {
      // Options stand for the fields of a spec here.
      let message = Self.replacing("serving.features", by: "--features", in: error.message)
      throw Failure(
        message: Self.replacing("list it under the data set's missing values", by: "pass it as --missing", in: message))
    }
  }

  /// The named columns, or all, where a model's only input has room for just as many and none has its name.
  private static func features(of table: CSVTable, for inputs: [ValueInfo], named: [String]) -> [String]? {
    if !named.isEmpty, named.allSatisfy({ table.index(of: $0) != nil }) { return named }
    guard inputs.count == 1, let input = inputs.first, table.index(of: input.name) == nil else { return nil }
    guard let shape = input.shape else { return table.columns }
    guard shape.count == 2, shape[1] == nil || shape[1] == table.columns.count else { return nil }
    return table.columns
  }

  private static func replacing(_ words: String, by other: String, in text: String) -> String {
    text.split(separator: words, omittingEmptySubsequences: false).joined(separator: other)
  }
}
