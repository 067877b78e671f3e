import HeadgateOperators

/// One tree as XGBoost's file has it: parallel arrays over its nodes.
struct XGBoostTree: Sendable {
  /// Where the file describes it.
  private(set) var offset = 0
  /// Its place among the trees.
  private var number = 0
  private var left: [Int32] = []
  private var right: [Int32] = []
  private var features: [Int32] = []
  /// The threshold of a test, the value of a leaf.
  private var conditions: [Float] = []
  private var defaultsLeft: [UInt8] = []
  /// 1 for tests of categories; empty in files of old versions.
  private var splitTypes: [UInt8] = []
  private var categories: [Int32] = []
  private var categoryNodes: [Int32] = []
  private var segments: [Int64] = []
  private var sizes: [Int64] = []
  /// The numbers in each leaf; above 1 they are vectors.
  private var leafSize = 1
  /// The vectors of all nodes, before version 3.2.
  private var baseWeights: [Float] = []
  /// The vectors of the leaves, since version 3.2; the right child of a leaf is its place among them.
  private var leafWeights: [Float] = []

  /// - Parameters:
  ///   - number: the tree's place among all trees, for messages.
  ///   - checksAllLists: whether lists of numbers that predicting does not need are read too, not passed over.
  init<Reader: DocumentReader>(
    reading reader: inout Reader, number: Int, checksAllLists: Bool = false
  ) throws(ModelFileError) {
    self.number = number
    offset = reader.position
    // Only trees with vectors in their leaves need them, and those say so last.
    var weights: Reader?
    var tree = self
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "left_children": tree.left = try reader.numbers(Int32.self)
      case "right_children": tree.right = try reader.numbers(Int32.self)
      case "split_indices": tree.features = try reader.numbers(Int32.self)
      case "split_conditions": tree.conditions = try reader.numbers(Float.self)
      case "default_left": tree.defaultsLeft = try reader.numbers(UInt8.self)
      case "split_type": tree.splitTypes = try reader.numbers(UInt8.self)
      case "categories": tree.categories = try reader.numbers(Int32.self)
      case "categories_nodes": tree.categoryNodes = try reader.numbers(Int32.self)
      case "categories_segments": tree.segments = try reader.numbers(Int64.self)
      case "categories_sizes": tree.sizes = try reader.numbers(Int64.self)
      case "leaf_weights": tree.leafWeights = try reader.numbers(Float.self)
      case "base_weights":
        weights = reader
        if checksAllLists { _ = try reader.numbers(Float.self) } else { try reader.skip() }
      case "loss_changes", "parents", "sum_hessian":
        if checksAllLists { _ = try reader.numbers(Double.self) } else { try reader.skip() }
      case "tree_param":
        try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
          if key == "size_leaf_vector" { tree.leafSize = max(try reader.integer(), 1) } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
    if tree.leafSize > 1, tree.leafWeights.isEmpty, var weights {
      tree.baseWeights = try weights.numbers(Float.self)
    }
    self = tree
    try check()
  }

  /// The number of nodes.
  var count: Int { left.count }

  private func invalid(_ what: String) -> ModelFileError {
    ModelFileError(.invalidGraph, "XGBoost model: tree \(number) \(what)", byteOffset: offset)
  }

  /// Checks that all lists are as long as there are nodes, and the nodes make one tree.
  private func check() throws(ModelFileError) {
    guard count > 0 else { throw invalid("has no nodes") }
    try checkCount(of: "right_children", right.count)
    try checkCount(of: "split_indices", features.count)
    try checkCount(of: "split_conditions", conditions.count)
    try checkCount(of: "default_left", defaultsLeft.count)
    if !splitTypes.isEmpty { try checkCount(of: "split_type", splitTypes.count) }
    guard categoryNodes.count == segments.count, categoryNodes.count == sizes.count else {
      throw invalid("has \(categoryNodes.count) nodes of categories and \(segments.count), \(sizes.count) places")
    }
    guard leafWeights.count.isMultiple(of: leafSize), baseWeights.isEmpty || baseWeights.count / leafSize == count
    else { throw invalid("has leaves of \(leafSize) numbers that its weights do not fill") }
  }

  private func checkCount(of name: String, _ length: Int) throws(ModelFileError) {
    guard length == count else { throw invalid("has \(count) nodes and \(length) values of \(name)") }
  }

