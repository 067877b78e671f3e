import HeadgateTensors

// Sums over many elements lose half types their few digits, so such kernels are written for single and
// double only: halves are widened before and rounded once, after.

extension OperatorCall {
  /// The tensor in the type that it is computed in: halves as single, all else as it is.
  func widened(_ tensor: Tensor) throws(TensorError) -> Tensor {
    tensor.elementType.isHalf ? try Casting.convert(tensor, to: .float, self) : tensor
  }

  /// The tensor in the type that it is computed in, when there is one.
  func widened(optional tensor: Tensor?) throws(TensorError) -> Tensor? {
    guard let tensor else { return nil }
    return try widened(tensor)
  }

  /// A widened result in the type that it is given in.
  func narrowed(_ tensor: Tensor, to type: ElementType) throws(TensorError) -> Tensor {
    tensor.elementType == .float && type.isHalf ? try Casting.convert(tensor, to: type, self) : tensor
  }
}

extension ElementType {
  var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// Visits single or double; halves must have been widened.
  func visitWide<Visitor: RealVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    default: throw TensorError(.elementType, "takes floating-point elements, got \(self)")
    }
  }
}
