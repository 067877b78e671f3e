import HeadgateTensors

/// Operators that tell shapes, or give elements another shape.
enum ShapeInference {
  static let rules: [InferenceRow] = [
    ("Identity", SharedRule.identity), ("Shape", shape), ("Size", size), ("Reshape", reshape), ("Flatten", flatten),
    ("Squeeze", squeeze), ("Unsqueeze", unsqueeze), ("Dropout", dropout), ("ConstantOfShape", constantOfShape),
    ("EyeLike", eyeLike), ("Range", range), ("NonZero", nonZero),
  ]

  private static let shape: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0) else { return [InferredValue(.int64, [nil])] }
    func bound(_ name: String, _ fallback: Int) throws(TensorError) -> Int {
      guard let index = try call.attributes.int(name) else { return fallback }
      return min(max(index < 0 ? index &+ shape.count : index, 0), shape.count)
    }
    let start = try bound("start", 0)
    let end = max(start, try bound("end", shape.count))
    return [InferredValue(.int64, [end - start], integers: Array(shape[start..<end]))]
  }

  private static let size: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(.int64, [], integers: [call.shape(0).flatMap { Extent.product($0) }])]
  }

  private static let reshape: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    var wanted: [Int?]
    if let attribute = try call.attributes.ints("shape") {
      wanted = attribute.map { $0 }
    } else if let known = call.input(1).integers {
      wanted = known
    } else {
      let rank = call.shape(1).flatMap { $0.count == 1 ? $0[0] : nil }
      guard let rank, rank <= InferredValue.maxIntegers else { return [InferredValue(input.elementType)] }
      return [InferredValue(input.elementType, [Int?](repeating: nil, count: rank))]
    }
    let keepsZero = try call.attributes.flag("allowzero")
    var open: Int?
    for axis in wanted.indices {
      if wanted[axis] == 0, !keepsZero {
        guard let shape = input.shape else {
          wanted[axis] = nil
          continue
        }
        guard axis < shape.count else { return [InferredValue(input.elementType)] }
        wanted[axis] = shape[axis]
      } else if wanted[axis] == -1 {
        open = axis
        wanted[axis] = nil
      }
    }
    let count = input.shape.flatMap { Extent.product($0) }
    if let open {
      let rest = Extent.product(wanted.enumerated().filter { $0.offset != open }.map(\.element))
      if let count, let rest, rest > 0 {
        guard count % rest == 0 else {
          throw TensorError(
            .shape,
            "\(call.label(0)) cannot be reshaped to \(text(wanted)): \(count) elements are no multiple of \(rest)")
        }
        wanted[open] = count / rest
      }
    } else if let count, let needed = Extent.product(wanted), needed != count {
      throw TensorError(
        .shape, "\(call.label(0)) cannot be reshaped to \(text(wanted)), which holds \(needed) elements")
    }
    return [InferredValue(input.elementType, wanted, integers: wanted.count <= 1 ? input.integers : nil)]
  }

  private static func text(_ shape: [Int?]) -> String {
    "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
  }

  private static let flatten: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0) else { return [InferredValue(call.type(0), [nil, nil])] }
    var axis = try call.attributes.int("axis") ?? 1
    if axis < 0 { axis = axis &+ shape.count }
    guard (0...shape.count).contains(axis) else {
      throw TensorError(.invalidValue, "axis \(axis) is outside of \(call.label(0))")
    }
    return [InferredValue(call.type(0), [Extent.product(shape[..<axis]), Extent.product(shape[axis...])])]
  }

  private static let squeeze: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    guard let shape = input.shape else { return [InferredValue(input.elementType)] }
    switch try call.integers(attribute: "axes", orInput: 1) {
    case .open: return [InferredValue(input.elementType)]
    case .absent:
      guard !shape.contains(nil) else { return [InferredValue(input.elementType)] }
      return [InferredValue(input.elementType, shape.filter { $0 != 1 }, integers: input.integers)]
    case .known(let axes):
      var dropped: Set<Int> = []
      for axis in axes { dropped.insert(try call.axis(axis, of: 0, rank: shape.count)) }
      guard dropped.allSatisfy({ shape[$0] == nil || shape[$0] == 1 }) else {
        throw TensorError(.shape, "axes \(axes) of \(call.label(0)) are not all 1")
      }
      let rest = shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
      return [InferredValue(input.elementType, rest, integers: rest.count <= 1 ? input.integers : nil)]
    }
  }

  private static let unsqueeze: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    guard let shape = input.shape, case .known(let axes) = try call.integers(attribute: "axes", orInput: 1),
      axes.count <= InferredValue.maxIntegers
    else { return [InferredValue(input.elementType)] }
    let rank = shape.count + axes.count
    var added: Set<Int> = []
    for axis in axes {
      let resolved = axis < 0 ? axis &+ rank : axis
      guard (0..<rank).contains(resolved), added.insert(resolved).inserted else {
        throw TensorError(.invalidValue, "axes \(axes) cannot be added to \(call.label(0))")
      }
    }
    var rest = shape.makeIterator()
    let extents = (0..<rank).map { added.contains($0) ? 1 : rest.next() ?? nil }
    return [InferredValue(input.elementType, extents, integers: rank <= 1 ? input.integers : nil)]
  }

  private static let dropout: InferenceRule = { (call) throws(TensorError) in
    [call.input(0), InferredValue(call.opset < 10 ? call.type(0) : .bool, call.shape(0))]
  }

  private static let constantOfShape: InferenceRule = { (call) throws(TensorError) in
    var type = ElementType.float
    if case .tensor(let value)? = call.attributes["value"] { type = value.elementType }
    if let shape = call.input(0).integers { return [InferredValue(type, shape)] }
    guard let rank = call.shape(0)?.first ?? nil, rank <= InferredValue.maxIntegers else {
      return [InferredValue(type)]
    }
    return [InferredValue(type, [Int?](repeating: nil, count: rank))]
  }

  private static let eyeLike: InferenceRule = { (call) throws(TensorError) in
    var type = call.type(0)
    if case .int(let number)? = call.attributes["dtype"] { type = Int32(exactly: number).flatMap(ElementType.init) }
    return [InferredValue(type, call.shape(0))]
  }

  private static let range: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(try call.commonType(0..<3), [nil])]
  }

  private static let nonZero: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(.int64, [call.shape(0)?.count, nil])]
  }
}
