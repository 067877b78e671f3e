/// What a file of XGBoost holds, as far as predicting needs it, and where its trees are. Read from JSON and from UBJSON
/// alike.
struct XGBoostFile<Reader: DocumentReader> {
  /// The names of a feature's categories, in the order of their numbers.
  typealias CategoryNames = [String]

  private(set) var version: [Int32] = []
  private(set) var booster = ""
  private(set) var objective = ""
  private(set) var attributes: [String: String] = [:]
  private(set) var featureNames: [String] = []
  private(set) var featureTypes: [String] = []
  /// One number, or a list of one for each score in brackets (since version 3.1).
  private(set) var baseScore = "0.5"
  private(set) var classCount = 0
  private(set) var targetCount = 1
  private(set) var featureCount = 0
  /// The id of each tree, by default its place, and where it begins.
  private(set) var trees: [(id: Int, start: Int)] = []
  /// The tree that is being passed over.
  private var openTree: (id: Int, start: Int)?
  /// The reader of the document, among the trees.
  private var treeReader: Reader?
  /// The score that each tree adds to.
  private(set) var treeTargets: [Int32] = []
  /// What the leaves of each tree are multiplied by; empty but for dart.
  private(set) var treeFactors: [Float] = []
  /// `[features + 1, scores]`, the last row the biases; of gblinear only.
  private(set) var linearWeights: [Float] = []
  /// For each feature its categories (since version 3.1); empty lists for numbers.
  private(set) var categories: [CategoryNames] = []

  /// How many scores the model gives for each row.
  var scoreCount: Int { max(classCount, targetCount, 1) }

  init(reading reader: inout Reader) throws(ModelFileError) {
    do {
      try read(&reader)
    } catch {
      throw error.code == .malformed ? treeFault() ?? error : error
    }
  }

