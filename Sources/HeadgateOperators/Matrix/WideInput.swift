import HeadgateTensors

extension ElementType {
  /// The type in which sums over elements of this type are computed: half precision is too coarse for them.
  var accumulator: ElementType {
    switch self {
    case .float16, .bfloat16: .float
    default: self
    }
  }
}

extension Tensor {
  /// The elements in the type in which sums over them are computed.
  func widened(_ call: OperatorCall) throws(TensorError) -> Tensor {
    try Casting.convert(self, to: elementType.accumulator, call)
  }
}

/// An input in the type that products are computed in, and with its axes in the order that suits them; a
/// constant one is converted when the model is loaded.
struct WideInput: Sendable {
  private let index: Int
  private let order: [Int]?
  private let constant: Tensor?

  init(_ index: Int, of node: OperatorNode, order: [Int]? = nil) throws(TensorError) {
    self.index = index
    self.order = order
    guard let tensor = node.constantTensor(index),
      order != nil || tensor.elementType != tensor.elementType.accumulator
    else {
      constant = nil
      return
    }
    let loading = OperatorCall(node: node, inputs: [], budget: .unlimited)
    constant = try WideInput.converted(tensor, order, loading)
  }

  func tensor(_ call: OperatorCall) throws(TensorError) -> Tensor {
    if let constant { return constant }
    return try WideInput.converted(call.tensor(index), order, call)
  }

  func optionalTensor(_ call: OperatorCall) throws(TensorError) -> Tensor? {
    if let constant { return constant }
    return try call.optionalTensor(index).map { (tensor) throws(TensorError) in
      try WideInput.converted(tensor, order, call)
    }
  }

  private static func converted(
    _ tensor: Tensor, _ order: [Int]?, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let wide = try tensor.widened(call)
    guard let order else { return wide }
    guard order.count == tensor.rank else {
      throw TensorError(.shape, "shape \(tensor.shape) does not have \(order.count) axes")
    }
    return try Arranging.permuted(wide, order, call)
  }
}

extension OperatorCall {
  /// Lends zeroed memory to `body`, counted as a tensor of the run for so long.
  func withScratch<Element: Number, Result>(
    _ type: Element.Type, _ count: Int,
    _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let scratch = try make(type, [count]) { $0.update(repeating: Element.zero) }
    defer { withExtendedLifetime(scratch) {} }
    // SAFETY: nobody else ever sees this tensor.
    return try body(UnsafeMutablePointer(mutating: try scratch.elements(type).start))
  }
}

extension UnsafeBufferPointer {
  /// The address of the elements of a tensor, which even an empty one has.
  var start: UnsafePointer<Element> {
    get throws(TensorError) {
      guard let baseAddress else { throw TensorError(.shape, "the tensor has no elements") }
      return baseAddress
    }
  }
}
