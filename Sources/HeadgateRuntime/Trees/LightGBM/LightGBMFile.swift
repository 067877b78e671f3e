/// What a text model of LightGBM holds, as far as predicting needs it.
///
/// What follows the trees (importances, parameters, the categories of pandas) is not read.
struct LightGBMFile: Sendable {
  private(set) var version = ""
  /// The name and parameters, as `binary sigmoid:1`; empty for a custom one.
  private(set) var objective = ""
  private(set) var classCount = 1
  /// The trees of one iteration, one for each score.
  private(set) var scoreCount = 1
  private(set) var featureCount = 0
  private(set) var featureNames: [String] = []
  /// Whether scores are averages over the iterations, as in a random forest.
  private(set) var isAverage = false
  private(set) var trees: [LightGBMTree] = []

  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
    var text = LightGBMText(bytes)
    var treeSizes: [Int64]?
    var scoreCount: Int?
    var maxFeature: Int?
    var body = text
    while let line = text.next() {
      if line.key == "Tree" { break }
      body = text
      switch line.key {
      case "version": version = line.value.map { text.text($0) } ?? ""
      case "num_class": classCount = try Self.count(text, line)
      case "num_tree_per_iteration": scoreCount = try Self.count(text, line)
      case "max_feature_idx":
        let feature = try text.number(line)
        guard feature >= -1, feature < Int(Int32.max) else {
          throw text.malformed("\(feature) features", at: line.offset)
        }
        maxFeature = feature
      case "objective": objective = line.value.map { text.text($0) } ?? ""
      case "feature_names":
        featureNames = (line.value.map { text.text($0) } ?? "").split(separator: " ").map(String.init)
      case "average_output": isAverage = true
      case "tree_sizes": treeSizes = try text.numbers(line, Int64.self)
      default: break
      }
    }
    guard let maxFeature else { throw text.malformed("its head has no max_feature_idx", at: 0) }
    featureCount = maxFeature + 1
    self.scoreCount = scoreCount ?? classCount
    if let treeSizes {
      try readTrees(&body, sizes: treeSizes)
    } else {
      try readTrees(&body)
    }
    guard trees.count.isMultiple(of: self.scoreCount) else {
      throw text.malformed("\(trees.count) trees are no whole iterations of \(self.scoreCount)", at: body.position)
    }
  }

  private static func count(_ text: LightGBMText, _ line: LightGBMText.Line) throws(ModelFileError) -> Int {
    let count = try text.number(line)
    guard (1...1 << 20).contains(count) else { throw text.malformed("'\(line.key)' is \(count)", at: line.offset) }
    return count
  }

  /// Reads trees of known sizes, so that one cut short is found out.
  private mutating func readTrees(_ text: inout LightGBMText, sizes: [Int64]) throws(ModelFileError) {
    for (index, size) in sizes.enumerated() {
      guard size > 0, size <= text.end - text.position else {
        throw text.malformed("tree \(index) of \(size) bytes is not there", at: text.position)
      }
      let range = text.position..<text.position + Int(size)
      var part = LightGBMText(text.bytes, range: range)
      guard let first = part.next(), first.key == "Tree" else {
        throw text.malformed("there is no tree \(index) where its head says", at: text.position)
      }
      trees.append(try LightGBMTree(&part, featureCount: featureCount))
      text.position = range.upperBound
    }
    try checkNotEmpty(&text)
  }

  /// A model may have no trees, but then its file goes on to say so.
  private func checkNotEmpty(_ text: inout LightGBMText) throws(ModelFileError) {
    guard trees.isEmpty else { return }
    let offset = text.position
    while let line = text.next() {
      if line.key == "end of trees" { return }
      guard line.key.isEmpty else { break }
    }
    throw text.malformed("it holds no trees", at: offset)
  }

  /// Reads trees one after the other, as files before version 3 have them.
  private mutating func readTrees(_ text: inout LightGBMText) throws(ModelFileError) {
    while let line = text.next() {
      if line.key == "Tree" {
        trees.append(try LightGBMTree(&text, featureCount: featureCount))
      } else if !line.key.isEmpty {
        break
      }
    }
    guard !trees.isEmpty else { throw text.malformed("it holds no trees", at: text.position) }
  }
}
