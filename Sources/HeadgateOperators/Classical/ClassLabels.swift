import HeadgateTensors

/// The names of a classifier's classes, in the order of its scores.
enum ClassLabels: Sendable {
  case integers([Int64])
  case strings([String])

  /// Reads the labels from whichever of two attributes is present; the strings win when both are.
  ///
  /// - Throws: `TensorError.missing` when neither holds a label.
  init(_ attributes: Attributes, strings: String, integers: String) throws(TensorError) {
    if let labels = try attributes.strings(strings), !labels.isEmpty {
      self = .strings(labels)
    } else if let labels = try attributes.int64s(integers), !labels.isEmpty {
      self = .integers(labels)
    } else {
      throw TensorError(.missing, "neither attribute '\(strings)' nor '\(integers)' names a class")
    }
  }

  var count: Int {
    switch self {
    case .integers(let labels): labels.count
    case .strings(let labels): labels.count
    }
  }

  /// Writes for each row the index of its class, and all scores.
  typealias Fill = (
    _ classes: UnsafeMutableBufferPointer<Int64>, _ scores: UnsafeMutableBufferPointer<Float>
  ) throws(TensorError) -> Void

  /// A classifier's two outputs, see `outputs`, from work that is done again in each run that repeats this one.
  ///
  /// SAFETY: see `OperatorCall.perform`.
  func produced(
    rows: Int, width: Int, reading source: Tensor, call: OperatorCall, fill: @escaping Fill
  ) throws(TensorError) -> [Value] {
    guard case .integers(let labels) = self else {
      return try outputs(rows: rows, width: width, call: call, fill: fill)
    }
    let (classes, scores) = (try call.output(.int64, [rows]), try call.output(.float, [rows, width]))
    // SAFETY: nobody else has seen these two tensors yet.
    let indices = UnsafeMutableBufferPointer(mutating: classes.unsafeElements(Int64.self))
    let numbers = UnsafeMutableBufferPointer(mutating: scores.unsafeElements(Float.self))
    try call.perform(reading: [source]) { () throws(TensorError) in
      try fill(indices, numbers)
      for row in indices.indices { indices[row] = labels[Int(indices[row])] }
    }
    return [.tensor(classes), .tensor(scores)]
  }

  /// Makes a classifier's two outputs: the labels `[rows]` and the scores `[rows, width]`.
  func outputs(rows: Int, width: Int, call: OperatorCall, fill: Fill) throws(TensorError) -> [Value] {
    // SAFETY: nobody else has seen these two tensors yet, and both live until this function returns.
    call.recorder?.noteUnrepeatable()
    let scores = try Tensor(uninitialized: .float, shape: [rows, width], budget: call.budget)
    let classes = try Tensor(uninitialized: .int64, shape: [rows], budget: call.budget)
    let indices = UnsafeMutableBufferPointer(mutating: classes.unsafeElements(Int64.self))
    try fill(indices, UnsafeMutableBufferPointer(mutating: scores.unsafeElements(Float.self)))
    defer { withExtendedLifetime((scores, classes)) {} }
    switch self {
    case .integers(let labels):
      for row in 0..<rows { indices[row] = labels[Int(indices[row])] }
      return [.tensor(classes), .tensor(scores)]
    case .strings(let labels):
      let named = try call.make(String.self, [rows]) { output in
        for row in 0..<rows { output[row] = labels[Int(indices[row])] }
      }
      return [.tensor(named), .tensor(scores)]
    }
  }
}