  /// Appends the nodes to a forest's description.
  ///
  /// - Parameters:
  ///   - target: the score that a leaf of one number adds to.
  ///   - targetCount: how many scores there are, each with a number in leaves of vectors.
  ///   - factor: what every leaf is multiplied by.
  func append(
    to forest: inout ForestDescription, target: Int, targetCount: Int, factor: Float, featureCount: Int
  ) throws(ModelFileError) {
    guard leafSize == 1 || leafSize == targetCount else {
      throw invalid("has leaves of \(leafSize) numbers, the model has \(targetCount) targets")
    }
    let isReached = try reachable()
    let base = forest.nodes.count
    let sets = try appendSets(to: &forest)
    var isTaken = [Bool](repeating: false, count: leafSize == 1 ? 0 : leafWeights.count / leafSize)
    forest.roots.append(base)
    for node in 0..<count {
      guard left[node] != -1, isReached[node] else {
        // Nodes that pruning removed stay in the lists.
        if isReached[node] {
          if leafSize == 1 {
            forest.appendLeaf(target: target, value: Double(conditions[node] * factor))
          } else {
            let vector = try vector(of: node, &isTaken)
            forest.appendLeaf(
              vector.enumerated().map { .init(target: $0.offset, value: Double($0.element * factor)) })
          }
        } else {
          forest.appendLeaf()
        }
        continue
      }
      let feature = Int(features[node])
      guard feature >= 0, feature < featureCount else {
        throw invalid("tests feature \(feature) of \(featureCount) in node \(node)")
      }
      let (leftChild, rightChild) = (base + Int(left[node]), base + Int(right[node]))
      let defaultsLeft = defaultsLeft[node] != 0
      if splitTypes.isEmpty || splitTypes[node] == 0 {
        forest.append(
          .init(
            mode: .less, feature: feature, threshold: Double(conditions[node]), missingIsTrue: defaultsLeft,
            trueChild: leftChild, falseChild: rightChild))
      } else {
        guard let set = sets[node] else { throw invalid("has no categories for node \(node)") }
        // The categories of the set go right.
        forest.append(
          .init(
            set: set, isCut: false, feature: feature, missingIsTrue: !defaultsLeft, trueChild: rightChild,
            falseChild: leftChild))
      }
    }
  }

  /// Which nodes the root leads to.
  private func reachable() throws(ModelFileError) -> [Bool] {
    var isReached = [Bool](repeating: false, count: count)
    isReached[0] = true
    var open: [Int32] = [0]
    func reach(_ child: Int32, from node: Int32) throws(ModelFileError) {
      guard child > 0, Int(child) < count, !isReached[Int(child)] else {
        throw invalid("has node \(child) as a child of node \(node), which makes no tree of \(count) nodes")
      }
      isReached[Int(child)] = true
      open.append(child)
    }
    while let node = open.popLast() {
      guard left[Int(node)] != -1 else { continue }
      try reach(left[Int(node)], from: node)
      try reach(right[Int(node)], from: node)
    }
    return isReached
  }

  /// The numbers of a leaf, which no other leaf has.
  private func vector(of leaf: Int, _ isTaken: inout [Bool]) throws(ModelFileError) -> ArraySlice<Float> {
    if !baseWeights.isEmpty { return baseWeights[leaf * leafSize..<(leaf + 1) * leafSize] }
    let place = Int(right[leaf])
    guard isTaken.indices.contains(place), !isTaken[place] else {
      throw invalid("has no weights of its own for leaf \(leaf)")
    }
    isTaken[place] = true
    return leafWeights[place * leafSize..<(place + 1) * leafSize]
  }

  /// Appends the sets of categories and gives the index of each node's.
  private func appendSets(to forest: inout ForestDescription) throws(ModelFileError) -> [Int: Int] {
    var sets: [Int: Int] = [:]
    // Nodes do not share categories, so that the work is bounded by the list.
    var unused = Int64(categories.count)
    for index in categoryNodes.indices {
      let (node, start, length) = (Int(categoryNodes[index]), segments[index], sizes[index])
      guard node >= 0, node < count, start >= 0, length >= 0, start <= categories.count,
        length <= Int64(categories.count) - start, length <= unused
      else { throw invalid("has categories outside of its list for node \(node)") }
      unused -= length
      let list = categories[Int(start)..<Int(start + length)]
      let (least, greatest) = (list.min() ?? 0, list.max() ?? 0)
      guard least >= 0, greatest < 1 << 24 else { throw invalid("has categories \(least) to \(greatest)") }
      let firstWord = Int(least) >> 5
      var words = [UInt32](repeating: 0, count: (Int(greatest) >> 5) - firstWord + 1)
      for category in list { words[Int(category) >> 5 - firstWord] |= 1 << UInt32(category & 31) }
      // A few distant categories in each of many nodes would take far more than the file.
      guard forest.sets.wordCount + words.count <= 1 << 26 else {
        throw ModelFileError(
          .tooLarge, "XGBoost model: the sets of categories take more than 256 MiB; use fewer categories",
          byteOffset: offset)
      }
      sets[node] = forest.appendSet(words: words, firstWord: firstWord)
    }
    return sets
  }
}
