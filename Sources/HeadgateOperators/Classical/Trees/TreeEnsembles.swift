import HeadgateTensors
import Synchronization

/// Trees: forests, boosting and single trees.
enum TreeEnsembles {
  static let table: [OperatorDefinition] = [
    .classical("TreeEnsembleClassifier", since: 1, prepare: classifier),
    .classical("TreeEnsembleRegressor", since: 1, prepare: regressor),
    .classical("TreeEnsemble", since: 5, prepare: treeEnsemble),
  ]

  /// Input `[rows, features]`; outputs the labels `[rows]` and the scores `[rows, classes]`, floats.
  private static func classifier(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let labels = try ClassLabels(attributes, strings: "classlabels_strings", integers: "classlabels_int64s")
    let describe: ForestPair.Describe = { () throws(TensorError) in
      try ForestDescription(ensemble: attributes, leaves: "class", targetCount: labels.count)
    }
    let description = try describe()
    let forests = try ForestPair(description, again: describe)
    let scores = EnsembleScores(
      transform: try PostTransform(attributes), baseValues: try attributes.numbers("base_values"), divisor: 1)
    guard scores.baseValues.count <= max(labels.count, 1) else {
      throw TensorError(
        .invalidValue, "attribute 'base_values' has \(scores.baseValues.count) values for \(labels.count) classes")
    }
    let two = EnsembleScores.TwoClasses(
      hasOneScore: Set(description.weights.map(\.target)).count == 1,
      weightsArePositive: description.weights.allSatisfy { $0.value >= 0 })
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0))
      return try labels.outputs(rows: input.count, width: labels.count, call: call) {
        (classes, output) throws(TensorError) in
        let width = labels.count
        try forests.forEachRow(of: input, call, aggregate: 1) { row, collected, seen in
          classes[row] = Int64(
            scores.finishClasses(
              collected, seen: seen, two, UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width]))
          )
        } double: { row, collected, seen in
          classes[row] = Int64(
            scores.finishClasses(
              collected, seen: seen, two, UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width]))
          )
        }
      }
    }
  }

  /// Input `[rows, features]`, output `[rows, targets]`, floats.
  private static func regressor(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let targets = try attributes.int("n_targets") ?? 1
    let aggregate: Int
    switch try attributes.string("aggregate_function") {
    case "AVERAGE": aggregate = 0
    case nil, "SUM": aggregate = 1
    case "MIN": aggregate = 2
    case "MAX": aggregate = 3
    case .some(let other): throw TensorError(.invalidValue, "attribute 'aggregate_function' is '\(other)'")
    }
    let describe: ForestPair.Describe = { () throws(TensorError) in
      try ForestDescription(ensemble: attributes, leaves: "target", targetCount: targets)
    }
    return try regression(
      try ForestPair(try describe(), again: describe), aggregate: aggregate, try PostTransform(attributes),
      baseValues: try attributes.numbers("base_values"), keepsType: false)
  }

  /// Input `[rows, features]`, output `[rows, targets]` of the input's type.
  private static func treeEnsemble(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let aggregate = try attributes.int("aggregate_function") ?? 1
    guard (0...3).contains(aggregate) else {
      throw TensorError(.invalidValue, "attribute 'aggregate_function' is \(aggregate)")
    }
    guard let transform = PostTransform(rawValue: try attributes.int("post_transform") ?? 0) else {
      throw TensorError(.invalidValue, "attribute 'post_transform' is not one of 0 to 4")
    }
    let describe: ForestPair.Describe = { () throws(TensorError) in try ForestDescription(treeEnsemble: attributes) }
    return try regression(
      try ForestPair(try describe(), again: describe), aggregate: aggregate, transform, baseValues: [],
      keepsType: true)
  }

  private static func regression(
    _ forests: ForestPair, aggregate: Int, _ transform: PostTransform, baseValues: [Double], keepsType: Bool
  ) throws(TensorError) -> Kernel {
    let targets = forests.targetCount
    guard baseValues.isEmpty || baseValues.count == targets else {
      throw TensorError(
        .invalidValue, "attribute 'base_values' has \(baseValues.count) values for \(targets) targets")
    }
    let scores = EnsembleScores(
      transform: transform, baseValues: baseValues, divisor: aggregate == 0 ? forests.treeCount : 1)
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0))
      let shape = [input.count, targets]
      if keepsType && input.tensor.elementType == .double {
        let output = try call.make(Double.self, shape) { (output) throws(TensorError) in
          try forests.forEachRow(of: input, call, aggregate: aggregate) { _, _, _ in
          } double: { row, collected, seen in
            scores.finishTargets(
              collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
          }
        }
        return [.tensor(output)]
      }
      let output = try call.make(Float.self, shape) { (output) throws(TensorError) in
        try forests.forEachRow(of: input, call, aggregate: aggregate) { row, collected, seen in
          scores.finishTargets(
            collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
        } double: { row, collected, seen in
          scores.finishTargets(
            collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
        }
      }
      // Half precision is computed in single and rounded once.
      guard keepsType && input.tensor.elementType == .float16 else { return [.tensor(output)] }
      return [.tensor(try Casting.convert(output, to: .float16, call))]
    }
  }
}

