import HeadgateTensors

/// Operators that pick or place elements by index.
enum Gathering {
  static let table: [OperatorDefinition] = [
    .prepared("Gather", since: 1, prepareGather), .op("GatherElements", since: 11, gatherElements),
    .op("GatherND", since: 11, gatherND), .op("ScatterElements", since: 11, scatterElements).computingInSingle(),
    .op("Scatter", since: 9, scatterElements), .op("ScatterND", since: 11, scatterND).computingInSingle(),
    .op("Compress", since: 9, compress), .op("NonZero", since: 9, nonZero), .op("OneHot", since: 9, oneHot),
  ]

  /// What rows are taken from is often the largest weight of a model, and few of its rows are read in a run.
  private static func prepareGather(_ node: OperatorNode) -> Kernel {
    node.takeLoose(input: 0)
    return gather
  }

  private static func gather(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let data = try call.tensor(0)
    let axis = try data.shape.axis(try call.attributes.int("axis") ?? 0)
    let indices = try call.tensor(1)
    let shape = Array(data.shape[..<axis]) + indices.shape + Array(data.shape[(axis + 1)...])
    guard indices.elementType == .int64 || indices.elementType == .int32 else {
      throw TensorError(.elementType, "expected int32 or int64 elements, got \(indices.elementType)")
    }
    return [
      .tensor(
        try data.elementType.visit(TakingByIndex(data: data, axis: axis, indices: indices, shape: shape, call: call)))
    ]
  }

  /// The rows of an axis in the order of `rows`, which are checked.
  static func take(
    _ data: Tensor, _ axis: Int, _ rows: [Int], _ shape: Shape, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    try data.elementType.visit(Taking(data: data, axis: axis, rows: rows, shape: shape, call: call))
  }

  private static func gatherElements(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let data = try call.tensor(0)
    let indices = try call.tensor(1)
    let sources = try elementOffsets(data.shape, indices, axis: try call.attributes.int("axis") ?? 0)
    return [
      .tensor(try data.elementType.visit(Picking(data: data, sources: sources, shape: indices.shape, call: call)))
    ]
  }

  private static func gatherND(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let data = try call.tensor(0)
    let indices = try call.tensor(1)
    let batch = try call.attributes.int("batch_dims") ?? 0
    guard let depth = indices.shape.last, batch >= 0, batch < indices.rank, batch + depth <= data.rank,
      Array(data.shape[..<batch]) == Array(indices.shape[..<batch])
    else { throw TensorError(.shape, "indices of shape \(indices.shape) do not fit shape \(data.shape)") }
    let starts = try sliceStarts(data.shape, indices, batch: batch, depth: depth)
    let tail = Array(data.shape[(batch + depth)...])
    let flat = try data.reshaped(to: [max(data.count / max(tail.extent(of: 0..<tail.count), 1), 0)] + tail)
    return [.tensor(try take(flat, 0, starts, Array(indices.shape.dropLast()) + tail, call))]
  }

  private static func scatterElements(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let data = try call.tensor(0)
    let indices = try call.tensor(1)
    let updates = try call.tensor(2)
    guard updates.shape == indices.shape, updates.elementType == data.elementType else {
      throw TensorError(.shape, "updates \(updates.elementType)\(updates.shape) do not fit indices \(indices.shape)")
    }
    let targets = try elementOffsets(data.shape, indices, axis: try call.attributes.int("axis") ?? 0)
    return [.tensor(try scatter(data, updates, targets, length: 1, call))]
  }

  private static func scatterND(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let data = try call.tensor(0)
    let indices = try call.tensor(1)
    let updates = try call.tensor(2)
    guard let depth = indices.shape.last, depth <= data.rank, updates.elementType == data.elementType,
      updates.shape == Array(indices.shape.dropLast()) + Array(data.shape[depth...])
    else { throw TensorError(.shape, "updates of shape \(updates.shape) do not fit indices \(indices.shape)") }
    let length = data.shape.extent(of: depth..<data.rank)
    let targets = try sliceStarts(data.shape, indices, batch: 0, depth: depth).map { $0 * length }
    return [.tensor(try scatter(data, updates, targets, length: length, call))]
  }

  private static func scatter(
    _ data: Tensor, _ updates: Tensor, _ targets: [Int], length: Int, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let reduction = try call.attributes.string("reduction") ?? "none"
    if reduction == "none" {
      return try data.elementType.visit(
        Placing(data: data, updates: updates, targets: targets, length: length, call: call))
    }
    if data.elementType == .bool {
      // As sums and products of 0 and 1 that are cut to 1.
      let merged = ["add": "max", "mul": "min"][reduction] ?? reduction
      let numbers = Accumulating(
        data: try Casting.convert(data, to: .uint8, call), updates: try Casting.convert(updates, to: .uint8, call),
        targets: targets, length: length, reduction: merged, call: call)
      return try Casting.convert(try numbers.visit(UInt8.self), to: .bool, call)
    }
    return try data.elementType.visit(
      Accumulating(
        data: data, updates: updates, targets: targets, length: length, reduction: reduction, call: call))
  }

