import Domain
import HeadgateRuntime
import Synchronization

/// A version that is loaded, admitted and warm. Whoever answers a request holds it, so that the last one to let go frees
/// the memory: that is all there is to draining.
final class LoadedVersion: Sendable {
  let name: ModelName
  let version: ReleaseNumber
  let digest: Digest
  /// `nil` when it is served without gates, in development.
  let route: VersionRoute?
  let model: Model
  /// Kept for admission under another policy without a second mapping.
  let bytes: ModelBytes
  let meter: TrafficMeter
  let lane: InferenceLane
  private let requestsInFlight = Atomic<Int>(0)

  init(
    name: ModelName, version: ReleaseNumber, digest: Digest, route: VersionRoute?, model: Model, bytes: ModelBytes,
    meter: TrafficMeter, lane: InferenceLane
  ) {
    self.name = name
    self.version = version
    self.digest = digest
    self.route = route
    self.model = model
    self.bytes = bytes
    self.meter = meter
    self.lane = lane
  }

  deinit {
    // What an unloaded model leaves behind goes back to the system, not into the allocator's stock.
    FreeMemory.giveBack()
  }

  /// What the model computes its products in; `nil` is float32.
  var precision: ReducedPrecision? { route?.policy.serving.precision }

  /// Requests picked for this version and not yet answered.
  var inFlight: Int { requestsInFlight.load(ordering: .relaxed) }

  func begin() { requestsInFlight.add(1, ordering: .relaxed) }
  func end() { requestsInFlight.subtract(1, ordering: .relaxed) }

  func description(versions: [ReleaseNumber]) -> ModelDescription {
    ModelDescription(
      name: name.text, platform: platform, versions: versions.map(\.description), inputs: model.inputs,
      outputs: model.outputs)
  }

  /// ONNX files import sets of operators, the others do not.
  private var platform: String {
    switch model.metadata.producerName {
    case "XGBoost" where model.metadata.opsets.isEmpty: "xgboost"
    case "LightGBM" where model.metadata.opsets.isEmpty: "lightgbm"
    default: "onnx"
    }
  }
}
