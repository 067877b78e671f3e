import HeadgateOperators
import HeadgateTensors

/// A model that is loaded, checked and ready to run.
///
/// Immutable and thread-safe: any number of runs may go on at once, and all share one copy of the weights.
///
/// ```swift
/// let model = try Model(path: "model.onnx")
/// let features = try Tensor(shape: [1, 4], floats: [5.1, 3.5, 1.4, 0.2])
/// let outputs = try model.run(["features": features])
/// ```
///
/// Besides ONNX it reads the own files of XGBoost (JSON and UBJSON) and LightGBM (text). Such a model has one input,
/// `features` `[rows, features]`, floats for XGBoost and doubles for LightGBM as each computes; NaN is a missing value,
/// and a category is given as its number. Numbers of other types are converted, and a model whose file names its
/// categories takes texts as well. A classifier gives `label` (int64, the index of the class) and `probabilities`
/// `[rows, classes]`, with two columns for two classes; one of raw margins `label` and `score`; all others
/// `prediction` `[rows, targets]`. All trees count, also those after a `best_iteration`, as in `Booster.predict`.
/// `ModelMetadata.featureNames` says which column is which.
public struct Model: Sendable {
  /// The inputs that a run must be given, in the model's order.
  public let inputs: [ValueInfo]
  /// The outputs that a run gives, in the model's order.
  public let outputs: [ValueInfo]
  /// What the file says of itself.
  public let metadata: ModelMetadata

  private let plan: Plan
  private let recorded: RecordedRuns
  /// What the plan is of, when it is no graph.
  private let trees: TreeModel?
  private let defaults: [Value?]
  private let options: ModelOptions

  /// Maps and loads a model file: ONNX, XGBoost's JSON or UBJSON, LightGBM's text. Its content says which.
  ///
  /// - Throws: `ModelFileError`; its code tells an unreadable file from a damaged, an unsupported or a senseless one.
  public init(path: String, options: ModelOptions = ModelOptions()) throws(ModelFileError) {
    try self.init(bytes: ModelBytes(path: path), options: options)
  }

  /// Loads a model from bytes that the caller may have hashed or scanned before.
  public init(bytes: ModelBytes, options: ModelOptions = ModelOptions()) throws(ModelFileError) {
    let format = try bytes.withUnsafeBytes { (bytes) throws(ModelFileError) in try ModelFormat(bytes) }
    guard format != .onnx else {
      try self.init(onnx: bytes, options)
      return
    }
    guard options.precision == .float32 else { throw Model.withoutUse(of: options.precision) }
    let team = ThreadPool.shared.begin(limit: options.maxLoadingThreads)
    defer { ThreadPool.shared.end() }
    let trees = try TreeModel.read(bytes, format: format, givesRawScores: options.givesRawScores, team: team)
    self.init(trees, options)
  }

  private init(_ trees: TreeModel, _ options: ModelOptions) {
    inputs = trees.inputs
    outputs = trees.outputs
    metadata = trees.metadata
    self.trees = trees
    plan = trees.plan
    recorded = RecordedRuns(limit: options.maxRunBytes)
    defaults = [nil]
    self.options = options
  }

  private init(onnx bytes: ModelBytes, _ options: ModelOptions) throws(ModelFileError) {
    let file = try ONNXModel(decoding: bytes)
    guard let graph = file.graph else { throw ModelFileError(.malformed, "the file holds no graph") }
    if let unsupported = ModelInspection(file).unsupported { throw unsupported }
    // Before version 4 of the format every weight had to be listed among the inputs.
    let isOldFormat = file.irVersion < 4
    let (plan, scope) = try Model.plan(of: file, graph, bytes, options, openExtent: nil)
    let weights = isOldFormat ? Set(graph.weightNames) : []
    var inputs: [ValueInfo] = []
    for input in graph.inputs where !weights.contains(input.name) { inputs.append(try ValueInfo(input)) }
    var outputs: [ValueInfo] = []
    for output in graph.outputs { outputs.append(try ValueInfo(output)) }
    self.inputs = inputs
    self.outputs = outputs
    self.trees = nil
    self.plan = plan
    self.recorded = RecordedRuns(limit: options.maxRunBytes)
    self.defaults = plan.inputSlots.map { scope.defaults[$0] }
    self.options = options
    self.metadata = ModelMetadata(file)
  }