  private static func compress(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var data = try call.tensor(0)
    let wanted = try call.attributes.int("axis")
    if wanted == nil { data = try data.reshaped(to: [data.count]) }
    let axis = try data.shape.axis(wanted ?? 0)
    let condition = try call.tensor(1).bools()
    let rows = condition.indices.filter { condition[$0] }
    guard rows.last ?? -1 < data.shape[axis] else {
      throw TensorError(.shape, "a condition of \(condition.count) does not fit an axis of \(data.shape[axis])")
    }
    var shape = data.shape
    shape[axis] = rows.count
    return [.tensor(try take(data, axis, rows, shape, call))]
  }

  private static func nonZero(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    // Of texts it is the empty one that counts as nothing.
    let flags =
      input.elementType == .string
      ? try input.strings().map { !$0.isEmpty } : try Casting.convert(input, to: .bool, call).bools()
    let found = flags.indices.filter { flags[$0] }
    let rank = max(input.rank, 1)
    let shape = input.rank == 0 ? [1] : input.shape
    let strides = shape.rowMajorStrides
    return [
      .tensor(
        try call.make(Int64.self, [rank, found.count]) { output in
          for axis in 0..<rank {
            for (position, index) in found.enumerated() {
              output[axis * found.count + position] = Int64(index / strides[axis] % shape[axis])
            }
          }
        })
    ]
  }

  private static func oneHot(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let indices = try Casting.convert(try call.tensor(0), to: .int64, call)
    let depthTensor = try Casting.convert(try call.tensor(1), to: .int64, call)
    guard let depth = try depthTensor.ints().first, depth >= 0 else {
      throw TensorError(.invalidValue, "the depth is absent or negative")
    }
    let values = try call.tensor(2)
    guard values.count == 2 else { throw TensorError(.shape, "values must be [off, on]") }
    let frame = Shape(repeating: 1, count: indices.rank + 1)
    let axis = try frame.axis(try call.attributes.int("axis") ?? -1)
    var shape = indices.shape
    shape.insert(depth, at: axis)
    return [
      .tensor(
        try values.elementType.visit(
          Marking(indices: try indices.ints(), values: values, axis: axis, shape: shape, call: call)))
    ]
  }

  /// Indices that may be counted from the end, each inside of its axis.
  private static func checked(_ indices: [Int], extent: Int) throws(TensorError) -> [Int] {
    var result = indices
    for position in result.indices {
      if result[position] < 0 { result[position] += extent }
      guard result[position] >= 0, result[position] < extent else {
        throw TensorError(.invalidValue, "index \(indices[position]) is outside of an axis of \(extent)")
      }
    }
    return result
  }

  /// For each element of `indices`, the element of `shape` at the same place but for the index on `axis`.
  private static func elementOffsets(_ shape: Shape, _ indices: Tensor, axis: Int) throws(TensorError) -> [Int] {
    let axis = try shape.axis(axis)
    guard indices.rank == shape.count else {
      throw TensorError(.shape, "indices of shape \(indices.shape) do not fit shape \(shape)")
    }
    for other in shape.indices where other != axis && indices.shape[other] > shape[other] {
      throw TensorError(.shape, "indices of shape \(indices.shape) do not fit shape \(shape)")
    }
    let rows = try checked(try indices.ints(), extent: shape[axis])
    let strides = shape.rowMajorStrides
    let own = indices.shape.rowMajorStrides
    return rows.indices.map { position in
      var offset = rows[position] * strides[axis]
      for other in shape.indices where other != axis {
        offset += position / own[other] % indices.shape[other] * strides[other]
      }
      return offset
    }
  }

  /// For each index tuple, the number of the slice it names.
  private static func sliceStarts(
    _ shape: Shape, _ indices: Tensor, batch: Int, depth: Int
  ) throws(TensorError) -> [Int] {
    let values = try indices.ints()
    let tuples = indices.shape.extent(of: 0..<indices.rank - 1)
    // Tuples of no indices take no memory, but their results here would.
    guard depth > 0 || tuples < 1 << 24 else {
      throw TensorError(.memoryLimit, "indices of shape \(indices.shape) name too many elements")
    }
    let perBatch = max(indices.shape.extent(of: batch..<indices.rank - 1), 1)
    var starts: [Int] = []
    starts.reserveCapacity(tuples)
    for tuple in 0..<tuples {
      var start = tuple / perBatch
      for position in 0..<depth {
        let extent = shape[batch + position]
        var index = values[tuple * depth + position]
        if index < 0 { index += extent }
        guard index >= 0, index < extent else {
          throw TensorError(.invalidValue, "index \(index) is outside of an axis of \(extent)")
        }
        start = start * extent + index
      }
      starts.append(start)
    }
    return starts
  }
}

