import HeadgateTensors

// A kernel is written once as a generic visitor; the switch over the element type stands here, outside
// of all loops, and gives the compiler a specialised loop for each type.

/// Work that can be done on any type of number.
protocol NumberVisitor {
  associatedtype Output
  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Output
}

/// Work that can be done on any floating-point type.
protocol RealVisitor {
  associatedtype Output
  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Output
}

/// Work that only moves elements: the type stands for its size, or is `String`.
protocol MovementVisitor {
  associatedtype Output
  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Output
}

extension ElementType {
  @inline(__always)
  func visit<Visitor: NumberVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .float16: try visitor.visit(Float16.self)
    case .int8: try visitor.visit(Int8.self)
    case .int16: try visitor.visit(Int16.self)
    case .int32: try visitor.visit(Int32.self)
    case .int64: try visitor.visit(Int64.self)
    case .uint8: try visitor.visit(UInt8.self)
    case .uint16: try visitor.visit(UInt16.self)
    case .uint32: try visitor.visit(UInt32.self)
    case .uint64: try visitor.visit(UInt64.self)
    default: throw TensorError(.elementType, "does not compute with elements of type \(self)")
    }
  }

  @inline(__always)
  func visit<Visitor: RealVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .float16: try visitor.visit(Float16.self)
    default: throw TensorError(.elementType, "takes floating-point elements, got \(self)")
    }
  }

  @inline(__always)
  func visit<Visitor: MovementVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch byteCount {
    case _ where self == .string: try visitor.visit(String.self)
    case 1: try visitor.visit(UInt8.self)
    case 2: try visitor.visit(UInt16.self)
    case 4: try visitor.visit(UInt32.self)
    case 8: try visitor.visit(UInt64.self)
    default: throw TensorError(.unsupported, "does not move elements of type \(self)")
    }
  }
}
