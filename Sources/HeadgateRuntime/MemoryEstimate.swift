import HeadgateOperators

/// How much memory a model takes, before any run.
///
/// Weights are the constants that a loaded model keeps, at least the size of its file. A run of one row is followed
/// step by step over the inferred types and shapes, with 1 for every open extent of the inputs: at each step the
/// values that are still to be read are added up, and the largest sum counts. Values of unknown size are left out, and
/// so is what kernels take for themselves, a convolution with pads as much as its input.
public struct MemoryEstimate: Sendable, Hashable {
  public let weightByteCount: Int
  /// The most bytes that the values of a run of one row take at one time.
  public let runByteCount: Int
  /// The values of a run, and those of them whose size is not known.
  public let valueCount: Int
  public let unknownCount: Int

  /// Loads a model and estimates its memory.
  ///
  /// - Throws: `ModelFileError` when it cannot be loaded.
  public init(_ bytes: ModelBytes, options: ModelOptions = ModelOptions()) throws(ModelFileError) {
    guard try bytes.withUnsafeBytes({ (bytes) throws(ModelFileError) in try ModelFormat(bytes) }) == .onnx else {
      self.init(trees: try Model(bytes: bytes, options: options), fileByteCount: bytes.count)
      return
    }
    try self.init(onnx: bytes, options)
  }

  private init(onnx bytes: ModelBytes, _ options: ModelOptions) throws(ModelFileError) {
    let file = try ONNXModel(decoding: bytes)
    guard let graph = file.graph else { throw ModelFileError(.malformed, "the file holds no graph") }
    if let unsupported = ModelInspection(file).unsupported { throw unsupported }
    let (plan, scope) = try Model.plan(of: file, graph, bytes, options, openExtent: 1)
    let constants = plan.constants.reduce(0) { $0.addingSaturating($1.byteCount) }
    weightByteCount = max(constants, bytes.count)
    var live = 0
    var peak = 0
    var values = 0
    var unknown = 0
    func take(_ slot: Int) {
      values += 1
      guard let size = scope.inferred(slot: slot).byteCount else {
        unknown += 1
        return
      }
      live = live.addingSaturating(size)
    }
    plan.inputSlots.forEach(take)
    peak = live
    // The caller keeps the inputs.
    let inputs = Set(plan.inputSlots)
    for step in plan.steps {
      for case .some(let slot) in step.outputs { take(slot) }
      peak = max(peak, live)
      for slot in step.released where !inputs.contains(slot) {
        // After a sum that did not fit, what is given back may be more.
        live = max(0, live - (scope.inferred(slot: slot).byteCount ?? 0))
      }
    }
    runByteCount = peak
    valueCount = values
    unknownCount = unknown
  }

  /// Trees take about as much memory as their file, and a run just its row and what it answers.
  private init(trees model: Model, fileByteCount: Int) {
    weightByteCount = fileByteCount
    let values = model.inputs + model.outputs
    runByteCount = values.reduce(0) { sum, info in
      let count = info.shape?.reduce(1) { $0.multipliedReportingOverflow(by: $1 ?? 1).partialValue } ?? 1
      return sum.addingSaturating(count.multipliedReportingOverflow(by: info.elementType.byteCount).partialValue)
    }
    valueCount = values.count
    unknownCount = 0
  }
}
