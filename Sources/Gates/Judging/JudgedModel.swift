import Datasets
import Domain
import HeadgateRuntime
import HeadgateTensors

/// A model under judgement, loaded once from bytes whose digest was checked.
struct JudgedModel: Sendable {
  let digest: Digest
  private let model: Model
  private let serving: ServingSpec
  private let cancellation: CancellationFlag

  /// Rows of one run where the model takes any number: enough to hide a run's fixed cost, few enough to be cancelled soon.
  private static let batchSize = 1024

  /// Loads a model.
  ///
  /// Weights in other files are refused: the digest says nothing about them.
  init(bytes: ModelBytes, digest: Digest, serving: ServingSpec, cancellation: CancellationFlag) throws(GateError) {
    do throws(ModelFileError) {
      model = try Model(
        bytes: bytes, options: ModelOptions(allowsExternalData: false, precision: Precision(serving.precision)))
    } catch {
      throw GateError(error)
    }
    self.digest = digest
    self.serving = serving
    self.cancellation = cancellation
  }

  /// The model's answers for every row of a split, in the order of the file.
  func answers(for rows: JudgedRows) throws -> BinaryAnswers {
    let binding = try InputBinding(model.inputs, features: serving.features, dataset: rows.split.dataset)
    let columns = try BoundColumns(binding, split: rows.split)
    let outputs = OutputBinding(model.outputs, serving: serving)
    let classOutput = try? outputs.classOutput.get()
    let scoreOutput = try? outputs.scoreOutput.get()
    guard !outputs.names.isEmpty else { throw Self.missing(outputs.classOutput) }
    var answers = ModelAnswers()
    var start = 0
    while start < columns.rowCount {
      try cancellation.check()
      let count = min(binding.fixedRowCount ?? Self.batchSize, columns.rowCount - start)
      let padded = binding.fixedRowCount ?? count
      let inputs = try columns.tensors(from: start, count: padded)
      let values: [String: Value]
      do throws(RunError) {
        values = try model.run(inputs, outputs: outputs.names)
      } catch {
        throw GateError(error)
      }
      if let name = classOutput?.name {
        try answers.append(classes: values[name], count: count, padded: padded, name: name)
      }
      if let name = scoreOutput?.name {
        try answers.append(scores: values[name], count: count, padded: padded, name: name)
      }
      start += count
    }
    return BinaryAnswers(
      answers, positive: rows.positiveLabel, labels: rows.labelValues,
      missingClass: Self.missing(outputs.classOutput), missingScore: Self.missing(outputs.scoreOutput))
  }

  private static func missing(_ output: Result<ValueInfo, GateError>) -> GateError {
    if case .failure(let error) = output { return error }
    return GateError(.outputsUnbound, "the model gave no answers")
  }
}

extension Precision {
  /// What a spec asks for.
  init(_ reduced: ReducedPrecision?) {
    switch reduced {
    case nil: self = .float32
    case .bfloat16: self = .bfloat16
    }
  }
}
