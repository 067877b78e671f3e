import HeadgateTensors

/// The parts of `ModelProto` that matter for running, as they stand in the file.
struct ONNXModel {
  var irVersion: Int64 = 0
  var producerName = ""
  var producerVersion = ""
  var domain = ""
  var modelVersion: Int64 = 0
  var graph: ONNXGraph?
  /// The version that each imported domain has; `ai.onnx` is stored as the empty name.
  var opsets: [String: Int] = [:]
  var metadata: [String: String] = [:]
  var functions: [ONNXFunction] = []
}

/// A function that the model defines from other operators.
struct ONNXFunction {
  var name = ""
  var domain = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var nodes: [ONNXNode] = []
  var opsets: [String: Int] = [:]
}

struct ONNXGraph {
  var name = ""
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var sparseInitializerCount = 0
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
}

struct ONNXNode {
  var name = ""
  var operatorName = ""
  var domain = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [ONNXAttribute] = []
  var byteOffset = 0
}

struct ONNXAttribute {
  enum Value {
    case int(Int64)
    case float(Float)
    case string(String)
    case tensor(ONNXTensor)
    case graph(ONNXGraph)
    case ints([Int64])
    case floats([Float])
    case strings([String])
    case tensors([ONNXTensor])
    /// A kind that no operator here reads, by its number in `AttributeProto.AttributeType`.
    case other(Int32)
  }

  var name = ""
  var value = Value.other(0)
  /// In a function's body: the attribute of the calling node that gives the value.
  var reference = ""
}

struct ONNXValueInfo {
  var name = ""
  var type: ONNXType?
}

indirect enum ONNXType {
  case tensor(elementType: Int32, shape: [Int?]?)
  case sequence(ONNXType?)
  case map(keys: Int32, value: ONNXType?)
  case optional(ONNXType?)
}

/// A `TensorProto` whose elements still lie in the file.
struct ONNXTensor {
  var name = ""
  var dimensions: [Int] = []
  var dataType: Int32 = 0
  /// Where `raw_data` lies in the file.
  var rawData: Range<Int>?
  /// Where the whole message lies; typed data is decoded from there when the tensor is made.
  var message = 0..<0
  /// Keys such as `location`, `offset` and `length`, when the data is in another file.
  var externalData: [String: String] = [:]
  var isExternal = false
}
