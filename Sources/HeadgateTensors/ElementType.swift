/// The type of a tensor's elements, with ONNX's own numbers (`TensorProto.DataType`).
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
  case float = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case double = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8e4m3fn = 17
  case float8e4m3fnuz = 18
  case float8e5m2 = 19
  case float8e5m2fnuz = 20
  case uint4 = 21
  case int4 = 22
  case float4e2m1 = 23
  case float8e8m0 = 24
  case uint2 = 25
  case int2 = 26

  /// Bytes that one element takes in memory.
  ///
  /// Elements of 4 and 2 bits take a whole byte: integers as an `Int8` or `UInt8` of the same value, so that
  /// kernels read them as such, `float4e2m1` as its bits. Packed, an element had no address: every view, slice
  /// and copy would need a second form that shifts. Files keep them packed (`packedBitCount`), and what costs
  /// memory there, weights, is turned into another form for its kernel anyway.
  package var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 1
    case .uint4, .int4, .float4e2m1, .uint2, .int2: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64, .complex64: 8
    case .complex128: 16
    case .string: MemoryLayout<String>.stride
    }
  }

  /// Bits that one element takes in a file, for the types of which several share a byte there.
  package var packedBitCount: Int? {
    switch self {
    case .uint4, .int4, .float4e2m1: 4
    case .uint2, .int2: 2
    default: nil
    }
  }

  /// The name that ONNX's text forms use, in lower case: `float`, `int64`, `string`.
  public var name: String { "\(self)" }
}
