import HeadgateTensors

/// Operators that move, repeat and select elements.
enum MovementInference {
  static let rules: [InferenceRow] =
    [
      ("Transpose", transpose), ("Concat", concat), ("Gather", gather), ("GatherElements", gatherElements),
      ("Slice", slice), ("Split", split), ("Expand", expand), ("Tile", tile), ("Pad", sameRank), ("TopK", topK),
      ("DepthToSpace", sameRank), ("SpaceToDepth", sameRank), ("Resize", sameRank), ("Upsample", sameRank),
    ] + ["Trilu", "CumSum", "ScatterElements", "Scatter", "ScatterND", "ReverseSequence"].rows(SharedRule.sameAsFirst)

  /// All that is known is the number of axes.
  private static let sameRank: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(call.type(0), call.shape(0).map { [Int?](repeating: nil, count: $0.count) })]
  }

  private static let transpose: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0) else { return [InferredValue(call.type(0))] }
    let order = try call.attributes.ints("perm") ?? Array(shape.indices.reversed())
    guard order.sorted() == Array(shape.indices) else {
      throw TensorError(.invalidValue, "\(order) is no order of the axes of \(call.label(0))")
    }
    return [InferredValue(call.type(0), order.map { shape[$0] })]
  }

  private static let concat: InferenceRule = { (call) throws(TensorError) in
    let type = try exactType(call)
    guard let known = call.inputs.indices.first(where: { call.shape($0) != nil }), let first = call.shape(known) else {
      return [InferredValue(type)]
    }
    let axis = try call.axis(try call.attributes.int("axis") ?? 1, of: known, rank: first.count)
    var shape = first
    shape[axis] = 0
    for index in call.inputs.indices {
      guard let other = call.shape(index) else {
        shape[axis] = nil
        continue
      }
      guard other.count == shape.count else { throw call.conflict(known, index, "have different numbers of axes") }
      for place in shape.indices where place != axis {
        if let a = shape[place], let b = other[place], a != b {
          throw call.conflict(known, index, "differ beyond axis \(axis), along which they are joined")
        }
        shape[place] = shape[place] ?? other[place]
      }
      shape[axis] = Extent.sum(shape[axis], other[axis])
    }
    guard first.count == 1 else { return [InferredValue(type, shape)] }
    var integers: [Int?]? = []
    for index in call.inputs.indices {
      guard let part = call.input(index).integers, let before = integers, before.count + part.count <= 64 else {
        integers = nil
        break
      }
      integers = before + part
    }
    return [InferredValue(type, shape, integers: integers)]
  }

  /// Joined tensors are never converted.
  private static func exactType(_ call: InferenceCall) throws(TensorError) -> ElementType? {
    let types = call.inputs.indices.map { call.type($0) }
    if let first = types.firstIndex(where: { $0 != nil }),
      let other = types.firstIndex(where: { $0 != nil && $0 != types[first] })
    {
      throw TensorError(
        .elementType, "\(call.label(first)) and \(call.label(other)) have different types; cast one to the other's")
    }
    return types.contains(nil) ? nil : types.first ?? nil
  }

  private static let gather: InferenceRule = { (call) throws(TensorError) in
    try call.require(1, .indices)
    let data = call.input(0)
    guard let shape = data.shape else { return [InferredValue(data.elementType)] }
    let axis = try call.axis(try call.attributes.int("axis") ?? 0, of: 0, rank: shape.count)
    guard let indices = call.shape(1) else { return [InferredValue(data.elementType)] }
    var integers: [Int?]?
    if shape.count == 1, indices.count <= 1, let values = data.integers, let places = call.integers(1) {
      integers = places.map { place in
        let resolved = place < 0 ? place &+ values.count : place
        return values.indices.contains(resolved) ? values[resolved] : nil
      }
    }
    return [InferredValue(data.elementType, Array(shape[..<axis] + indices + shape[(axis + 1)...]), integers: integers)]
  }

  private static let gatherElements: InferenceRule = { (call) throws(TensorError) in
    [InferredValue(call.type(0), call.shape(1))]
  }

  private static let slice: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    guard let shape = input.shape else { return [InferredValue(input.elementType)] }
    let open = InferredValue(input.elementType, [Int?](repeating: nil, count: shape.count))
    let isByAttributes = call.opset < 10
    let starts = isByAttributes ? try call.attributes.ints("starts") : call.integers(1)
    let ends = isByAttributes ? try call.attributes.ints("ends") : call.integers(2)
    guard let starts, let ends, starts.count == ends.count, starts.count <= shape.count else { return [open] }
    var axes = Array(starts.indices)
    var steps = [Int](repeating: 1, count: starts.count)
    if isByAttributes {
      axes = try call.attributes.ints("axes") ?? axes
    } else {
      if call.isPresent(3) {
        guard let known = call.integers(3) else { return [open] }
        axes = known
      }
      if call.isPresent(4) {
        guard let known = call.integers(4) else { return [open] }
        steps = known
      }
    }
    guard axes.count == starts.count, steps.count == starts.count else { return [open] }
    var result = shape
    var integers = shape.count == 1 ? input.integers : nil
    for (place, given) in axes.enumerated() {
      let axis = try call.axis(given, of: 0, rank: shape.count)
      guard let extent = shape[axis], steps[place] != 0 else {
        result[axis] = nil
        integers = nil
        continue
      }
      let range = SliceBounds(extent: extent, start: starts[place], end: ends[place], step: steps[place])
      result[axis] = range.count
      integers = integers.flatMap { values in
        values.count == extent ? (0..<range.count).map { values[range.start + $0 * range.step] } : nil
      }
    }
    return [InferredValue(input.elementType, result, integers: integers)]
  }

  private static let split: InferenceRule = { (call) throws(TensorError) in
    let input = call.input(0)
    guard var shape = input.shape else {
      return [InferredValue](repeating: InferredValue(input.elementType), count: call.node.outputCount)
    }
    let axis = try call.axis(try call.attributes.int("axis") ?? 0, of: 0, rank: shape.count)
    var parts = [Int?](repeating: nil, count: call.node.outputCount)
    switch try call.integers(attribute: "split", orInput: 1) {
    case .known(let lengths) where lengths.count == parts.count: parts = lengths
    case .absent:
      // The last part may be smaller, so that only parts without a rest are told.
      if let extent = shape[axis], !parts.isEmpty, extent % parts.count == 0 {
        parts = [Int?](repeating: extent / parts.count, count: parts.count)
      }
    default: break
    }
    return parts.map { part in
      shape[axis] = part
      return InferredValue(input.elementType, shape)
    }
  }

  private static let expand: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0), let wanted = call.input(1).integers else { return [InferredValue(call.type(0))] }
    let rank = max(shape.count, wanted.count)
    var result = [Int?](repeating: nil, count: rank)
    for offset in 0..<rank {
      let a = offset < shape.count ? shape[shape.count - 1 - offset] : 1
      let b = offset < wanted.count ? wanted[wanted.count - 1 - offset] : 1
      if let a, let b, a != b, a != 1, b != 1, b > 0 {
        throw TensorError(.shape, "\(call.label(0)) cannot be expanded to \(wanted.map { $0.map(String.init) ?? "?" })")
      }
      result[rank - 1 - offset] = a == 1 ? b : b == 1 ? a : a ?? b
    }
    return [InferredValue(call.type(0), result)]
  }

  private static let tile: InferenceRule = { (call) throws(TensorError) in
    guard let shape = call.shape(0) else { return [InferredValue(call.type(0))] }
    // In opset 1 the second input was one number.
    guard call.opset >= 6, let repeats = call.input(1).integers, repeats.count == shape.count else {
      return [InferredValue(call.type(0), [Int?](repeating: nil, count: shape.count))]
    }
    return [InferredValue(call.type(0), zip(shape, repeats).map { Extent.product($0, $1) })]
  }

  private static let topK: InferenceRule = { (call) throws(TensorError) in
    guard var shape = call.shape(0) else { return [InferredValue(call.type(0)), InferredValue(.int64)] }
    let axis = try call.axis(try call.attributes.int("axis") ?? -1, of: 0, rank: shape.count)
    shape[axis] = try call.attributes.int("k") ?? call.integers(1).flatMap { $0.count == 1 ? $0[0] : nil }
    return [InferredValue(call.type(0), shape), InferredValue(.int64, shape)]
  }
}

/// The places that a slice takes of an axis, as Python counts them.
private struct SliceBounds {
  let start: Int
  let step: Int
  let count: Int

  /// - Parameter step: not 0.
  init(extent: Int, start: Int, end: Int, step: Int) {
    func clamp(_ index: Int, _ range: ClosedRange<Int>) -> Int {
      min(max(index < 0 ? index &+ extent : index, range.lowerBound), range.upperBound)
    }
    self.step = step
    if step > 0 {
      self.start = clamp(start, 0...extent)
      let length = clamp(end, 0...extent) - self.start
      count = length > 0 ? (length - 1) / step + 1 : 0
    } else {
      // Without elements there is none to begin with.
      self.start = extent == 0 ? 0 : clamp(start, 0...extent - 1)
      let length = extent == 0 ? 0 : self.start - clamp(end, -1...extent - 1)
      count = length > 0 && step != .min ? (length - 1) / -step + 1 : length > 0 ? 1 : 0
    }
  }
}
