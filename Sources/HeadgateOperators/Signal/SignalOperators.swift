import HeadgateTensors

/// Operators on signals. Complex numbers stand in a last axis of extent 2, real ones in one of extent 1.
enum SignalOperators {
  static let table: [OperatorDefinition] =
    [
      .op("DFT", since: 17, fourierByAttribute), .op("DFT", since: 20, fourierByInput),
      .op("STFT", since: 17, shortTimeFourier),
    ].computingInSingle + [
      .prepared("HannWindow", since: 17) { (node) throws(TensorError) in try window(node, [0.5, 0.5, 0]) },
      .prepared("HammingWindow", since: 17) { (node) throws(TensorError) in try window(node, [25 / 46, 21 / 46, 0]) },
      .prepared("BlackmanWindow", since: 17) { (node) throws(TensorError) in try window(node, [0.42, 0.5, 0.08]) },
      .op("MelWeightMatrix", since: 17, melWeightMatrix),
    ]

  private static func fourierByAttribute(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try fourier(call, axis: try call.attributes.int("axis") ?? 1)
  }

  private static func fourierByInput(_ call: OperatorCall) throws(TensorError) -> [Value] {
    try fourier(call, axis: try integer(call, 2, "the axis") ?? -2)
  }

  private static func fourier(_ call: OperatorCall, axis: Int) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let length = try integer(call, 1, "the length")
    let isInverse = try call.attributes.flag("inverse")
    let isOneSided = try call.attributes.flag("onesided")
    let layout = try SpectrumLayout(
      input: input.shape, axis: axis, length: length, isInverse: isInverse, isOneSided: isOneSided)
    return [.tensor(try input.elementType.visit(Transforming(input: input, layout: layout, call: call)))]
  }

  /// Signals `[batch, length, 1 or 2]` cut into frames; gives `[batch, frames, frequencies, 2]`.
  private static func shortTimeFourier(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let signal = try call.tensor(0)
    guard let step = try integer(call, 1, "the frame step") else { throw TensorError(.missing, "input 1 is absent") }
    let window = try call.optionalTensor(2)
    let wanted = try integer(call, 3, "the frame length")
    guard signal.rank == 3, signal.shape[2] == 1 || signal.shape[2] == 2 else {
      throw TensorError(.shape, "takes a signal [batch, length, 1 or 2], got shape \(signal.shape)")
    }
    guard window?.rank ?? 1 == 1 else {
      throw TensorError(.shape, "the window has shape \(window?.shape ?? []), not one axis")
    }
    let frame = wanted ?? window?.count ?? signal.shape[1]
    guard frame > 0, frame <= signal.shape[1], step > 0 else {
      throw TensorError(
        .invalidValue, "frames of length \(frame) every \(step) do not fit a signal of length \(signal.shape[1])")
    }
    let isOneSided = try call.attributes.int("onesided") ?? 1 != 0
    guard !isOneSided || signal.shape[2] == 1 else {
      throw TensorError(.invalidValue, "the spectrum of a complex signal has no one-sided form")
    }
    let framing = Framing(
      signal: signal, window: window, length: frame, step: step, count: 1 + (signal.shape[1] - frame) / step,
      frequencies: isOneSided ? frame / 2 + 1 : frame, call: call)
    return [.tensor(try signal.elementType.visit(framing))]
  }

  /// The one integer of an input, nil when it is absent.
  static func integer(_ call: OperatorCall, _ index: Int, _ what: String) throws(TensorError) -> Int? {
    guard let values = try call.ints(index) else { return nil }
    guard values.count == 1 else { throw TensorError(.shape, "\(what) must be one integer, got \(values.count)") }
    return values[0]
  }

  /// The type that attribute `output_datatype` names.
  static func outputType(_ attributes: Attributes) throws(TensorError) -> ElementType {
    try Casting.elementType(attributes, attribute: "output_datatype") ?? .float
  }
}