  /// Checks a graph and makes its plan.
  static func plan(
    of file: ONNXModel, _ graph: ONNXGraph, _ bytes: ModelBytes, _ options: ModelOptions, openExtent: Int?
  ) throws(ModelFileError) -> (Plan, PlanScope) {
    let context = PlanContext(
      file: bytes, external: ExternalData(modelPath: bytes.path, isAllowed: options.allowsExternalData),
      registry: .standard, functions: try FunctionTable(file), maxBytes: options.maxRunBytes, openExtent: openExtent,
      precision: options.precision)
    let (plan, scope) = try PlanBuilder(context, opsets: file.opsets)
      .build(graph, outer: nil, constantInputs: file.irVersion < 4)
    if openExtent == nil {
      guard options.precision == .float32 || context.weights.hasRounded else {
        throw withoutUse(of: options.precision)
      }
      try context.finishWeights()
    }
    return (plan, scope)
  }

  private static func withoutUse(of precision: Precision) -> ModelFileError {
    ModelFileError(
      .unsupported,
      "the model has no float32 weights that a MatMul, Gemm, Conv, RNN, GRU or LSTM multiplies with, so that precision "
        + "\(precision.rawValue) would change nothing; leave the precision out")
  }

  /// Runs the model on tensors.
  ///
  /// - Parameters:
  ///   - inputs: a tensor for each of `self.inputs`, by name.
  ///   - outputs: the names of the outputs to give; all when nil.
  /// - Throws: `RunError.invalidInput` naming the input and both shapes, `unknownOutput`, `memoryLimit`
  ///   when `ModelOptions.maxRunBytes` is too small, `nodeFailed` when the values do not suit a node.
  public func run(_ inputs: [String: Tensor], outputs: [String]? = nil) throws(RunError) -> [String: Value] {
    try run(values: inputs.mapValues { .tensor($0) }, outputs: outputs)
  }

  /// Runs the model on values of any kind. An optional input may be left out; an optional output without a
  /// value is given as `Value.absent`.
  public func run(values: [String: Value], outputs: [String]? = nil) throws(RunError) -> [String: Value] {
    try run(values: values, outputs: outputs, observer: nil)
  }

  /// Runs the model on a tensor for each of `self.inputs`, and puts a value for each of `self.outputs` into `outputs`, both
  /// in the model's order.
  ///
  /// For callers that run it again and again. Runs on inputs of the same types and shapes repeat each other: from the third
  /// on such a run allocates no memory, but for a closure of each step that threads share, if the caller hands in what the
  /// last one gave and holds none of it any more. Inputs are copied, and so are outputs, whose memory is used for the next
  /// ones as soon as nobody has them.
  ///
  /// - Throws: as `run(_:outputs:)`; `outputs` is empty then.
  public func run(_ inputs: [Tensor], into outputs: inout [Value]) throws(RunError) {
    outputs.removeAll(keepingCapacity: true)
    guard inputs.count == self.inputs.count else {
      throw RunError(
        .invalidInput, "\(inputs.count) inputs are given, and the model has \(Model.list(self.inputs))")
    }
    do throws(RunError) {
      if inputs.indices.allSatisfy({ self.inputs[$0].admits(inputs[$0]) }) {
        return try run(inputs, observer: nil, into: &outputs)
      }
      var arranged: [Value?] = []
      for index in inputs.indices {
        let value = try adapted(.tensor(inputs[index]))
        try self.inputs[index].check(value)
        arranged.append(value)
      }
      try run(arranged, observer: nil, into: &outputs)
    } catch {
      outputs.removeAll(keepingCapacity: true)
      throw error
    }
  }

  /// - Parameter observer: is told of each node.
  func run(
    values: [String: Value], outputs: [String]? = nil, observer: RunObserver?
  ) throws(RunError) -> [String: Value] {
    for name in outputs ?? [] where !self.outputs.contains(where: { $0.name == name }) {
      throw RunError(.unknownOutput, "the model has no output '\(name)'; it has \(Model.list(self.outputs))")
    }
    var results: [Value] = []
    results.reserveCapacity(self.outputs.count)
    try run(try arrange(values, adapted), observer: observer, into: &results)
    var answer = [String: Value](minimumCapacity: results.count)
    for index in self.outputs.indices where outputs?.contains(self.outputs[index].name) ?? true {
      answer[self.outputs[index].name] = results[index]
    }
    return answer
  }

