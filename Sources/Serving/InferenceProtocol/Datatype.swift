import HeadgateTensors

/// The names that the Open Inference Protocol gives to element types.
enum Datatype: String, CaseIterable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case fp16 = "FP16"
  case bf16 = "BF16"
  case fp32 = "FP32"
  case fp64 = "FP64"
  case bytes = "BYTES"

  /// The datatype of an element type; `nil` for types the protocol has no name for.
  init?(_ type: ElementType) {
    guard let datatype = Datatype.allCases.first(where: { $0.elementType == type }) else { return nil }
    self = datatype
  }

  var elementType: ElementType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .fp16: .float16
    case .bf16: .bfloat16
    case .fp32: .float
    case .fp64: .double
    case .bytes: .string
    }
  }

  /// Whether the protocol gives the type a form in JSON.
  var hasJSONForm: Bool { self != .fp16 && self != .bf16 }

  /// The name in a model configuration.
  var configurationName: String { self == .bytes ? "TYPE_STRING" : "TYPE_" + rawValue }
}
