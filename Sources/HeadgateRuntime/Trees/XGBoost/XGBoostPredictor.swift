import HeadgateOperators
import HeadgateTensors

/// Predicts as XGBoost's `Booster.predict` does: all trees, in single precision, in the order of the file.
///
/// A `best_iteration` among the attributes changes nothing: `Booster.predict` uses all trees as well.
struct XGBoostPredictor: TreePredictor {
  private enum Booster: Sendable {
    case trees(Forest<Float>)
    /// `[features + 1, scores]`, the last row the biases.
    case linear([Float])
  }

  let featureCount: Int
  let scoreCount: Int
  let answer: TreeAnswer<Float>
  let divisor: Float = 1
  private let booster: Booster
  private let margins: [Float]

  var rowTime: Double {
    switch booster {
    case .trees(let forest): forest.rowTime
    case .linear(let weights): Double(weights.count)
    }
  }

  /// - Parameter team: The threads that read trees.
  init<Reader: DocumentReader>(_ file: XGBoostFile<Reader>, team: ThreadTeam) throws(ModelFileError) {
    let objective = try XGBoostObjective(file.objective, scoreCount: file.scoreCount)
    featureCount = file.featureCount
    scoreCount = file.scoreCount
    answer = objective.answer
    let bases = try Self.baseScores(file)
    // Of several base scores gblinear adds the first to all scores (version 3.2; before 3.1 there was only one).
    margins = bases.map { objective.margin(file.booster == "gblinear" ? bases[0] : $0) }
    guard margins.allSatisfy({ $0 < .infinity }) else {
      throw ModelFileError(
        .invalidGraph, "XGBoost model: base_score \(file.baseScore.prefix(60)) does not suit \(file.objective)")
    }
    switch file.booster {
    case "gbtree", "dart": booster = .trees(try Self.forest(file, team))
    case "gblinear":
      let (count, overflow) = (file.featureCount + 1).multipliedReportingOverflow(by: scoreCount)
      guard !overflow, file.linearWeights.count == count else {
        throw ModelFileError(
          .invalidGraph,
          "XGBoost model: \(file.linearWeights.count) weights for \(file.featureCount) features, a bias and "
            + "\(scoreCount) scores")
      }
      booster = .linear(file.linearWeights)
    default:
      throw ModelFileError(
        .unsupported, "XGBoost model: booster '\(file.booster.prefix(60))' is none of gbtree, dart and gblinear")
    }
  }

  private static func baseScores(_ file: XGBoostFile<some DocumentReader>) throws(ModelFileError) -> [Float] {
    var text = Substring(file.baseScore)
    if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
    var scores: [Float] = []
    for part in text.split(separator: ",") {
      guard let score = Float(part.filter { $0 != " " }) else {
        throw ModelFileError(.malformed, "XGBoost model: base_score '\(file.baseScore.prefix(60))' is no number")
      }
      scores.append(score)
    }
    guard scores.count == 1 || scores.count == file.scoreCount else {
      throw ModelFileError(
        .invalidGraph, "XGBoost model: base_score has \(scores.count) values for \(file.scoreCount) scores")
    }
    return scores.count == 1 ? [Float](repeating: scores[0], count: file.scoreCount) : scores
  }

  /// What reading and compiling a byte of a tree takes, in nanoseconds.
  private static let byteTime = 3.0

  private static func forest(
    _ file: XGBoostFile<some DocumentReader>, _ team: ThreadTeam
  ) throws(ModelFileError) -> Forest<Float> {
    func invalid(_ what: String, at offset: Int? = nil) -> ModelFileError {
      ModelFileError(.invalidGraph, "XGBoost model: \(what)", byteOffset: offset)
    }
    let count = file.trees.count
    guard file.treeTargets.count == count else {
      throw invalid("tree_info has \(file.treeTargets.count) values for \(count) trees")
    }
    guard file.booster != "dart" || file.treeFactors.count == count else {
      throw invalid("weight_drop has \(file.treeFactors.count) values for \(count) trees")
    }
    // Where each tree begins, in the order of their ids.
    var starts = [Int?](repeating: nil, count: count)
    for tree in file.trees {
      guard starts.indices.contains(tree.id), starts[tree.id] == nil else {
        throw invalid("the ids of \(count) trees are not 0 to \(count - 1), each once", at: tree.start)
      }
      starts[tree.id] = tree.start
    }
    do {
      let starts = starts.compactMap { $0 }
      return try Forest<Float>(
        targetCount: file.scoreCount, treeCount: count, team: team, taking: Double(file.treeByteCount) * byteTime
      ) { trees, description, ended in
        // A model may have no trees, when training stopped before the first.
        if count == 0 {
          description.roots.append(description.nodes.count)
          description.appendLeaf(target: 0, value: 0)
        }
        var nodeCount = 0
        try file.forEachTree(in: trees, startingAt: starts) { id, tree in
          nodeCount += tree.count
          guard nodeCount <= ForestDescription.maxNodeCount else { throw ForestDescription.TooManyNodes() }
          let target = Int(file.treeTargets[id])
          guard target >= 0, target < file.scoreCount else {
            throw invalid("tree \(id) adds to score \(target) of \(file.scoreCount)", at: tree.offset)
          }
          try tree.append(
            to: &description, target: target, targetCount: file.scoreCount,
            factor: file.booster == "dart" ? file.treeFactors[id] : 1, featureCount: file.featureCount)
          try ended(&description)
        }
      }
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(
        error is ForestDescription.TooManyNodes ? .tooLarge : .invalidGraph, "XGBoost model: \(error)")
    }
  }

  func score(_ rows: UnsafeBufferPointer<Float>, count: Int, into scores: UnsafeMutableBufferPointer<Float>) {
    for index in scores.indices { scores[index] = margins[index % scoreCount] }
    guard let row = rows.baseAddress, let score = scores.baseAddress else { return }
    switch booster {
    case .trees(let forest): forest.add(row, count: count, stride: featureCount, to: score)
    case .linear(let weights):
      for index in 0..<count {
        Self.addLinear(
          weights, UnsafeBufferPointer(rebasing: rows[index * featureCount..<(index + 1) * featureCount]),
          UnsafeMutableBufferPointer(rebasing: scores[index * scoreCount..<(index + 1) * scoreCount]))
      }
    }
  }

  /// Adds the bias, then the products in the order of the features; missing features add nothing.
  private static func addLinear(
    _ weights: [Float], _ row: UnsafeBufferPointer<Float>, _ scores: UnsafeMutableBufferPointer<Float>
  ) {
    let width = scores.count
    for target in scores.indices {
      var sum = scores[target] + weights[row.count * width + target]
      for feature in row.indices where !row[feature].isNaN { sum += row[feature] * weights[feature * width + target] }
      scores[target] = sum
    }
  }
}
