import Datasets
import HeadgateRuntime
import HeadgateTensors

/// Why a gate could not run. It becomes the verdict `error`, never `fail`: nothing was judged.
struct GateError: Error, Sendable, Hashable {
  /// The words that reports show.
  enum Reason: String, Sendable, Hashable {
    case datasetUnusable = "DatasetUnusable"
    case modelUnusable = "ModelUnusable"
    /// The model's inputs and the data set's columns do not fit together.
    case inputsUnbound = "InputsUnbound"
    /// It is not clear which output is the class or the score.
    case outputsUnbound = "OutputsUnbound"
    case predictionFailed = "PredictionFailed"
    case measurementFailed = "MeasurementFailed"
  }

  let reason: Reason
  /// What happened and what to do.
  let message: String

  init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  init(_ error: DatasetError) { self.init(.datasetUnusable, error.message) }
  init(_ error: ModelFileError) { self.init(.modelUnusable, error.description) }
  init(_ error: RunError) { self.init(.predictionFailed, error.message) }
  init(_ error: TensorError) { self.init(.predictionFailed, "\(error)") }
}
