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
  /// Tells functions of one name apart.
  var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  /// The attributes that a call may leave out, with what they are then.
  var defaults: [ONNXAttribute] = []
  var nodes: [ONNXNode] = []
  var opsets: [String: Int] = [:]
}

struct ONNXGraph {
  var name = ""
  var nodes: [ONNXNode] = []
  var initializers: [ONNXTensor] = []
  var sparseInitializers: [ONNXSparseTensor] = []
  var inputs: [ONNXValueInfo] = []
  var outputs: [ONNXValueInfo] = []
}

struct ONNXNode {
  var name = ""
  var operatorName = ""
  var domain = ""
  /// Which of several functions of one name the node calls.
  var overload = ""
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
    case sparseTensor(ONNXSparseTensor)
    case sparseTensors([ONNXSparseTensor])
    /// A type or a list of types. No operator computes with them, so they are not kept.
    case type
    /// A kind that no operator here reads: its name, or its number in `AttributeProto.AttributeType`.
    case other(String)
  }

  var name = ""
  var value = Value.other("0")
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
  /// A kind of value that is not read, in words.
  case other(String)
}

/// A `SparseTensorProto`: the elements that are not zero, and where they stand.
struct ONNXSparseTensor {
  /// The elements in one dimension; their name is that of the whole.
  var values = ONNXTensor()
  /// For each element its place in row-major order `[elements]`, or its coordinates `[elements, rank]`.
  var indices = ONNXTensor()
  var dimensions: [Int] = []
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
