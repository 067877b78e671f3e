import HeadgateTensors

/// Operators that put elements into another order or repeat them.
enum Arranging {
  static let table: [OperatorDefinition] = [
    .op("Transpose", since: 1, transpose), .op("Slice", since: 1, sliceByAttributes),
    .op("Slice", since: 10, sliceByInputs), .op("Expand", since: 8, expand), .op("Tile", since: 1, tileAxis),
    .op("Tile", since: 6, tile),
    .op("Concat", since: 1, concat), .op("Split", since: 1, split), .op("Pad", since: 1, Padding.pad),
    .op("DepthToSpace", since: 1, depthToSpace), .op("SpaceToDepth", since: 1, spaceToDepth),
    .op("Trilu", since: 14, triangle),
  ]

  private static func transpose(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let order = try call.attributes.ints("perm") ?? Array(input.shape.indices.reversed())
    return [.tensor(try permuted(input, order, call))]
  }

  static func permuted(_ input: Tensor, _ order: [Int], _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard order.sorted() == Array(input.shape.indices) else {
      throw TensorError(.invalidValue, "\(order) is no order of the axes of shape \(input.shape)")
    }
    let strides = input.shape.rowMajorStrides
    let view = StridedView(shape: order.map { input.shape[$0] }, strides: order.map { strides[$0] })
    return try view.materialize(input, call)
  }

  private static func sliceByAttributes(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let starts = try call.attributes.ints("starts"), let ends = try call.attributes.ints("ends") else {
      throw TensorError(.missing, "starts or ends are absent")
    }
    return try slice(call, starts, ends, try call.attributes.ints("axes"), nil)
  }

  private static func sliceByInputs(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let starts = try call.ints(1), let ends = try call.ints(2) else {
      throw TensorError(.missing, "starts or ends are absent")
    }
    return try slice(call, starts, ends, try call.ints(3), try call.ints(4))
  }

