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
