import HeadgateTensors

/// Operators that make, change and read sequences of tensors.
enum Sequences {
  static let table: [OperatorDefinition] = [
    .op("SequenceEmpty", since: 11, empty), .op("SequenceConstruct", since: 11, construct),
    .op("SequenceInsert", since: 11, insert), .op("SequenceErase", since: 11, erase),
    .op("SequenceAt", since: 11, at), .op("SequenceLength", since: 11, length),
    .op("SplitToSequence", since: 11, split), .op("ConcatFromSequence", since: 11, concatenate),
  ]

  /// The share of the run's memory limit that one element of a sequence stands for: parts that share the
  /// elements of a tensor cost little, but not nothing.
  private static let bytesPerElement = 512

  private static func empty(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.sequence([])]
  }

  private static func construct(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var elements: [Value] = []
    for index in call.inputs.indices {
      let tensor = try call.tensor(index)
      try check(tensor, joins: elements)
      elements.append(.tensor(tensor))
    }
    return [.sequence(elements)]
  }

  private static func insert(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var elements = try call.sequence(0)
    let tensor = try call.tensor(1)
    try check(tensor, joins: elements)
    try checkCount(elements.count + 1, call)
    // One place more than there are elements: the last appends.
    let place = try position(2, in: elements.count + 1, counted: elements.count, call) ?? elements.count
    elements.insert(.tensor(tensor), at: place)
    return [.sequence(elements)]
  }

  private static func erase(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var elements = try call.sequence(0)
    guard !elements.isEmpty else { throw TensorError(.invalidValue, "nothing can be erased of an empty sequence") }
    let place = try position(1, in: elements.count, counted: elements.count, call) ?? elements.count - 1
    elements.remove(at: place)
    return [.sequence(elements)]
  }

  private static func at(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let elements = try call.sequence(0)
    guard let place = try position(1, in: elements.count, counted: elements.count, call) else {
      throw TensorError(.missing, "the position is absent")
    }
    return [elements[place]]
  }

  private static func length(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try Tensor(shape: [], integers: [Int64(try call.sequence(0).count)]))]
  }

  /// Parts of one length each, the last maybe shorter, or of the lengths that a list gives. Without any
  /// lengths, single slices, whose axis may be dropped.
  private static func split(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? 0)
    let extent = input.shape[axis]
    let given = try call.optionalTensor(1)
    let dropsAxis = try call.attributes.int("keepdims") == 0 && given == nil
    let lengths = try lengths(of: given, extent, call)
    let strides = input.shape.rowMajorStrides
    var start = 0
    var elements: [Value] = []
    elements.reserveCapacity(lengths.count)
    for length in lengths {
      var shape = input.shape
      shape[axis] = length
      var part: Tensor
      if axis == 0 {
        part = try input.rows(start..<start + length)
      } else {
        part = try StridedView(shape: shape, strides: strides, offset: start * strides[axis]).materialize(input, call)
      }
      if dropsAxis {
        shape.remove(at: axis)
        part = try part.reshaped(to: shape)
      }
      elements.append(.tensor(part))
      start += length
    }
    return [.sequence(elements)]
  }

  private static func lengths(of given: Tensor?, _ extent: Int, _ call: OperatorCall) throws(TensorError) -> [Int] {
    if let given, given.rank > 0 {
      let lengths = try given.ints()
      guard lengths.allSatisfy({ $0 >= 0 && $0 <= extent }), lengths.reduce(0, &+) == extent else {
        throw TensorError(.shape, "parts \(lengths.prefix(20)) do not fill an axis of \(extent)")
      }
      try checkCount(lengths.count, call)
      return lengths
    }
    let length = try given?.ints().first ?? 1
    guard length > 0 else { throw TensorError(.invalidValue, "cannot split into parts of \(length)") }
    let (whole, rest) = extent.quotientAndRemainder(dividingBy: length)
    try checkCount(whole + 1, call)
    return [Int](repeating: length, count: whole) + (rest > 0 ? [rest] : [])
  }

  private static func concatenate(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let axis = try call.attributes.int("axis") else { throw TensorError(.missing, "attribute 'axis' is absent") }
    var tensors: [Tensor] = []
    for value in try call.sequence(0) {
      guard case .tensor(let tensor) = value else { throw TensorError(.elementType, "only tensors can be joined") }
      tensors.append(tensor)
    }
    guard !tensors.isEmpty else { throw TensorError(.missing, "an empty sequence cannot be joined") }
    if try call.attributes.flag("new_axis") {
      return [.tensor(try Arranging.stacked(tensors, axis: axis, call))]
    }
    return [.tensor(try Arranging.joined(tensors, axis: axis, call))]
  }

  /// The place that an input names, counted from the end when negative; nil when the input is absent.
  private static func position(
    _ index: Int, in count: Int, counted length: Int, _ call: OperatorCall
  ) throws(TensorError) -> Int? {
    guard let tensor = try call.optionalTensor(index) else { return nil }
    guard tensor.count == 1, let given = try tensor.ints().first else {
      throw TensorError(.shape, "the position has shape \(tensor.shape), not one element")
    }
    let place = given < 0 ? given &+ length : given
    guard place >= 0, place < count else {
      throw TensorError(.invalidValue, "position \(given) is outside of a sequence of \(length)")
    }
    return place
  }

  private static func check(_ tensor: Tensor, joins elements: [Value]) throws(TensorError) {
    guard case .tensor(let first)? = elements.first, first.elementType != tensor.elementType else { return }
    throw TensorError(
      .elementType, "a tensor of \(tensor.elementType) cannot join a sequence of \(first.elementType)")
  }

  static func checkCount(_ count: Int, _ call: OperatorCall) throws(TensorError) {
    guard count <= call.budget.limit / bytesPerElement else {
      throw TensorError(
        .memoryLimit, "a sequence of \(count) elements passes what one run may take; raise maxRunBytes if that is meant"
      )
    }
  }
}

extension OperatorCall {
  /// The sequence at an input.
  func sequence(_ index: Int) throws(TensorError) -> [Value] {
    guard let value = optionalValue(index) else { throw TensorError(.missing, "input \(index) is absent") }
    guard case .sequence(let elements) = value else {
      throw TensorError(.elementType, "input \(index) must be a sequence, got \(value.summary)")
    }
    return elements
  }
}
