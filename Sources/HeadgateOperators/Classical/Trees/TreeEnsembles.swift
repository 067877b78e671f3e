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
      let input = try forests.input(call)
      let (width, team) = (labels.count, call.team)
      return try labels.produced(rows: input.count, width: width, reading: input.tensor, call: call) {
        [rows = input.rows] (classes, output) throws(TensorError) in
        try forests.forEachRow(of: rows, team, aggregate: 1) { row, collected, seen in
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
      let input = try forests.input(call)
      let (rows, team, shape) = (input.rows, call.team, [input.count, targets])
      if keepsType && input.isDouble {
        let output = try call.produce(Double.self, shape, reading: input.tensor) { (output) throws(TensorError) in
          try forests.forEachRow(of: rows, team, aggregate: aggregate) { _, _, _ in
          } double: { row, collected, seen in
            scores.finishTargets(
              collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
          }
        }
        return [.tensor(output)]
      }
      let output = try call.produce(Float.self, shape, reading: input.tensor) { (output) throws(TensorError) in
        try forests.forEachRow(of: rows, team, aggregate: aggregate) { row, collected, seen in
          scores.finishTargets(
            collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
        } double: { row, collected, seen in
          scores.finishTargets(
            collected, seen: seen, UnsafeMutableBufferPointer(rebasing: output[row * targets..<(row + 1) * targets]))
        }
      }
      // Half precision is computed in single and rounded once.
      guard keepsType && input.isHalf else { return [.tensor(output)] }
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

  /// What the trees read, by the precision of the node's input.
  struct Input {
    let tensor: Tensor
    let count: Int
    let isDouble: Bool
    let isHalf: Bool
    let rows: SourceRows
  }

  /// Where the rows `[count, columns]` are that the trees read: the tensor is kept by who reads them.
  enum SourceRows {
    case single(InputPlace, count: Int, columns: Int)
    case double(Forest<Double>, InputPlace, count: Int, columns: Int)
  }

  /// Input 0 of a call: doubles as they are, all other numbers as floats.
  ///
  /// - Throws: `TensorError.shape` when it has fewer features than the trees read.
  func input(_ call: OperatorCall) throws(TensorError) -> Input {
    let given = try Rows(try call.tensor(0))
    let type = given.tensor.elementType
    let forest = type == .double ? try doubleForest() : nil
    let (floats, needed) = (type == .double ? given : try given.floats(call), forest?.columns ?? single.columns)
    guard given.columns >= needed else {
      throw TensorError(
        .shape, "the trees read \(needed) features, the input has \(given.columns) (shape \(given.tensor.shape))")
    }
    let isAsGiven = type == .float || type == .double
    let place = isAsGiven ? try call.place(of: 0) : InputPlace(start: floats.tensor.unsafeBytes.baseAddress)
    let rows: SourceRows =
      if let forest {
        .double(forest, place, count: given.count, columns: given.columns)
      } else {
        .single(place, count: given.count, columns: given.columns)
      }
    return Input(
      tensor: floats.tensor, count: given.count, isDouble: type == .double, isHalf: type == .float16, rows: rows)
  }

  /// Collects the scores of all rows and gives each to one of two closures, by the precision of the input.
  func forEachRow(
    of rows: SourceRows, _ team: ThreadTeam, aggregate: Int, _ finish: Finish<Float>,
    double finishDouble: Finish<Double>
  ) throws(TensorError) {
    switch rows {
    case .single(let place, let count, let columns):
      Self.run(single, place, count, columns, aggregate, team, finish)
    case .double(let forest, let place, let count, let columns):
      Self.run(forest, place, count, columns, aggregate, team, finishDouble)
    }
  }

  private func doubleForest() throws(TensorError) -> Forest<Double> {
    if let forest = double.withLock({ $0 }) { return forest }
    let forest = try Forest<Double>(try describe())
    double.withLock { $0 = forest }
    return forest
  }

  private static func run<Scalar: TreeScalar>(
    _ forest: Forest<Scalar>, _ place: InputPlace, _ rowCount: Int, _ columns: Int, _ aggregate: Int,
    _ team: ThreadTeam, _ finish: Finish<Scalar>
  ) {
    guard let aggregate = Forest<Scalar>.Aggregate(rawValue: aggregate), rowCount > 0,
      let first = place.start?.assumingMemoryBound(to: Scalar.self)
    else { return }
    let width = forest.targetCount
    let block = min(rowCount, forest.blockRows)
    team.split(rowCount, each: forest.rowTime, granule: block) { rows, _ in
      TemporaryMemory.with(Scalar.self, count: block * width) { scores in
        TemporaryMemory.with(Bool.self, count: block * width) { seen in
          guard let scoreBase = scores.baseAddress, let seenBase = seen.baseAddress else { return }
          for start in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
            let count = min(block, rows.upperBound - start)
            scores.initialize(repeating: 0)
            seen.initialize(repeating: false)
            forest.collect(
              first + start * columns, count: count, stride: columns, aggregate: aggregate,
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
