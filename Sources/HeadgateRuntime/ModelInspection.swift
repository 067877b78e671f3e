import HeadgateOperators

/// What can be said of a model file without loading it: no weights are read, no kernels prepared.
public struct ModelInspection: Sendable, Hashable {
  /// One operator that a model uses, and whether this version can run it.
  public struct OperatorUse: Sendable, Hashable {
    /// The operator's domain; empty for `ai.onnx`.
    public let domain: String
    public let name: String
    /// The version of the domain that the model imports.
    public let opset: Int
    /// How many nodes use it.
    public let count: Int
    /// The name of the first such node, empty when the file gives none.
    public let firstNode: String
    /// The names of the first of them, as far as the file gives any.
    public let nodes: [String]
    /// The version that gave the operator the meaning it has here; nil when it is not supported.
    public let version: Int?
    public var isSupported: Bool { version != nil }
  }

  /// The constants of a model.
  public struct Weights: Sendable, Hashable {
    public internal(set) var count = 0
    /// Numbers, texts and the like in all of them.
    public internal(set) var elementCount = 0
    /// The bytes that they take in memory; sparse ones, as they are in the file.
    public internal(set) var byteCount = 0
  }

  public let format: ModelFormat
  /// The bytes of the file itself, without external data.
  public let fileByteCount: Int
  /// What the file says of itself.
  public let metadata: ModelMetadata
  /// The inputs that a run must be given, as far as their types are known to this version.
  public let inputs: [ValueInfo]
  public let outputs: [ValueInfo]
  public let weights: Weights

  /// The locations of weights in other files, as the file writes them, sorted.
  public let externalData: [String]
  /// The operators of the model and of the functions in it that are called, sorted by domain and name.
  /// Calls of these functions are not among them.
  public let operators: [OperatorUse]

  /// Reads the structure of a model file.
  ///
  /// - Throws: `ModelFileError.malformed` or `tooLarge` when the file cannot be decoded.
  public static func inspect(_ bytes: ModelBytes) throws(ModelFileError) -> ModelInspection {
    let format = try bytes.withUnsafeBytes { (bytes) throws(ModelFileError) in try ModelFormat(bytes) }
    guard format == .onnx else { return ModelInspection(try Model(bytes: bytes), format, fileByteCount: bytes.count) }
    return ModelInspection(try ONNXModel(decoding: bytes), fileByteCount: bytes.count)
  }

  /// Of a model whose format has neither operators nor other files: it says of itself what there is to say.
  private init(_ model: Model, _ format: ModelFormat, fileByteCount: Int) {
    self.format = format
    self.fileByteCount = fileByteCount
    metadata = model.metadata
    inputs = model.inputs
    outputs = model.outputs
    weights = Weights()
    externalData = []
    operators = []
  }

  init(_ model: ONNXModel, fileByteCount: Int = 0, registry: OperatorRegistry = .standard) {
    let survey = ModelSurvey(model)
    format = .onnx
    self.fileByteCount = fileByteCount
    metadata = ModelMetadata(model)
    let constants = model.irVersion < 4 ? Set(model.graph?.weightNames ?? []) : []
    inputs = model.graph?.inputs.filter { !constants.contains($0.name) }.compactMap { try? ValueInfo($0) } ?? []
    outputs = model.graph?.outputs.compactMap { try? ValueInfo($0) } ?? []
    weights = survey.weights
    externalData = survey.locations.sorted()
    operators = survey.uses.map { key, use in
      let row = registry.definition(domain: key.domain, name: key.name, opset: key.opset)
      return OperatorUse(
        domain: key.domain, name: key.name, opset: key.opset, count: use.count, firstNode: use.firstNode,
        nodes: use.nodes, version: row?.since)
    }.sorted { ($0.domain, $0.name, $0.opset) < ($1.domain, $1.name, $1.opset) }
  }

  /// One error that lists every operator which cannot be run; nil when there is none.
  var unsupported: ModelFileError? {
    let missing = operators.filter { !$0.isSupported }
    guard !missing.isEmpty else { return nil }
    // All of an honest model's; a file made to fill the log is cut short.
    var list = missing.prefix(50).map { use in
      let domain = use.domain.isEmpty ? "ai.onnx" : use.domain
      let node = use.firstNode.isEmpty ? "" : ", first in node '\(use.firstNode)'"
      return "\(use.name) (\(domain), opset \(use.opset), \(use.count) node\(use.count == 1 ? "" : "s")\(node))"
    }
    if missing.count > list.count { list.append("and \(missing.count - list.count) more") }
    return ModelFileError(
      .unsupported,
      "the model needs operators that this version does not have: \(list.joined(separator: "; ")); "
        + "export it with other operators or another opset")
  }
}
