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

  /// Makes a classifier's two outputs: the labels `[rows]` and the scores `[rows, width]`.
  ///
  /// - Parameter fill: writes for each row the index of its class, and all scores.
  func outputs(
    rows: Int, width: Int, call: OperatorCall,
    fill: (
      _ classes: UnsafeMutableBufferPointer<Int64>, _ scores: UnsafeMutableBufferPointer<Float>
    ) throws(TensorError) -> Void
  ) throws(TensorError) -> [Value] {
    // SAFETY: nobody else has seen these two tensors yet, and both live until this function returns.
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
