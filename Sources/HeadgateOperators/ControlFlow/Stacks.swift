import HeadgateTensors

/// What the steps of a loop give at the outputs of the body that are to be joined along a new axis.
struct Stacks {
  private let body: any Subgraph
  private let first: Int
  /// For each output its slices, in the order of the steps.
  private(set) var slices: [[Tensor]]

  /// - Parameter count: how many outputs of the body come before those that are stacked.
  init(_ body: any Subgraph, skipping count: Int) {
    self.body = body
    first = count
    slices = [[Tensor]](repeating: [], count: max(body.outputCount - count, 0))
  }

  mutating func append(_ values: ArraySlice<Value>) throws(TensorError) {
    for (index, value) in values.enumerated() {
      guard case .tensor(let tensor) = value, index < slices.count else {
        throw TensorError(.elementType, "only tensors can be stacked, got \(value.summary)")
      }
      slices[index].append(tensor)
    }
  }

  /// The slices of one output along a new axis.
  func joined(_ index: Int, axis: Int, reversed: Bool, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard !slices[index].isEmpty else { return try empty(index, axis: axis, call) }
    return try Arranging.stacked(reversed ? slices[index].reversed() : slices[index], axis: axis, call)
  }

  /// Without a single step only the graph's declaration tells a slice's type and shape; extents that it
  /// leaves open become 0.
  func empty(
    _ index: Int, axis: Int, leading: Shape = [0], _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard let declared = body.declaredOutput(first + index) else { return try Tensor(shape: leading, floats: []) }
    var shape = declared.shape?.map { $0 ?? 0 } ?? []
    shape.insert(contentsOf: leading, at: try ([1] + shape).axis(axis))
    return try Tensor(zeros: declared.elementType, shape: shape, budget: call.budget)
  }
}

extension Arranging {
  /// Joins tensors of one shape along a new axis, which may be counted from the end of the result's shape.
  static func stacked(_ slices: [Tensor], axis: Int, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard let first = slices.first else { throw TensorError(.missing, "nothing to stack") }
    let position = try ([1] + first.shape).axis(axis)
    var raised: [Tensor] = []
    raised.reserveCapacity(slices.count)
    for slice in slices {
      var shape = slice.shape
      guard position <= shape.count else { throw TensorError(.shape, "slices differ in rank") }
      shape.insert(1, at: position)
      raised.append(try slice.reshaped(to: shape))
    }
    return try joined(raised, axis: position, call)
  }
}

extension Tensor {
  /// Makes a tensor of zeros, or of empty strings.
  package init(zeros type: ElementType, shape: Shape, budget: MemoryBudget) throws(TensorError) {
    try self.init(uninitialized: type, shape: shape, budget: budget)
    guard type != .string else { return }
    // SAFETY: nobody else has seen this tensor yet. All bits clear are zero in every type.
    UnsafeMutableRawBufferPointer(mutating: unsafeBytes).initializeMemory(as: UInt8.self, repeating: 0)
  }
}
