import HeadgateOperators

/// One tree as LightGBM's text has it: lists over its tests and over its leaves.
///
/// A child that is not negative is a test, another one the leaf `-child - 1`.
struct LightGBMTree: Sendable {
  /// Where the file describes it.
  private let offset: Int
  private var leafCount = 0
  private var features: [Int32] = []
  private var thresholds: [Double] = []
  /// Bit 0: of categories; bit 1: missing goes left; bits 2 and 3: what is missing.
  private var decisions: [Int32] = []
  private var left: [Int32] = []
  private var right: [Int32] = []
  private var categoryStarts: [Int32] = []
  private var categoryWords: [UInt32] = []
  private(set) var values: [Double] = []
  /// Whether leaves hold linear functions of features.
  private(set) var isLinear = false
  private(set) var constants: [Double] = []
  private(set) var termCounts: [Int32] = []
  private(set) var termFeatures: [Int32] = []
  private(set) var coefficients: [Double] = []

  /// Reads the lines up to an empty one.
  init(_ text: inout LightGBMText, featureCount: Int) throws(ModelFileError) {
    offset = text.position
    while let line = text.next(), !line.key.isEmpty {
      switch line.key {
      case "num_leaves": leafCount = try text.number(line)
      case "split_feature": features = try text.numbers(line, Int32.self)
      case "threshold": thresholds = try text.numbers(line, Double.self)
      case "decision_type": decisions = try text.numbers(line, Int32.self)
      case "left_child": left = try text.numbers(line, Int32.self)
      case "right_child": right = try text.numbers(line, Int32.self)
      case "leaf_value": values = try text.numbers(line, Double.self)
      case "cat_boundaries": categoryStarts = try text.numbers(line, Int32.self)
      case "cat_threshold": categoryWords = try text.numbers(line, UInt32.self)
      case "is_linear": isLinear = try text.number(line) != 0
      case "leaf_const": constants = try text.numbers(line, Double.self)
      case "num_features": termCounts = try text.numbers(line, Int32.self)
      case "leaf_features": termFeatures = try text.numbers(line, Int32.self)
      case "leaf_coeff": coefficients = try text.numbers(line, Double.self)
      default: break
      }
    }
    try check(featureCount)
  }

  /// The number of tests and leaves.
  var nodeCount: Int { leafCount - 1 + leafCount }

  private func invalid(_ what: String) -> ModelFileError {
    ModelFileError(.invalidGraph, "LightGBM model: a tree \(what)", byteOffset: offset)
  }

  private mutating func check(_ featureCount: Int) throws(ModelFileError) {
    guard leafCount > 0 else { throw invalid("has no leaves") }
    // A single leaf has no tests, and what is written for them means nothing.
    let testCount = leafCount - 1
    if testCount == 0 { (features, thresholds, decisions, left, right) = ([], [], [], [], []) }
    if decisions.isEmpty { decisions = [Int32](repeating: 0, count: features.count) }
    let lists = [
      ("split_feature", features.count, testCount), ("threshold", thresholds.count, testCount),
      ("decision_type", decisions.count, testCount), ("left_child", left.count, testCount),
      ("right_child", right.count, testCount), ("leaf_value", values.count, leafCount),
      ("leaf_const", constants.count, isLinear ? leafCount : constants.count),
      ("num_features", termCounts.count, isLinear ? leafCount : termCounts.count),
    ]
    for (name, count, wanted) in lists where count != wanted {
      throw invalid("of \(leafCount) leaves has \(count) values of \(name)")
    }
    if let feature = (features + termFeatures).first(where: { $0 < 0 || $0 >= featureCount }) {
      throw invalid("reads feature \(feature) of \(featureCount)")
    }
    if isLinear {
      let total = termCounts.reduce(0) { $0 + Int(max($1, 0)) }
      guard termCounts.allSatisfy({ $0 >= 0 }), total == termFeatures.count, total == coefficients.count else {
        throw invalid("has \(termFeatures.count) features and \(coefficients.count) coefficients in its leaves")
      }
    }
    for (start, end) in zip(categoryStarts, categoryStarts.dropFirst()) {
      guard start >= 0, start <= end, end <= categoryWords.count else {
        throw invalid("has categories outside of its list")
      }
    }
    try checkShape()
  }

