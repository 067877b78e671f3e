import HeadgateOperators

/// One tree as LightGBM's text has it: lists over its tests and over its leaves.
///
/// A child that is not negative is a test, another one the leaf `-child - 1`.
///
/// Read again and again, so that thousands of trees need the memory of one.
struct LightGBMTree: Sendable {
  /// Where the file describes it.
  private var offset = 0
  /// Its place among the trees.
  private(set) var number = 0
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

  private var shape = TreeShape()

  /// Reads the lines up to an empty one, instead of what was read before.
  ///
  /// - Parameter number: the tree's place among all trees, for messages.
  mutating func read(_ text: inout LightGBMText, number: Int, featureCount: Int) throws(ModelFileError) {
    removeAll()
    (self.number, offset) = (number, text.position)
    while let line = text.next(), !line.key.isEmpty {
      switch line.key {
      case "num_leaves": leafCount = try text.number(line)
      case "split_feature": try text.numbers(line, into: &features)
      case "threshold": try text.numbers(line, into: &thresholds)
      case "decision_type": try text.numbers(line, into: &decisions)
      case "left_child": try text.numbers(line, into: &left)
      case "right_child": try text.numbers(line, into: &right)
      case "leaf_value": try text.numbers(line, into: &values)
      case "cat_boundaries": try text.numbers(line, into: &categoryStarts)
      case "cat_threshold": try text.numbers(line, into: &categoryWords)
      case "is_linear": isLinear = try text.number(line) != 0
      case "leaf_const": try text.numbers(line, into: &constants)
      case "num_features": try text.numbers(line, into: &termCounts)
      case "leaf_features": try text.numbers(line, into: &termFeatures)
      case "leaf_coeff": try text.numbers(line, into: &coefficients)
      default: break
      }
    }
    try check(featureCount)
  }

  private mutating func removeAll() {
    (leafCount, isLinear) = (0, false)
    removeTests()
    values.removeAll(keepingCapacity: true)
    categoryStarts.removeAll(keepingCapacity: true)
    categoryWords.removeAll(keepingCapacity: true)
    constants.removeAll(keepingCapacity: true)
    termCounts.removeAll(keepingCapacity: true)
    termFeatures.removeAll(keepingCapacity: true)
    coefficients.removeAll(keepingCapacity: true)
  }

  private mutating func removeTests() {
    features.removeAll(keepingCapacity: true)
    thresholds.removeAll(keepingCapacity: true)
    decisions.removeAll(keepingCapacity: true)
    left.removeAll(keepingCapacity: true)
    right.removeAll(keepingCapacity: true)
  }

  /// The number of tests and leaves.
  var nodeCount: Int { leafCount - 1 + leafCount }

  private func invalid(_ what: String) -> ModelFileError {
    ModelFileError(.invalidGraph, "LightGBM model: tree \(number) \(what)", byteOffset: offset)
  }

  private mutating func check(_ featureCount: Int) throws(ModelFileError) {
    guard leafCount > 0 else { throw invalid("has no leaves") }
    // A single leaf has no tests, and what is written for them means nothing.
    let testCount = leafCount - 1
    if testCount == 0 { removeTests() }
    try checkCount(of: "split_feature", features.count, testCount)
    try checkCount(of: "threshold", thresholds.count, testCount)
    if !decisions.isEmpty { try checkCount(of: "decision_type", decisions.count, testCount) }
    try checkCount(of: "left_child", left.count, testCount)
    try checkCount(of: "right_child", right.count, testCount)
    try checkCount(of: "leaf_value", values.count, leafCount)
    // Lists of the right length bound the count, which may be any number till here.
    if decisions.isEmpty { decisions.append(contentsOf: repeatElement(0, count: testCount)) }
    try checkFeatures(features, featureCount)
    try checkFeatures(termFeatures, featureCount)
    if isLinear {
      try checkCount(of: "leaf_const", constants.count, leafCount)
      try checkCount(of: "num_features", termCounts.count, leafCount)
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
    if let fault = shape.fault(left: left, right: right) { throw invalid(fault) }
  }

  private func checkCount(of name: String, _ count: Int, _ wanted: Int) throws(ModelFileError) {
    guard count == wanted else { throw invalid("of \(leafCount) leaves has \(count) values of \(name)") }
  }

  private func checkFeatures(_ features: [Int32], _ featureCount: Int) throws(ModelFileError) {
    for feature in features where feature < 0 || Int(feature) >= featureCount {
      throw invalid("reads feature \(feature) of \(featureCount)")
    }
  }

  /// Appends the tests, then the leaves, to a forest's description.
  ///
  /// - Parameter firstFunction: the number of the first leaf's function, which leaves then hold in place of a value.
  func append(
    to forest: inout ForestDescription, target: Int, firstFunction: Int?
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
      forest.appendLeaf(target: target, value: firstFunction.map { Double($0 + index) } ?? values[index])
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
