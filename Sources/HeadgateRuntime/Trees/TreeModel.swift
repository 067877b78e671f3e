import HeadgateOperators
import HeadgateTensors

/// A model of a boosting library, read from the library's own file and run as the library runs it.
///
/// It has one input, `features` `[rows, features]`, with NaN for what is missing and for a category its number: floats
/// for XGBoost, doubles for LightGBM, as each computes; numbers of other types are converted as the libraries convert
/// them. A model whose file names its categories (XGBoost since 3.1) also takes texts. For the outputs see
/// `TreeAnswer`. The names of the features are in `ModelMetadata.featureNames`.
///
/// A class, for a run would otherwise count references to all that it holds.
final class TreeModel: Sendable {
  let inputs: [ValueInfo]
  let outputs: [ValueInfo]
  let metadata: ModelMetadata
  private let texts: FeatureTexts
  private let elementType: ElementType
  /// One step, for the features are read by one kernel.
  let plan: Plan

  /// The name of the only input.
  static let inputName = "features"

  /// - Parameter team: The threads that read trees.
  /// - Throws: `ModelFileError` with the place of what is damaged, or the name of what is not supported.
  static func read(
    _ bytes: ModelBytes, format: ModelFormat, givesRawScores: Bool, team: ThreadTeam
  ) throws(ModelFileError) -> TreeModel {
    try bytes.withUnsafeBytes { (bytes) throws(ModelFileError) in
      let subject = "XGBoost model"
      switch format {
      case .lightGBM:
        let file = try LightGBMFile(bytes)
        return try TreeModel(LightGBMPredictor(file, team: team), ModelMetadata(file), FeatureTexts([]), givesRawScores)
      case .xgboostUBJSON:
        var reader = UBJSONReader(bytes, subject: subject)
        return try TreeModel(XGBoostFile(reading: &reader), givesRawScores, team)
      case .xgboostJSON, .onnx:
        var reader = JSONReader(bytes, subject: subject)
        return try TreeModel(XGBoostFile(reading: &reader), givesRawScores, team)
      }
    }
  }

  private convenience init(
    _ file: XGBoostFile<some DocumentReader>, _ givesRawScores: Bool, _ team: ThreadTeam
  ) throws(ModelFileError) {
    try self.init(
      XGBoostPredictor(file, team: team), ModelMetadata(file), FeatureTexts(file.categories), givesRawScores)
  }

  private init<Predictor: TreePredictor>(
    _ predictor: Predictor, _ metadata: ModelMetadata, _ texts: FeatureTexts, _ givesRawScores: Bool
  ) throws(ModelFileError) {
    let elementType = Predictor.Scalar.elementType
    self.elementType = elementType
    guard predictor.featureCount > 0 else { throw ModelFileError(.invalidGraph, "the model has no features") }
    guard metadata.featureNames.isEmpty || metadata.featureNames.count == predictor.featureCount else {
      throw ModelFileError(
        .invalidGraph, "the file names \(metadata.featureNames.count) features and has \(predictor.featureCount)")
    }
    inputs = [
      ValueInfo(name: Self.inputName, kind: .tensor, elementType: elementType, shape: [nil, predictor.featureCount])
    ]
    var outputs = predictor.answer.outputs(scoreCount: predictor.scoreCount)
    let addsScore = givesRawScores && !outputs.contains { $0.name == "score" }
    if addsScore {
      outputs.append(
        ValueInfo(name: "score", kind: .tensor, elementType: elementType, shape: [nil, predictor.scoreCount]))
    }
    self.outputs = outputs
    self.metadata = metadata
    self.texts = texts
    plan = Plan(calling: Self.node(outputCount: outputs.count)) { (call) throws(TensorError) in
      try Self.predict(by: predictor, addsScore: addsScore, call)
    }
  }

  private static func node(outputCount: Int) -> OperatorNode {
    OperatorNode(
      name: "", operatorName: "Trees", domain: "ai.headgate", opset: 1, attributes: Attributes([]), constants: [],
      usedOutputs: [Bool](repeating: true, count: outputCount))
  }

  /// Features `[rows, features]` to the outputs.
  private static func predict<Predictor: TreePredictor>(
    by predictor: Predictor, addsScore: Bool, _ call: OperatorCall
  ) throws(TensorError) -> [Value] {
    typealias Scalar = Predictor.Scalar
    let features = try call.tensor(0)
    let (rows, width, team) = (features.shape[0], predictor.scoreCount, call.team)
    let place = try call.place(of: 0)
    var scores = try call.produce(Scalar.self, [rows, width], reading: features) { scores in
      guard let start = place.start?.assumingMemoryBound(to: Scalar.self) else { return }
      let features = UnsafeBufferPointer(start: start, count: rows * predictor.featureCount)
      score(features, rows, by: predictor, into: scores, team)
    }
    let added = addsScore ? scores : nil
    if predictor.divisor != 1 {
      let sums = try scores.elements(Scalar.self)
      scores = try call.produce(Scalar.self, [rows, width], reading: scores) { means in
        for index in sums.indices { means[index] = sums[index] / predictor.divisor }
      }
    }
    let values = try predictor.answer.values(of: scores, call)
    return added.map { values + [.tensor($0)] } ?? values
  }