  /// Checks that all children are there, also of tests that nothing leads to, and that the root leads to every node at
  /// most once.
  private func checkShape() throws(ModelFileError) {
    for child in left + right where child < 0 ? Int(~child) >= leafCount : Int(child) >= left.count {
      throw invalid("of \(leafCount) leaves has a child \(child), which is not there")
    }
    var isReached = [Bool](repeating: false, count: left.count)
    var isLeafReached = [Bool](repeating: false, count: leafCount)
    var stack = left.isEmpty ? [] : [0]
    while let node = stack.popLast() {
      for child in [left[node], right[node]] {
        if child < 0 {
          let leaf = Int(~child)
          guard leaf < leafCount, !isLeafReached[leaf] else { throw invalid("has no place for its leaf \(leaf)") }
          isLeafReached[leaf] = true
        } else {
          guard child > 0, child < left.count, !isReached[Int(child)] else {
            throw invalid("has test \(child) below test \(node), which makes no tree")
          }
          isReached[Int(child)] = true
          stack.append(Int(child))
        }
      }
    }
  }

  /// Appends the tests, then the leaves, to a forest's description.
  ///
  /// - Parameter leaf: the number that leaf `index` adds to the score.
  func append(
    to forest: inout ForestDescription, target: Int, _ leaf: (_ index: Int) -> Double
  ) throws(ModelFileError) {
    let base = forest.nodes.count
    let firstLeaf = base + left.count
    forest.roots.append(base)
    var sets: [Int: Int] = [:]
    for test in left.indices {
      func place(_ child: Int32) -> Int { child < 0 ? firstLeaf + Int(~child) : base + Int(child) }
      forest.append(
        try node(test, &forest, &sets, trueChild: place(left[test]), falseChild: place(right[test])))
    }
    for index in 0..<leafCount {
      forest.appendLeaf(target: target, value: leaf(index))
    }
  }

  private func node(
    _ test: Int, _ forest: inout ForestDescription, _ sets: inout [Int: Int], trueChild: Int, falseChild: Int
  ) throws(ModelFileError) -> ForestDescription.Node {
    let decision = decisions[test]
    guard (0..<16).contains(decision) else { throw invalid("has the decision type \(decision)") }
    let feature = Int(features[test])
    let threshold = thresholds[test]
    if decision & 1 != 0 {
      guard threshold >= 0, threshold < Double(max(categoryStarts.count - 1, 0)) else {
        throw invalid("has no set of categories \(threshold)")
      }
      let index = Int(threshold)
      let words = categoryWords[Int(categoryStarts[index])..<Int(categoryStarts[index + 1])]
      // Tests that share a set share it here too.
      let set = sets[index] ?? forest.appendSet(words: words)
      sets[index] = set
      return .init(
        set: set, isCut: true, feature: feature, missingIsTrue: false, trueChild: trueChild, falseChild: falseChild)
    }
    let goesLeft = decision & 2 != 0
    switch decision >> 2 {
    case 0:
      // Nothing is missing here: NaN counts as zero.
      return .init(
        mode: .lessOrEqual, feature: feature, threshold: threshold, missingIsTrue: 0 <= threshold,
        trueChild: trueChild, falseChild: falseChild)
    case 1:
      return .init(
        mode: .lessOrEqualZeroMissing, feature: feature, threshold: threshold, missingIsTrue: goesLeft,
        trueChild: trueChild, falseChild: falseChild)
    case 2:
      return .init(
        mode: .lessOrEqual, feature: feature, threshold: threshold, missingIsTrue: goesLeft, trueChild: trueChild,
        falseChild: falseChild)
    default: throw invalid("has the decision type \(decision)")
    }
  }
}
