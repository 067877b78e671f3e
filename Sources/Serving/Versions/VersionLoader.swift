import Domain
import Glibc
import HeadgateRuntime
import HeadgateTensors

/// Turns a file into a version that can answer: maps it, has the mapped bytes admitted, builds the model, runs it once.
struct VersionLoader: Sendable {
  /// What is to be loaded.
  struct Order: Sendable {
    let name: ModelName
    let route: VersionRoute
    let path: String
    let meter: TrafficMeter
    let lane: InferenceLane
    /// A version of the same digest that is loaded already: its bytes and model are used again, only admission is asked.
    let loaded: LoadedVersion?
  }

  /// Why a version cannot be loaded.
  enum Problem: Error {
    /// Admission said no; the message begins with the reason's word.
    case refused(String)
    /// The file cannot be used.
    case failed(String)
  }

  let admission: any Admission
  let maxRunBytes: Int

  /// Loads; takes as long as it takes, so it runs on a thread of its own.
  func load(_ order: Order) throws(Problem) -> LoadedVersion {
    let bytes: ModelBytes
    if let loaded = order.loaded { bytes = loaded.bytes } else { bytes = try map(order.path) }
    do throws(AdmissionRefusal) {
      try bytes.withUnsafeBytes { (region) throws(AdmissionRefusal) in
        try admission.admit(order.route, of: order.name, bytes: region)
      }
    } catch {
      throw .refused(error.description)
    }
    let model: Model
    let precision = order.route.policy.serving.precision
    // The same bytes in another precision are another model.
    if let loaded = order.loaded, loaded.precision == precision {
      model = loaded.model
    } else {
      model = try build(bytes, precision)
    }
    return LoadedVersion(
      name: order.name, version: order.route.version, digest: order.route.digest, route: order.route, model: model,
      bytes: bytes, meter: order.meter, lane: order.lane)
  }

  /// Loads a file that nothing has admitted, for development.
  func loadUngated(_ path: String, name: ModelName, lane: InferenceLane) throws(Problem) -> LoadedVersion {
    let bytes = try map(path)
    let digest = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
    return LoadedVersion(
      name: name, version: ReleaseNumber(1), digest: digest, route: nil, model: try build(bytes, nil), bytes: bytes,
      meter: TrafficMeter(), lane: lane)
  }

  private func map(_ path: String) throws(Problem) -> ModelBytes {
    do throws(ModelFileError) {
      return try ModelBytes(path: path)
    } catch {
      throw .failed(error.description)
    }
  }

  private func build(_ bytes: ModelBytes, _ precision: ReducedPrecision?) throws(Problem) -> Model {
    let model: Model
    do throws(ModelFileError) {
      model = try Model(
        bytes: bytes,
        options: ModelOptions(
          maxRunBytes: maxRunBytes, allowsExternalData: false, precision: Precision(precision)))
    } catch {
      throw .failed(error.description)
    }
    for input in model.inputs where input.kind != .tensor || Datatype(input.elementType) == nil {
      guard input.kind != .optional else { continue }
      throw .failed(
        "input '\(input.name)' is \(input.summary), which no request can carry; export the model with tensors")
    }
    guard model.outputs.contains(where: \.hasTensorForm) else {
      throw .failed("no output of the model is a tensor, so no answer can carry it")
    }
    warmUp(model)
    return model
  }

  /// Runs the model on one row of zeros and empty strings, so that the first request finds its pages in memory. The values
  /// may suit no node; what a run says of them is no reason to refuse the model.
  private func warmUp(_ model: Model) {
    var inputs: [String: Tensor] = [:]
    for input in model.inputs where input.kind == .tensor {
      // A dimension left open is one row; a model of a fixed size that is absurd is not filled with zeros.
      let shape = (input.shape ?? [nil]).map { $0 ?? 1 }
      guard let tensor = Tensor.zeros(of: input.elementType, shape: shape, maxCount: 1 << 20) else { return }
      inputs[input.name] = tensor
    }
    _ = try? model.run(inputs)
  }
}

extension Precision {
  /// What a spec asks for.
  fileprivate init(_ reduced: ReducedPrecision?) {
    switch reduced {
    case nil: self = .float32
    case .bfloat16: self = .bfloat16
    }
  }
}

extension Tensor {
  /// A tensor of zeros, `false` or empty strings; `nil` for types without a plain form or more elements than `maxCount`.
  static func zeros(of type: ElementType, shape: Shape, maxCount: Int) -> Tensor? {
    guard let count = try? shape.elementCount(), count <= maxCount else { return nil }
    return switch type {
    case .float: try? Tensor(shape: shape, [Float](repeating: 0, count: count))
    case .double: try? Tensor(shape: shape, [Double](repeating: 0, count: count))
    case .bool: try? Tensor(shape: shape, [Bool](repeating: false, count: count))
    case .string: try? Tensor(shape: shape, [String](repeating: "", count: count))
    case .int8: try? Tensor(shape: shape, [Int8](repeating: 0, count: count))
    case .int16: try? Tensor(shape: shape, [Int16](repeating: 0, count: count))
    case .int32: try? Tensor(shape: shape, [Int32](repeating: 0, count: count))
    case .int64: try? Tensor(shape: shape, [Int64](repeating: 0, count: count))
    case .uint8: try? Tensor(shape: shape, [UInt8](repeating: 0, count: count))
    case .uint16: try? Tensor(shape: shape, [UInt16](repeating: 0, count: count))
    case .uint32: try? Tensor(shape: shape, [UInt32](repeating: 0, count: count))
    case .uint64: try? Tensor(shape: shape, [UInt64](repeating: 0, count: count))
    default: nil
    }
  }
}
