/// What a text model of LightGBM holds, as far as predicting needs it, and where its trees are.
///
/// What follows the trees (importances, parameters, the categories of pandas) is not read.
///
/// SAFETY: the bytes must stay valid while trees are read.
struct LightGBMFile {
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
  /// Where each tree begins, and where the last one ends.
  private var treeStarts: [Int] = []
  private let text: LightGBMText

  var treeCount: Int { treeStarts.count - 1 }

  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
    self.text = LightGBMText(bytes)
    var text = text
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
      case "tree_sizes":
        var sizes: [Int64] = []
        try text.numbers(line, into: &sizes)
        treeSizes = sizes
      default: break
      }
    }
    guard let maxFeature else { throw text.malformed("its head has no max_feature_idx", at: 0) }
    featureCount = maxFeature + 1
    self.scoreCount = scoreCount ?? classCount
    if let treeSizes {
      try findTrees(&body, sizes: treeSizes)
    } else {
      try findTrees(&body)
    }
    guard treeCount.isMultiple(of: self.scoreCount) else {
      throw text.malformed("\(treeCount) trees are no whole iterations of \(self.scoreCount)", at: body.position)
    }
  }

  /// The bytes that describe all trees.
  var treeByteCount: Int { (treeStarts.last ?? 0) - (treeStarts.first ?? 0) }

  /// Gives each of some trees to a closure, read into the same memory one after the other.
  func forEachTree(in trees: Range<Int>, _ body: (Int, LightGBMTree) throws -> Void) throws {
    var tree = LightGBMTree()
    for index in trees {
      var part = LightGBMText(text.bytes, range: treeStarts[index]..<treeStarts[index + 1])
      guard let first = part.next(), first.key == "Tree" else {
        throw text.malformed("there is no tree \(index) where its head says", at: treeStarts[index])
      }
      try tree.read(&part, number: index, featureCount: featureCount)
      try body(index, tree)
    }
  }

  private static func count(_ text: LightGBMText, _ line: LightGBMText.Line) throws(ModelFileError) -> Int {
    let count = try text.number(line)
    guard (1...1 << 20).contains(count) else { throw text.malformed("'\(line.key.text)' is \(count)", at: line.offset) }
    return count
  }

  /// Adds up the sizes of trees, so that one cut short is found out.
  private mutating func findTrees(_ text: inout LightGBMText, sizes: [Int64]) throws(ModelFileError) {
    treeStarts.reserveCapacity(sizes.count + 1)
    treeStarts.append(text.position)
    for (index, size) in sizes.enumerated() {
      guard size > 0, size <= text.end - text.position else {
        throw text.malformed("tree \(index) of \(size) bytes is not there", at: text.position)
      }
      text.position += Int(size)
      treeStarts.append(text.position)
    }
    try checkNotEmpty(&text)
  }

  /// A model may have no trees, but then its file goes on to say so.
  private func checkNotEmpty(_ text: inout LightGBMText) throws(ModelFileError) {
    guard treeCount == 0 else { return }
    let offset = text.position
    while let line = text.next() {
      if line.key == "end of trees" { return }
      guard line.key.isEmpty else { break }
    }
    throw text.malformed("it holds no trees", at: offset)
  }

  /// Finds trees one after the other, as files before version 3 have them.
  private mutating func findTrees(_ text: inout LightGBMText) throws(ModelFileError) {
    var end = text.position
    while let line = text.next() {
      if line.key == "Tree" {
        treeStarts.append(line.offset)
        while let line = text.next(), !line.key.isEmpty {}
        end = text.position
      } else if !line.key.isEmpty {
        break
      }
    }
    guard !treeStarts.isEmpty else { throw text.malformed("it holds no trees", at: text.position) }
    treeStarts.append(end)
  }
}