/// The rows of an axis that indices name, which may be counted from the end. Texts are copied as such, all else byte by
/// byte, from where it lies in the file, aligned or not.
private struct TakingByIndex: MovementVisitor {
  let data: Tensor
  let axis: Int
  let indices: Tensor
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let inner = data.shape.extent(of: axis + 1..<data.rank)
    let (extent, outer) = (data.shape[axis], data.shape.extent(of: 0..<axis))
    let isText = data.elementType == .string
    let source =
      isText ? UnsafeRawPointer(data.unsafeElements(type).baseAddress) : try data.withLooseBytes { $0 }
    let isWide = indices.elementType == .int64
    let (wide, narrow) = (indices.unsafeElements(Int64.self), indices.unsafeElements(Int32.self))
    return try call.produce(data.elementType, type, shape, reading: [data, indices]) { (output) throws(TensorError) in
      for position in wide.indices {
        let index = isWide ? Int(wide[position]) : Int(narrow[position])
        let row = index < 0 ? index + extent : index
        guard row >= 0, row < extent else {
          throw TensorError(.invalidValue, "index \(index) is outside of an axis of \(extent)")
        }
        guard let source, let target = output.baseAddress else { continue }
        for block in 0..<outer {
          let (from, to) = ((block * extent + row) * inner, target + (block * wide.count + position) * inner)
          if isText {
            to.update(from: source.assumingMemoryBound(to: type) + from, count: inner)
          } else {
            let size = MemoryLayout<T>.stride
            UnsafeMutableRawPointer(to).copyMemory(from: source + from * size, byteCount: inner * size)
          }
        }
      }
    }
  }
}

private struct Taking: MovementVisitor {
  let data: Tensor
  let axis: Int
  let rows: [Int]
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    try data.withUnsafeElements(type) { (source) throws(TensorError) in
      try call.makeMoved(data.elementType, type, shape) { output in
        guard !output.isEmpty, let from = source.baseAddress, let to = output.baseAddress else { return }
        let inner = data.shape.extent(of: axis + 1..<data.rank)
        let extent = data.shape[axis]
        for outer in 0..<data.shape.extent(of: 0..<axis) {
          for (position, row) in rows.enumerated() {
            (to + (outer * rows.count + position) * inner).update(
              from: from + (outer * extent + row) * inner, count: inner)
          }
        }
      }
    }
  }
}

private struct Picking: MovementVisitor {
  let data: Tensor
  let sources: [Int]
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let from = data.unsafeElements(type)
    return try call.makeMoved(data.elementType, type, shape) { output in
      for index in sources.indices { output[index] = from[sources[index]] }
    }
  }
}

private struct Placing: MovementVisitor {
  let data: Tensor
  let updates: Tensor
  let targets: [Int]
  let length: Int
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let source = data.unsafeElements(type)
    let from = updates.unsafeElements(type)
    return try call.makeMoved(data.elementType, type, data.shape) { output in
      for index in source.indices { output[index] = source[index] }
      for (position, target) in targets.enumerated() {
        for index in 0..<length { output[target + index] = from[position * length + index] }
      }
    }
  }
}

private struct Accumulating: NumberVisitor {
  let data: Tensor
  let updates: Tensor
  let targets: [Int]
  let length: Int
  let reduction: String
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let combine: (T, T) -> T
    switch reduction {
    case "add": combine = { T.add($0, $1) }
    case "mul": combine = { T.multiply($0, $1) }
    case "min": combine = { T.minimum($0, $1) }
    case "max": combine = { T.maximum($0, $1) }
    default: throw TensorError(.unsupported, "reduction '\(reduction)' is unknown")
    }
    let source = try data.elements(type)
    let from = try updates.elements(type)
    return try call.make(type, data.shape) { output in
      for index in source.indices { output[index] = source[index] }
      for (position, target) in targets.enumerated() {
        for index in 0..<length {
          output[target + index] = combine(output[target + index], from[position * length + index])
        }
      }
    }
  }
}

private struct Marking: MovementVisitor {
  let indices: [Int]
  let values: Tensor
  let axis: Int
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let choices = values.unsafeElements(type)
    return try call.makeMoved(values.elementType, type, shape) { output in
      for index in output.indices { output[index] = choices[0] }
      let depth = shape[axis]
      let inner = shape.extent(of: axis + 1..<shape.count)
      guard inner > 0 else { return }
      for (position, value) in indices.enumerated() {
        // Indices outside of the depth mark nothing.
        let index = value < 0 ? value + depth : value
        guard index >= 0, index < depth else { continue }
        output[(position / inner * depth + index) * inner + position % inner] = choices[1]
      }
    }
  }
}
