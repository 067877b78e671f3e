import HeadgateTensors

/// Converts the numbers of columns to a tensor's element type.
enum NumericInput {
  /// Whether a column of numbers can fill elements of this type.
  static func supports(_ type: ElementType) -> Bool {
    switch type {
    case .float, .double, .float16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool: true
    default: false
    }
  }

  /// Whether one number has a place in the type: floating types take every number and NaN, whole types whole numbers in
  /// their range, `bool` 0 and 1.
  static func fits(_ number: Double, _ type: ElementType) -> Bool {
    switch type {
    case .float, .double, .float16: true
    case .int8: Int8(exactly: number) != nil
    case .int16: Int16(exactly: number) != nil
    case .int32: Int32(exactly: number) != nil
    case .int64: Int64(exactly: number) != nil
    case .uint8: UInt8(exactly: number) != nil
    case .uint16: UInt16(exactly: number) != nil
    case .uint32: UInt32(exactly: number) != nil
    case .uint64: UInt64(exactly: number) != nil
    case .bool: number == 0 || number == 1
    default: false
    }
  }

  /// A tensor of numbers that all ``fits(_:_:)``, row-major.
  static func tensor(_ type: ElementType, shape: Shape, _ numbers: [Double]) throws(TensorError) -> Tensor {
    switch type {
    case .float: try Tensor(shape: shape, numbers.map { Float($0) })
    case .double: try Tensor(shape: shape, numbers)
    case .float16: try Tensor(shape: shape, numbers.map { Float16($0) })
    case .int8: try Tensor(shape: shape, numbers.map { Int8(exactly: $0) ?? 0 })
    case .int16: try Tensor(shape: shape, numbers.map { Int16(exactly: $0) ?? 0 })
    case .int32: try Tensor(shape: shape, numbers.map { Int32(exactly: $0) ?? 0 })
    case .int64: try Tensor(shape: shape, numbers.map { Int64(exactly: $0) ?? 0 })
    case .uint8: try Tensor(shape: shape, numbers.map { UInt8(exactly: $0) ?? 0 })
    case .uint16: try Tensor(shape: shape, numbers.map { UInt16(exactly: $0) ?? 0 })
    case .uint32: try Tensor(shape: shape, numbers.map { UInt32(exactly: $0) ?? 0 })
    case .uint64: try Tensor(shape: shape, numbers.map { UInt64(exactly: $0) ?? 0 })
    case .bool: try Tensor(shape: shape, numbers.map { $0 == 1 })
    default: throw TensorError(.unsupported, "columns of numbers cannot fill elements of type \(type)")
    }
  }
}
