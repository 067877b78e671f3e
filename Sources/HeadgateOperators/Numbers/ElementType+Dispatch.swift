import HeadgateTensors

// A kernel is written once as a generic visitor; the switch over the element type stands here, outside
// of all loops, and gives the compiler a specialised loop for each type.

/// Work that is done on each type of number but those of 16 bits and less that have a point, which go over float:
/// conversions, and what keeps many elements in few bytes.
protocol NumberVisitor {
  associatedtype Output
  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Output
}

/// Work that is done on the numbers that are wide enough to compute with; all others go over them, see `computingWide`.
protocol WideNumberVisitor {
  associatedtype Output
  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Output
}

/// Work that is done on float and double.
protocol RealVisitor {
  associatedtype Output
  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Output
}

/// Work that can be done on any narrow floating-point format: conversions.
protocol NarrowFloatVisitor {
  associatedtype Output
  func visit<T: NarrowFloat>(_ type: T.Type) throws(TensorError) -> Output
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
  func visit<Visitor: WideNumberVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .int32: try visitor.visit(Int32.self)
    case .int64: try visitor.visit(Int64.self)
    case .uint64: try visitor.visit(UInt64.self)
    default: throw TensorError(.elementType, "does not compute with elements of type \(self)")
    }
  }

  @inline(__always)
  func visit<Visitor: RealVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    default: throw TensorError(.elementType, "takes floating-point elements, got \(self)")
    }
  }

  func visit<Visitor: NarrowFloatVisitor>(_ visitor: Visitor) throws(TensorError) -> Visitor.Output {
    switch self {
    case .bfloat16: try visitor.visit(BFloat16.self)
    case .float8e4m3fn: try visitor.visit(Float8E4M3FN.self)
    case .float8e4m3fnuz: try visitor.visit(Float8E4M3FNUZ.self)
    case .float8e5m2: try visitor.visit(Float8E5M2.self)
    case .float8e5m2fnuz: try visitor.visit(Float8E5M2FNUZ.self)
    case .float8e8m0: try visitor.visit(Float8E8M0.self)
    case .float4e2m1: try visitor.visit(Float4E2M1.self)
    default: throw TensorError(.elementType, "\(self) is no narrow floating-point type")
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
    case 16: try visitor.visit(SIMD2<UInt64>.self)
    default: throw TensorError(.unsupported, "does not move elements of type \(self)")
    }
  }

  /// Whether this is a floating-point format narrower than half precision, or bfloat16.
  var isNarrowFloat: Bool {
    switch self {
    case .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: true
    default: false
    }
  }

  /// The type that integers of 4 or 2 bits are kept in; nil for all others.
  var integerInMemory: ElementType? {
    switch self {
    case .int4, .int2: .int8
    case .uint4, .uint2: .uint8
    default: nil
    }
  }
}