  private static func slice(
    _ call: OperatorCall, _ starts: [Int], _ ends: [Int], _ axes: [Int]?, _ steps: [Int]?
  ) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axes = axes ?? Array(starts.indices)
    let steps = steps ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw TensorError(.shape, "starts, ends, axes and steps have different lengths")
    }
    var shape = input.shape
    var strides = input.shape.rowMajorStrides
    var offset = 0
    var seen: Set<Int> = []
    for index in axes.indices {
      let axis = try input.shape.axis(axes[index])
      guard seen.insert(axis).inserted else { throw TensorError(.invalidValue, "axes \(axes) repeat") }
      let extent = input.shape[axis]
      // A step beyond the extent takes one element, as the extent itself would; it also must not overflow.
      let step = min(max(steps[index], -extent - 1), extent + 1)
      guard step != 0 else { throw TensorError(.invalidValue, "a slice has step 0") }
      func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(bound < 0 ? bound + extent : bound, range.lowerBound), range.upperBound)
      }
      let start = clamped(starts[index], step > 0 ? 0...extent : -1...max(extent - 1, -1))
      let end = clamped(ends[index], step > 0 ? 0...extent : -1...max(extent - 1, -1))
      shape[axis] = max(0, step > 0 ? (end - start + step - 1) / step : (end - start + step + 1) / step)
      // Only where nothing is read, for there are no elements, do these not fit.
      offset &+= start &* strides[axis]
      strides[axis] &*= step
    }
    return [.tensor(try StridedView(shape: shape, strides: strides, offset: offset).materialize(input, call))]
  }

  private static func expand(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let wanted = try call.ints(1) else { throw TensorError(.missing, "the shape is absent") }
    return [.tensor(try input.expanded(to: try input.shape.broadcast(with: wanted), call))]
  }

  private static func tile(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let repeats = try call.ints(1), repeats.count == input.rank else {
      throw TensorError(.shape, "one count for each axis of shape \(input.shape) is needed")
    }
    return [.tensor(try tiled(input, repeats, call))]
  }

  /// The first version repeated along one axis, and took count and axis as numbers of the input's type.
  private static func tileAxis(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    for index in [1, 2] { call.recorder?.noteRead(of: index) }
    guard let count = try Casting.convert(try call.tensor(1), to: .int64, call).ints().first,
      let axis = try Casting.convert(try call.tensor(2), to: .int64, call).ints().first
    else { throw TensorError(.missing, "the count or the axis is absent") }
    var repeats = [Int](repeating: 1, count: input.rank)
    repeats[try input.shape.axis(axis)] = count
    return [.tensor(try tiled(input, repeats, call))]
  }

  private static func tiled(_ input: Tensor, _ repeats: [Int], _ call: OperatorCall) throws(TensorError) -> Tensor {
    // Each axis becomes two: the repetition, with stride 0, and the axis itself.
    let strides = input.shape.rowMajorStrides
    var shape: Shape = []
    var result: Shape = []
    for axis in input.shape.indices {
      let (extent, overflow) = input.shape[axis].multipliedReportingOverflow(by: repeats[axis])
      guard !overflow, repeats[axis] >= 0 else { throw TensorError(.shape, "cannot repeat \(repeats) times") }
      shape += [repeats[axis], input.shape[axis]]
      result.append(extent)
    }
    _ = try result.elementCount()
    let view = StridedView(shape: shape, strides: strides.flatMap { [0, $0] })
    return try view.materialize(input, call).reshaped(to: result)
  }

  private static func concat(_ call: OperatorCall) throws(TensorError) -> [Value] {
    var tensors: [Tensor] = []
    for index in call.inputs.indices { tensors.append(try call.tensor(index)) }
    // Opset 1 joined along the second axis when none was given.
    return [.tensor(try joined(tensors, axis: try call.attributes.int("axis") ?? 1, call))]
  }

  static func joined(_ tensors: [Tensor], axis: Int, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard let first = tensors.first else { throw TensorError(.missing, "nothing to concatenate") }
    let axis = try first.shape.axis(axis)
    var shape = first.shape
    shape[axis] = 0
    for tensor in tensors {
      var rest = tensor.shape
      guard tensor.elementType == first.elementType, rest.count == shape.count else {
        throw TensorError(
          .shape, "cannot join \(first.elementType)\(first.shape) and \(tensor.elementType)\(tensor.shape)")
      }
      // A sequence may hold so many tensors without elements that the sum of their extents overflows.
      shape[axis] = shape[axis].addingReportingOverflow(tensor.shape[axis]).partialValue
      guard shape[axis] >= 0 else { throw TensorError(.memoryLimit, "the joined axis passes any memory limit") }
      rest[axis] = first.shape[axis]
      guard rest == first.shape else {
        throw TensorError(.shape, "shapes \(first.shape) and \(tensor.shape) differ beyond axis \(axis)")
      }
    }
    return try first.elementType.visit(Joining(tensors: tensors, axis: axis, shape: shape, call: call))
  }

  private static func split(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axis = try input.shape.axis(try call.attributes.int("axis") ?? 0)
    let extent = input.shape[axis]
    var lengths = try partLengths(call) ?? []
    if lengths.isEmpty {
      // Equal parts; from opset 18 on the last is smaller when they do not divide the axis.
      let parts = max(try call.attributes.int("num_outputs") ?? call.node.outputCount, 1)
      guard parts <= 100_000 else { throw TensorError(.invalidValue, "cannot split into \(parts) parts") }
      guard call.node.opset >= 18 || extent % parts == 0 else {
        throw TensorError(.shape, "an axis of \(extent) cannot be split into \(parts) equal parts")
      }
      let length = (extent + parts - 1) / parts
      lengths = (0..<parts).map { min(length, max(extent - $0 * length, 0)) }
    }
    guard lengths.allSatisfy({ $0 >= 0 && $0 <= extent }), lengths.reduce(0, &+) == extent else {
      throw TensorError(.shape, "parts \(lengths) do not fill an axis of \(extent)")
    }
    let strides = input.shape.rowMajorStrides
    var start = 0
    var results: [Value] = []
    for length in lengths {
      var shape = input.shape
      shape[axis] = length
      let view = StridedView(shape: shape, strides: strides, offset: start * strides[axis])
      results.append(.tensor(try view.materialize(input, call)))
      start += length
    }
    return results
  }

  /// The lengths by attribute or by input, which the first version took in the type of the tensor.
  private static func partLengths(_ call: OperatorCall) throws(TensorError) -> [Int]? {
    if let lengths = try call.attributes.ints("split") { return lengths }
    guard let tensor = try call.optionalTensor(1), [.float, .double, .float16].contains(tensor.elementType) else {
      return try call.ints(1)
    }
    call.recorder?.noteRead(of: 1)
    return try Casting.convert(tensor, to: .int64, call).ints()
  }

  private static func depthToSpace(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let block = try call.attributes.int("blocksize") ?? 1
    guard input.rank == 4, block > 0, block < 1 << 16, input.shape[1] % (block * block) == 0 else {
      throw TensorError(.shape, "blocks of \(block) do not fit shape \(input.shape)")
    }
    let (n, c, h, w) = (input.shape[0], input.shape[1] / (block * block), input.shape[2], input.shape[3])
    let isCRD = try call.attributes.string("mode") == "CRD"
    let split = try input.reshaped(to: isCRD ? [n, c, block, block, h, w] : [n, block, block, c, h, w])
    let moved = try permuted(split, isCRD ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2], call)
    return [.tensor(try moved.reshaped(to: [n, c, h * block, w * block]))]
  }

  private static func spaceToDepth(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let block = try call.attributes.int("blocksize") ?? 1
    guard input.rank == 4, block > 0, block < 1 << 16, input.shape[2] % block == 0, input.shape[3] % block == 0 else {
      throw TensorError(.shape, "blocks of \(block) do not fit shape \(input.shape)")
    }
    let (n, c, h, w) = (input.shape[0], input.shape[1], input.shape[2] / block, input.shape[3] / block)
    let moved = try permuted(try input.reshaped(to: [n, c, h, block, w, block]), [0, 3, 5, 1, 2, 4], call)
    return [.tensor(try moved.reshaped(to: [n, c * block * block, h, w]))]
  }

  private static func triangle(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank >= 2 else { throw TensorError(.shape, "shape \(input.shape) has no matrices") }
    let keepsUpper = try call.attributes.int("upper") != 0
    let diagonal = try call.ints(1)?.first ?? 0
    return [.tensor(try input.elementType.visit(Triangle(input, keepsUpper, diagonal, call)))]
  }
}