/// The same trees in single precision and, from the first input of doubles on, in double precision.
final class ForestPair: Sendable {
  typealias Describe = @Sendable () throws(TensorError) -> ForestDescription
  /// Takes the row's index, its collected scores, and which of them a tree gave. Different rows may be given at the
  /// same time.
  typealias Finish<Scalar> = (Int, UnsafeMutableBufferPointer<Scalar>, UnsafeBufferPointer<Bool>) -> Void

  private let single: Forest<Float>
  private let double = Mutex<Forest<Double>?>(nil)
  private let describe: Describe
  let targetCount: Int
  var treeCount: Int { single.treeCount }

  init(_ description: ForestDescription, again describe: @escaping Describe) throws(TensorError) {
    single = try Forest<Float>(description)
    targetCount = description.targetCount
    self.describe = describe
  }

  /// Collects the scores of all rows and gives each to one of two closures, by the precision of the input.
  func forEachRow(
    of input: Rows, _ call: OperatorCall, aggregate: Int, _ finish: Finish<Float>,
    double finishDouble: Finish<Double>
  ) throws(TensorError) {
    if input.tensor.elementType == .double {
      try Self.run(try doubleForest(), input, aggregate, call.team, finishDouble)
    } else {
      try Self.run(single, try input.floats(call), aggregate, call.team, finish)
    }
  }

  private func doubleForest() throws(TensorError) -> Forest<Double> {
    if let forest = double.withLock({ $0 }) { return forest }
    let forest = try Forest<Double>(try describe())
    double.withLock { $0 = forest }
    return forest
  }

  private static func run<Scalar: TreeScalar>(
    _ forest: Forest<Scalar>, _ input: Rows, _ aggregate: Int, _ team: ThreadTeam, _ finish: Finish<Scalar>
  ) throws(TensorError) {
    guard input.columns >= forest.columns else {
      throw TensorError(
        .shape,
        "the trees read \(forest.columns) features, the input has \(input.columns) (shape \(input.tensor.shape))")
    }
    let elements = try input.tensor.elements(Scalar.self)
    guard let aggregate = Forest<Scalar>.Aggregate(rawValue: aggregate), let first = elements.baseAddress,
      input.count > 0
    else { return }
    let width = forest.targetCount
    let block = min(input.count, forest.blockRows)
    team.split(input.count, each: forest.rowTime, granule: block) { rows, _ in
      withUnsafeTemporaryAllocation(of: Scalar.self, capacity: block * width) { scores in
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: block * width) { seen in
          guard let scoreBase = scores.baseAddress, let seenBase = seen.baseAddress else { return }
          for start in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
            let count = min(block, rows.upperBound - start)
            scores.initialize(repeating: 0)
            seen.initialize(repeating: false)
            forest.collect(
              first + start * input.columns, count: count, stride: input.columns, aggregate: aggregate,
              scores: scoreBase, seen: seenBase)
            for row in 0..<count {
              finish(
                start + row, UnsafeMutableBufferPointer(start: scoreBase + row * width, count: width),
                UnsafeBufferPointer(start: seenBase + row * width, count: width))
            }
          }
        }
      }
    }
  }
}