  /// The rows that kernels of trees take at once: threads share whole blocks of them.
  private static let blockRows = 256

  private static func score<Predictor: TreePredictor>(
    _ features: UnsafeBufferPointer<Predictor.Scalar>, _ rows: Int, by predictor: Predictor,
    into scores: UnsafeMutableBufferPointer<Predictor.Scalar>, _ team: ThreadTeam
  ) {
    let (columns, width) = (predictor.featureCount, predictor.scoreCount)
    team.split(rows, each: predictor.rowTime, granule: blockRows) { range, _ in
      predictor.score(
        UnsafeBufferPointer(rebasing: features[range.lowerBound * columns..<range.upperBound * columns]),
        count: range.count,
        into: UnsafeMutableBufferPointer(rebasing: scores[range.lowerBound * width..<range.upperBound * width]))
    }
  }

  /// The caller's features in the type that the model computes in, as far as they can be converted.
  func converted(_ value: Value, budget: MemoryBudget) throws(RunError) -> Value {
    guard case .tensor(let tensor) = value, tensor.elementType != elementType else { return value }
    do {
      if tensor.elementType == .string {
        return texts.isEmpty ? value : .tensor(try texts.numbers(tensor, budget: budget))
      }
      let converted =
        elementType == .float
        ? try tensor.converted(to: Float.self, budget: budget) : try tensor.converted(to: Double.self, budget: budget)
      return converted.map { .tensor($0) } ?? value
    } catch {
      throw RunError(
        error.code == .memoryLimit ? .memoryLimit : .invalidInput, "input '\(Self.inputName)': \(error)", cause: error)
    }
  }
}

/// Gives the raw scores of rows.
protocol TreePredictor: Sendable {
  associatedtype Scalar: AnswerScalar

  /// The features of a row.
  var featureCount: Int { get }
  /// The scores of a row.
  var scoreCount: Int { get }
  var answer: TreeAnswer<Scalar> { get }
  /// What raw scores are divided by before they become an answer.
  var divisor: Scalar { get }
  /// About how long a row of many takes, in nanoseconds.
  var rowTime: Double { get }

  /// Writes the scores `[count, scoreCount]` of rows `[count, featureCount]`.
  func score(_ rows: UnsafeBufferPointer<Scalar>, count: Int, into scores: UnsafeMutableBufferPointer<Scalar>)
}

extension Tensor {
  /// The numbers in another type; nil when the tensor holds no plain numbers.
  fileprivate func converted<Target: BinaryFloatingPoint & TensorElement>(
    to type: Target.Type, budget: MemoryBudget
  ) throws(TensorError) -> Tensor? {
    switch elementType {
    case .float: try map(Float.self, budget) { Target($0) }
    case .double: try map(Double.self, budget) { Target($0) }
    case .int64: try map(Int64.self, budget) { Target($0) }
    case .int32: try map(Int32.self, budget) { Target($0) }
    case .float16: try map(Float16.self, budget) { Target($0) }
    case .bool: try map(Bool.self, budget) { $0 ? 1 : 0 }
    default: nil
    }
  }

  private func map<Source: TensorElement, Target: TensorElement>(
    _ source: Source.Type, _ budget: MemoryBudget, _ transform: (Source) -> Target
  ) throws(TensorError) -> Tensor {
    let elements = try elements(source)
    defer { withExtendedLifetime(self) {} }
    return try Tensor(shape: shape, of: Target.self, budget: budget) { output in
      for index in elements.indices { output[index] = transform(elements[index]) }
    }
  }
}

extension ModelMetadata {
  init(_ file: XGBoostFile<some DocumentReader>) {
    var categories: [String: [String]] = [:]
    for (feature, names) in file.categories.enumerated() where !names.isEmpty {
      categories[feature < file.featureNames.count ? file.featureNames[feature] : String(feature)] = names
    }
    var properties = file.attributes
    properties["objective"] = file.objective
    properties["booster"] = file.booster
    self.init(
      producerName: "XGBoost", producerVersion: file.version.map(String.init).joined(separator: "."), irVersion: 0,
      opsets: [:], properties: properties, featureNames: file.featureNames, categories: categories)
  }

  init(_ file: LightGBMFile) {
    self.init(
      producerName: "LightGBM", producerVersion: file.version, irVersion: Int(file.version.drop { $0 == "v" }) ?? 0,
      opsets: [:], properties: ["objective": file.objective], featureNames: file.featureNames, categories: [:])
  }
}