private struct Joining: MovementVisitor {
  let tensors: [Tensor]
  let axis: Int
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let outer = shape.extent(of: 0..<axis)
    let inner = shape.extent(of: axis + 1..<shape.count)
    let width = shape[axis] * inner
    let parts = tensors.filter { $0.count > 0 }.map { ($0.unsafeElements(type), $0.shape[axis] * inner) }
    return try call.produce(tensors[0].elementType, type, shape, reading: tensors) { output in
      var start = 0
      for (source, length) in parts {
        guard let from = source.baseAddress, let to = output.baseAddress else { return }
        for row in 0..<outer { (to + row * width + start).update(from: from + row * length, count: length) }
        start += length
      }
    }
  }
}

private struct Triangle: MovementVisitor {
  let input: Tensor
  let keepsUpper: Bool
  let diagonal: Int
  let call: OperatorCall

  init(_ input: Tensor, _ keepsUpper: Bool, _ diagonal: Int, _ call: OperatorCall) {
    self.input = input
    self.keepsUpper = keepsUpper
    self.diagonal = diagonal
    self.call = call
  }

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    guard input.elementType != .string else { throw TensorError(.elementType, "does not take strings") }
    let (rows, columns) = (input.shape[input.rank - 2], input.shape[input.rank - 1])
    let source = input.unsafeElements(type)
    let (keepsUpper, diagonal) = (keepsUpper, diagonal)
    return try call.produce(input.elementType, type, input.shape, reading: [input]) { output in
      // Zero is all bits clear in every type that comes here.
      UnsafeMutableRawBufferPointer(output).initializeMemory(as: UInt8.self, repeating: 0)
      for index in source.indices {
        let column = index % columns
        let row = index / columns % rows
        let distance = column.subtractingReportingOverflow(row).partialValue
        if keepsUpper ? distance >= diagonal : distance <= diagonal { output[index] = source[index] }
      }
    }
  }
}
