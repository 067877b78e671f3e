import Datasets
import Domain
import HeadgateRuntime
import HeadgateTensors

/// Which columns of a data set fill which input of a model.
///
/// Each input takes the column of its own name, as `[rows]` or `[rows, 1]`. A model with one input of
/// several columns, `[rows, columns]`, takes the columns that `serving.features` lists, in that order.
/// Numbers are converted to the input's element type; a missing number is NaN and a missing text the
/// empty string. Labels, splits and excluded columns never become inputs.
struct InputBinding: Sendable, Hashable {
  /// One input and its columns.
  struct Input: Sendable, Hashable {
    let info: ValueInfo
    let columns: [String]
  }

  let inputs: [Input]
  /// The rows of every run when the model fixes them; nil when it takes any number.
  let fixedRowCount: Int?

  /// Binds a model's inputs.
  ///
  /// - Throws: `GateError.inputsUnbound` with the input, what it wants, and what to do.
  init(_ infos: [ValueInfo], features: [String]?, dataset: Dataset) throws(GateError) {
    guard !infos.isEmpty else { throw Self.unbound("the model has no inputs, so it cannot be judged on rows") }
    var inputs: [Input] = []
    var rowCounts: Set<Int> = []
    for info in infos {
      guard info.kind == .tensor else {
        throw Self.unbound("input '\(info.name)' is \(info.summary); only tensors can be filled from columns")
      }
      guard info.elementType == .string || NumericInput.supports(info.elementType) else {
        throw Self.unbound("input '\(info.name)' holds \(info.elementType) elements, which no column can fill")
      }
      let columns = try Self.columns(of: info, isOnly: infos.count == 1, features: features)
      for column in columns { try Self.check(column, of: info, dataset: dataset) }
      if let shape = info.shape, let rows = shape.first ?? nil { rowCounts.insert(rows) }
      inputs.append(Input(info: info, columns: columns))
    }
    guard rowCounts.count <= 1, rowCounts.allSatisfy({ (1...65_536).contains($0) }) else {
      throw Self.unbound("the inputs fix different numbers of rows; export the model with a free first dimension")
    }
    self.inputs = inputs
    fixedRowCount = rowCounts.first
  }

  private static func columns(of info: ValueInfo, isOnly: Bool, features: [String]?) throws(GateError) -> [String] {
    let shape = info.shape
    if let shape, shape.count != 1, shape.count != 2 {
      throw unbound("input '\(info.name)' is \(info.summary); inputs are [rows], [rows, 1] or [rows, columns]")
    }
    if let shape, shape.count == 1, let extent = shape[0], extent > 1 {
      throw unbound(
        "input '\(info.name)' is \(info.summary), which may be one row or \(extent); "
          + "export the model with a free first dimension")
    }
    let width = shape.flatMap { $0.count == 2 ? $0[1] : nil }
    if let features {
      guard isOnly, shape == nil || shape?.count == 2 else {
        throw unbound(
          "serving.features is for a model with one [rows, columns] input, and '\(info.name)' is \(info.summary) "
            + (isOnly ? "" : "among others ") + "here; remove it and name each input as its column")
      }
      guard width == nil || width == features.count else {
        throw unbound(
          "input '\(info.name)' is \(info.summary) and serving.features lists \(features.count) columns; "
            + "list the columns the model was trained on, in order")
      }
      return features
    }
    let isColumn = shape.map { $0.count == 1 || $0[1] == 1 || ($0[1] == nil && !isOnly) } ?? !isOnly
    guard isColumn else {
      throw unbound(
        "input '\(info.name)' is \(info.summary); list its columns in order under serving.features")
    }
    return [info.name]
  }

  private static func check(_ column: String, of info: ValueInfo, dataset: Dataset) throws(GateError) {
    guard dataset.table.index(of: column) != nil else {
      let alike = dataset.table.columns.first { spelling($0) == spelling(column) }
      let hint =
        alike.map { "; did you mean column '\($0)'? Export the input under that name" }
        ?? "; name the input as a column, or list serving.features"
      throw unbound(
        "input '\(info.name)' (\(info.summary)) needs column '\(column)', which data set '\(dataset.spec.name)' "
          + "does not have\(hint)")
    }
    let use =
      column == dataset.spec.label?.column
      ? "the label"
      : column == dataset.spec.splitColumn ? "the split" : dataset.spec.exclude.contains(column) ? "excluded" : nil
    if let use {
      throw unbound(
        "input '\(info.name)' needs column '\(column)', which is \(use) in data set '\(dataset.spec.name)'; "
          + "train the model without it")
    }
  }

  /// A name without case and punctuation: exporters often change them.
  private static func spelling(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  private static func unbound(_ message: String) -> GateError { GateError(.inputsUnbound, message) }
}