  /// Runs the model on inputs that are checked, and adds the outputs.
  private func run(_ inputs: [Value?], observer: RunObserver?, into outputs: inout [Value]) throws(RunError) {
    let tensors = inputs.compactMap { $0?.tensor }
    if tensors.count == inputs.count { return try run(tensors, observer: observer, into: &outputs) }
    let team = ThreadPool.shared.begin(limit: options.maxThreads)
    defer { ThreadPool.shared.end() }
    try runPlainly(inputs, team, observer, into: &outputs)
  }

  /// Runs the model on tensors that are checked, one for each input, and adds the outputs.
  private func run(_ inputs: [Tensor], observer: RunObserver?, into outputs: inout [Value]) throws(RunError) {
    let team = ThreadPool.shared.begin(limit: options.maxThreads)
    defer { ThreadPool.shared.end() }
    if try recorded.run(plan, on: inputs, team: team, observer: observer, into: &outputs) { return }
    outputs.removeAll(keepingCapacity: true)
    try runPlainly(inputs.map { .tensor($0) }, team, observer, into: &outputs)
  }

  private func runPlainly(
    _ inputs: [Value?], _ team: ThreadTeam, _ observer: RunObserver?, into outputs: inout [Value]
  ) throws(RunError) {
    let budget = MemoryBudget(limit: options.maxRunBytes, team: team)
    let results = try plan.run(inputs, captured: [], budget: budget, observer: observer)
    for index in results.indices {
      guard results[index] != nil || self.outputs[index].kind == .optional else {
        let info = self.outputs[index]
        throw RunError(.nodeFailed, "output '\(info.name)' (\(info.summary)) has no value")
      }
      outputs.append(results[index] ?? .absent)
    }
  }

  /// A caller's value in a type that the model computes in, where it converts any.
  private func adapted(_ value: Value) throws(RunError) -> Value {
    guard let trees else { return value }
    return try trees.converted(value, budget: MemoryBudget(limit: options.maxRunBytes))
  }

  /// Whether a run may leave an input out because the model has a value for it.
  func hasDefault(_ index: Int) -> Bool { defaults[index] != nil }

  /// The caller's values in the order of the inputs, each converted and then checked.
  private func arrange(
    _ values: [String: Value], _ convert: (Value) throws(RunError) -> Value = { $0 }
  ) throws(RunError) -> [Value?] {
    var arranged: [Value?] = []
    arranged.reserveCapacity(inputs.count)
    var taken = 0
    // By index, as a copy of an input's description counts references to all its parts.
    for index in inputs.indices {
      if let value = values[inputs[index].name] {
        let converted = try convert(value)
        try inputs[index].check(converted)
        arranged.append(converted.present)
        taken += 1
      } else if let fallback = defaults[index] {
        arranged.append(fallback)
      } else if inputs[index].kind == .optional {
        arranged.append(nil)
      } else {
        throw RunError(.invalidInput, "input '\(inputs[index].name)' (\(inputs[index].summary)) is missing")
      }
    }
    guard taken == values.count else {
      let unknown = values.keys.filter { name in !inputs.contains { $0.name == name } }.sorted()
      throw RunError(
        .invalidInput, "the model has no input '\(unknown.joined(separator: "', '"))'; it has \(Model.list(inputs))")
    }
    return arranged
  }

  private static func list(_ infos: [ValueInfo]) -> String {
    infos.map { "'\($0.name)' (\($0.summary))" }.joined(separator: ", ")
  }
}

/// What a model file says of itself.
public struct ModelMetadata: Sendable, Hashable {
  public let producerName: String
  public let producerVersion: String
  /// The version of the file format.
  public let irVersion: Int
  /// The version of each operator domain; `ai.onnx` is the empty name.
  public let opsets: [String: Int]
  /// Free-form properties.
  public let properties: [String: String]
  /// The names of the features, in the order of the columns of a tree model's only input; empty when the file has none.
  public let featureNames: [String]
  /// By feature the names of its categories; the model takes the place of a name in the list. Empty when the file
  /// has none.
  public let categories: [String: [String]]

  init(
    producerName: String, producerVersion: String, irVersion: Int, opsets: [String: Int],
    properties: [String: String], featureNames: [String] = [], categories: [String: [String]] = [:]
  ) {
    self.producerName = producerName
    self.producerVersion = producerVersion
    self.irVersion = irVersion
    self.opsets = opsets
    self.properties = properties
    self.featureNames = featureNames
    self.categories = categories
  }

  init(_ file: ONNXModel) {
    producerName = file.producerName
    producerVersion = file.producerVersion
    irVersion = Int(file.irVersion)
    opsets = file.opsets
    properties = file.metadata
    featureNames = []
    categories = [:]
  }
}