  private mutating func read(_ reader: inout Reader) throws(ModelFileError) {
    var hasLearner = false
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "version": self.version = try reader.numbers(Int32.self)
      case "learner":
        hasLearner = true
        try self.readLearner(&reader)
      default: try reader.skip()
      }
    }
    try reader.finish()
    guard hasLearner, !booster.isEmpty, !objective.isEmpty else {
      throw reader.malformed("it has no learner with a booster and an objective", at: 0)
    }
  }

  private mutating func readLearner(_ reader: inout Reader) throws(ModelFileError) {
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "attributes":
        try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
          self.attributes[key.text] = try reader.text()
        }
      case "feature_names": self.featureNames = try reader.texts()
      case "feature_types": self.featureTypes = try reader.texts()
      case "gradient_booster": try self.readBooster(&reader)
      case "learner_model_param": try self.readParameters(&reader)
      case "objective":
        try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
          if key == "name" { self.objective = try reader.text() } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
  }

  private mutating func readParameters(_ reader: inout Reader) throws(ModelFileError) {
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "base_score": self.baseScore = try reader.text()
      case "num_class": self.classCount = try self.count(&reader, upTo: 1 << 20)
      case "num_target": self.targetCount = try self.count(&reader, upTo: 1 << 20)
      case "num_feature": self.featureCount = try self.count(&reader, upTo: Int(Int32.max))
      default: try reader.skip()
      }
    }
  }

  private func count(_ reader: inout Reader, upTo limit: Int) throws(ModelFileError) -> Int {
    let offset = reader.position
    let count = try reader.integer()
    guard (0...limit).contains(count) else { throw reader.malformed("a count is \(count)", at: offset) }
    return count
  }

  private mutating func readBooster(_ reader: inout Reader) throws(ModelFileError) {
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "name": self.booster = try reader.text()
      case "model": try self.readModel(&reader)
      case "weight_drop": self.treeFactors = try reader.numbers(Float.self)
      case "gbtree":
        // The trees of dart, wrapped. The name within is not the booster's.
        try reader.object {
          (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
          if key == "model" { try self.readModel(&reader) } else { try reader.skip() }
        }
      default: try reader.skip()
      }
    }
  }

  private mutating func readModel(_ reader: inout Reader) throws(ModelFileError) {
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "trees":
        try reader.array { (reader: inout Reader) throws(ModelFileError) in try self.findTree(&reader) }
      case "tree_info": self.treeTargets = try reader.numbers(Int32.self)
      case "weights": self.linearWeights = try reader.numbers(Float.self)
      case "cats": try self.readCategories(&reader)
      default: try reader.skip()
      }
    }
  }

  /// Passes over a tree: what its numbers mean stands behind all trees in part.
  ///
  /// Nothing more is looked at of trees in a file of gblinear, which uses none: they may be damaged.
  private mutating func findTree(_ reader: inout Reader) throws(ModelFileError) {
    if treeReader == nil { treeReader = reader }
    let start = reader.position
    var id = trees.count
    openTree = (id, start)
    // A tree without nodes could be so short that its place takes far more than the file.
    var hasNodes = false
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      if key == "left_children" { hasNodes = true }
      if key == "id" { id = try reader.integer() } else { try reader.skip() }
    }
    guard hasNodes else {
      throw ModelFileError(.invalidGraph, "XGBoost model: tree \(id) has no nodes", byteOffset: start)
    }
    trees.append((id, start))
    openTree = nil
  }

  /// What is wrong with the first damaged tree of those found, and of the one that was being passed over.
  ///
  /// Passing over a tree only looks for its end, and so fails far behind the damage, or not at all.
  private func treeFault() -> ModelFileError? {
    guard var reader = treeReader else { return nil }
    for tree in trees + (openTree.map { [$0] } ?? []) {
      reader.position = tree.start
      do {
        _ = try XGBoostTree(reading: &reader, number: tree.id, checksAllLists: true)
      } catch {
        return error
      }
    }
    return nil
  }

  /// Gives some of the trees that begin at these places to a closure, each with its number among all.
  func forEachTree(
    in trees: Range<Int>, startingAt starts: [Int], _ body: (Int, XGBoostTree) throws -> Void
  ) throws {
    guard var reader = treeReader else { return }
    for index in trees {
      reader.position = starts[index]
      try body(index, try XGBoostTree(reading: &reader, number: index))
    }
  }

  /// About how many bytes describe all trees.
  var treeByteCount: Int {
    guard let first = trees.first, let last = trees.last, trees.count > 1 else { return 0 }
    return (last.start - first.start) / (trees.count - 1) * trees.count
  }

  private mutating func readCategories(_ reader: inout Reader) throws(ModelFileError) {
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      guard key == "enc" else { return try reader.skip() }
      try reader.array { (reader: inout Reader) throws(ModelFileError) in
        self.categories.append(try Self.readNames(&reader))
      }
    }
  }

  /// The names of one feature's categories: texts one after the other with their places, or numbers.
  private static func readNames(_ reader: inout Reader) throws(ModelFileError) -> CategoryNames {
    let start = reader.position
    var offsets: [Int64]?
    var values: Reader?
    try reader.object { (reader: inout Reader, key: DocumentKey) throws(ModelFileError) in
      switch key {
      case "offsets": offsets = try reader.numbers(Int64.self)
      case "values":
        values = reader
        try reader.skip()
      default: try reader.skip()
      }
    }
    guard var values else { return [] }
    guard let offsets else {
      return try values.numbers(Double.self).map { Int64(exactly: $0).map(String.init) ?? "\($0)" }
    }
    // Bytes, which are signed in files of some versions.
    let bytes = try values.numbers(Int32.self).map { UInt8(truncatingIfNeeded: $0) }
    var names: [String] = []
    for (from, to) in zip(offsets, offsets.dropFirst()) {
      guard from >= 0, from <= to, to <= bytes.count else {
        throw reader.malformed("the names of categories lie outside of their list", at: start)
      }
      names.append(String(decoding: bytes[Int(from)..<Int(to)], as: UTF8.self))
    }
    return names
  }
}
