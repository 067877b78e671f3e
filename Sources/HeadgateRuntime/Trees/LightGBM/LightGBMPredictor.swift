import HeadgateOperators
import HeadgateTensors

/// Predicts as LightGBM's `Booster.predict` does: all trees, in double precision, in the order of the file.
struct LightGBMPredictor: TreePredictor {
  let featureCount: Int
  let scoreCount: Int
  let answer: TreeAnswer<Double>
  private let forest: Forest<Double>?
  private let treeCount: Int
  /// The functions in the leaves, when there are any; the leaves of the forest then hold their indices.
  private let functions: LinearLeaves?
  let divisor: Double

  var rowTime: Double {
    // Linear functions in the leaves take rows one by one.
    functions == nil ? forest?.rowTime ?? 0 : Double(treeCount) * 20
  }

  /// - Parameter team: The threads that read trees.
  init(_ file: LightGBMFile, team: ThreadTeam) throws(ModelFileError) {
    featureCount = file.featureCount
    scoreCount = file.scoreCount
    answer = try Self.answer(file)
    treeCount = file.treeCount
    divisor = file.isAverage ? Double(max(file.treeCount / file.scoreCount, 1)) : 1
    guard treeCount > 0 else {
      forest = nil
      functions = nil
      return
    }
    do {
      do {
        forest = try Self.forest(file, team) { tree, description, target in
          guard !tree.isLinear else { throw LinearLeaves.Found() }
          try tree.append(to: &description, target: target, firstFunction: nil)
        }
        functions = nil
      } catch is LinearLeaves.Found {
        var functions = LinearLeaves()
        // One tree after the other, as the functions are numbered through.
        forest = try Self.forest(file, .alone) { tree, description, target in
          // Trees are read twice when bins do not suit them.
          if tree.number == 0 { functions.removeAll() }
          let first = functions.count
          functions.append(tree)
          try tree.append(to: &description, target: target, firstFunction: first)
        }
        self.functions = functions
      }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(
        error is ForestDescription.TooManyNodes ? .tooLarge : .invalidGraph, "LightGBM model: \(error)")
    }
  }

  /// What reading and compiling a byte of a tree takes, in nanoseconds.
  private static let byteTime = 4.0

  /// Reads the trees and compiles them.
  ///
  /// - Parameter append: Appends a tree with its target; for other trees at the same time when the team has threads.
  private static func forest(
    _ file: LightGBMFile, _ team: ThreadTeam,
    _ append: (LightGBMTree, inout ForestDescription, Int) throws -> Void
  ) throws -> Forest<Double> {
    try Forest<Double>(
      targetCount: file.scoreCount, treeCount: file.treeCount, team: team,
      taking: Double(file.treeByteCount) * byteTime
    ) { trees, description, ended in
      var nodeCount = 0
      try file.forEachTree(in: trees) { index, tree in
        nodeCount += tree.nodeCount
        guard nodeCount <= ForestDescription.maxNodeCount else { throw ForestDescription.TooManyNodes() }
        try append(tree, &description, index % file.scoreCount)
        try ended(&description)
      }
    }
  }

  private static func answer(_ file: LightGBMFile) throws(ModelFileError) -> TreeAnswer<Double> {
    let parts = file.objective.split(separator: " ")
    func parameter(_ name: String) -> Double? {
      parts.first { $0.hasPrefix(name + ":") }.flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
    }
    let factor = parameter("sigmoid") ?? 1
    let name = parts.first.map(String.init) ?? ""
    switch name {
    case "binary" where file.scoreCount == 1: return .binary(.sigmoid(factor))
    case "multiclass", "softmax": return .classes(.softmax, byMargin: false)
    case "multiclassova", "multiclass_ova", "ova", "ovr": return .classes(.sigmoid(factor), byMargin: false)
    case "cross_entropy", "xentropy": return .prediction(.sigmoid(1))
    case "cross_entropy_lambda", "xentlambda": return .prediction(.softplus)
    case "poisson", "gamma", "tweedie": return .prediction(.exponential)
    case "regression", "regression_l2", "regression_l1", "huber", "fair", "quantile", "mape", "l1", "l2":
      return .prediction(parts.contains("sqrt") ? .signedSquare : .identity)
    case "lambdarank", "rank_xendcg", "xendcg", "custom", "none", "": return .prediction(.identity)
    default:
      throw ModelFileError(
        .unsupported,
        "LightGBM model: objective '\(file.objective.prefix(60))' with \(file.scoreCount) scores is not known to this "
          + "version; what its raw scores mean cannot be told")
    }
  }

  func score(_ rows: UnsafeBufferPointer<Double>, count: Int, into scores: UnsafeMutableBufferPointer<Double>) {
    scores.initialize(repeating: 0)
    guard let forest, let first = rows.baseAddress, let score = scores.baseAddress, count > 0 else { return }
    if rows.contains(where: Self.isSmallest) {
      // The library takes such numbers for the zeros of a sparse row.
      TemporaryMemory.with(Double.self, count: featureCount) { copy in
        for row in 0..<count {
          for feature in 0..<featureCount {
            let value = rows[row * featureCount + feature]
            copy[feature] = Self.isSmallest(value) ? 0 : value
          }
          if let start = copy.baseAddress { add(forest, start, count: 1, score + row * scoreCount) }
        }
      }
    } else {
      add(forest, first, count: count, score)
    }
  }

  private static func isSmallest(_ value: Double) -> Bool {
    value != 0 && value.magnitude <= Double(Float(1e-35))
  }

  private func add(
    _ forest: Forest<Double>, _ rows: UnsafePointer<Double>, count: Int, _ scores: UnsafeMutablePointer<Double>
  ) {
    guard let functions else { return forest.add(rows, count: count, stride: featureCount, to: scores) }
    TemporaryMemory.with(Double.self, count: treeCount) { leaves in
      for row in 0..<count {
        let features = rows + row * featureCount
        forest.leaves(of: features, into: leaves)
        for tree in 0..<treeCount {
          scores[row * scoreCount + tree % scoreCount] += functions.value(of: Int(leaves[tree]), features)
        }
      }
    }
  }
}

/// The linear functions in the leaves of all trees; constant ones in trees that have none.
struct LinearLeaves: Sendable {
  /// A tree has functions in its leaves.
  struct Found: Error {}

  private var constants: [Double] = []
  /// What a leaf gives where a feature of its function is missing.
  private var fallbacks: [Double] = []
  /// The terms of leaf `i` are at `starts[i]..<starts[i + 1]`.
  private var starts: [Int] = [0]
  private var features: [Int32] = []
  private var coefficients: [Double] = []

  var count: Int { constants.count }

  mutating func removeAll() {
    self = LinearLeaves()
  }

  mutating func append(_ tree: LightGBMTree) {
    fallbacks += tree.values
    constants += tree.isLinear ? tree.constants : tree.values
    features += tree.isLinear ? tree.termFeatures : []
    coefficients += tree.isLinear ? tree.coefficients : []
    for leaf in tree.values.indices {
      starts.append(starts[starts.count - 1] + (tree.isLinear ? Int(tree.termCounts[leaf]) : 0))
    }
  }

  /// The value of a leaf for a row; its features were checked to be the row's.
  func value(of leaf: Int, _ row: UnsafePointer<Double>) -> Double {
    var sum = constants[leaf]
    for term in starts[leaf]..<starts[leaf + 1] {
      let value = row[Int(features[term])]
      if value.isNaN { return fallbacks[leaf] }
      sum += coefficients[term] * value
    }
    return sum
  }
}
