import HeadgateTensors

/// Operators that give the same elements under another shape, without a copy.
enum Reshaping {
  static let table: [OperatorDefinition] = [
    .op("Reshape", since: 1, reshape), .op("Flatten", since: 1, flatten), .op("Squeeze", since: 1, squeeze),
    .op("Unsqueeze", since: 1, unsqueeze), .op("Identity", since: 1, identity), .op("Shape", since: 1, shape),
    .op("Size", since: 1, size),
  ]

  private static func reshape(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let wanted = try call.ints(attribute: "shape", orInput: 1) else {
      throw TensorError(.missing, "the new shape is absent")
    }
    let keepsZero = try call.attributes.flag("allowzero")
    var shape = wanted
    var inferred: Int?
    var known = 1
    for axis in wanted.indices {
      if wanted[axis] == -1 {
        guard inferred == nil else { throw TensorError(.shape, "shape \(wanted) leaves two extents open") }
        inferred = axis
        continue
      }
      if wanted[axis] == 0, !keepsZero {
        guard axis < input.rank else { throw TensorError(.shape, "shape \(wanted) copies an axis that is not there") }
        shape[axis] = input.shape[axis]
      }
      let (product, overflow) = known.multipliedReportingOverflow(by: shape[axis])
      guard !overflow, shape[axis] >= 0 else { throw TensorError(.shape, "\(wanted) is no shape") }
      known = product
    }
    if let inferred { shape[inferred] = known == 0 ? 0 : input.count / known }
    return [.tensor(try call.view(input, as: shape))]
  }

  private static func flatten(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    var axis = try call.attributes.int("axis") ?? 1
    if axis < 0 { axis += input.rank }
    guard (0...input.rank).contains(axis) else {
      throw TensorError(.invalidValue, "axis \(axis) is outside of shape \(input.shape)")
    }
    let rows = input.shape.extent(of: 0..<axis)
    return [.tensor(try call.view(input, as: [rows, input.shape.extent(of: axis..<input.rank)]))]
  }

  private static func squeeze(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    var dropped: Set<Int> = []
    if let axes = try call.ints(attribute: "axes", orInput: 1) {
      for axis in axes { dropped.insert(try input.shape.axis(axis)) }
      guard dropped.allSatisfy({ input.shape[$0] == 1 }) else {
        throw TensorError(.shape, "axes \(axes) of shape \(input.shape) are not all 1")
      }
    } else {
      dropped = Set(input.shape.indices.filter { input.shape[$0] == 1 })
    }
    return [
      .tensor(try call.view(input, as: input.shape.indices.filter { !dropped.contains($0) }.map { input.shape[$0] }))
    ]
  }

  private static func unsqueeze(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let axes = try call.ints(attribute: "axes", orInput: 1) else {
      throw TensorError(.missing, "the axes are absent")
    }
    guard axes.count <= 64 else { throw TensorError(.invalidValue, "\(axes.count) axes are too many") }
    let frame = Shape(repeating: 1, count: input.rank + axes.count)
    var added: Set<Int> = []
    for axis in axes { added.insert(try frame.axis(axis)) }
    guard added.count == axes.count else { throw TensorError(.invalidValue, "axes \(axes) repeat") }
    var extents = input.shape.makeIterator()
    return [.tensor(try call.view(input, as: frame.indices.map { added.contains($0) ? 1 : extents.next() ?? 1 }))]
  }

  private static func identity(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [call.optionalValue(0) ?? .absent]
  }

  private static func shape(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let shape = try call.tensor(0).shape
    func bound(_ name: String, _ fallback: Int) throws(TensorError) -> Int {
      guard let index = try call.attributes.int(name) else { return fallback }
      return min(max(index < 0 ? index + shape.count : index, 0), shape.count)
    }
    let start = try bound("start", 0)
    let end = max(start, try bound("end", shape.count))
    return [.tensor(call.known(try Tensor(shape: [end - start], integers: shape[start..<end].map(Int64.init))))]
  }

  private static func size(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(call.known(try Tensor(shape: [], integers: [Int64(try call.tensor(0).count)])))]
  }
}
