import Foundation
import HeadgateRuntime
import HeadgateTensors
import Testing

/// A model of a boosting library with its own predictions: one folder that `Tests/peers/native_trees.py` wrote.
struct NativeTreesCase: Sendable, CustomTestStringConvertible {
  let folder: URL
  var testDescription: String { folder.lastPathComponent }

  static var root: URL? { ExportsCase.root?.appendingPathComponent("native", isDirectory: true) }

  static var all: [NativeTreesCase] {
    guard let root else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { NativeTreesCase(folder: root.appendingPathComponent($0)) }
      .filter { FileManager.default.fileExists(atPath: $0.folder.appendingPathComponent("manifest.json").path) }
  }

  struct Manifest: Decodable {
    let library: String
    let form: String
    let objective: String
    let features: String
    let names: [String]?
  }

  func manifest() throws -> Manifest {
    try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: folder.appendingPathComponent("manifest.json")))
  }

  func load() throws -> Model {
    try Model(
      path: folder.appendingPathComponent("model").path, options: ModelOptions(givesRawScores: true))
  }

  /// Runs the model on all rows and compares with the library.
  func compare() throws -> NativeTreesComparison {
    let manifest = try manifest()
    let features = try ArrayFile.read(folder.deletingLastPathComponent().appendingPathComponent(manifest.features))
    let outputs = try load().run(["features": features])
    var comparison = NativeTreesComparison(rows: features.shape[0])
    let expected = try numbers("prediction")
    let raw = try #require(outputs["score"]?.tensor)
    try comparison.add("score", raw, numbers("raw"))
    if let prediction = outputs["prediction"]?.tensor { try comparison.add("prediction", prediction, expected) }
    if let probabilities = outputs["probabilities"]?.tensor, let label = outputs["label"]?.tensor {
      try comparison.add(classes: label, probabilities, expected, givesClasses: manifest.objective == "multi:softmax")
    }
    return comparison
  }

  private func numbers(_ name: String) throws -> [Double] {
    let tensor = try ArrayFile.read(folder.appendingPathComponent(name + ".npy"))
    return tensor.elementType == .float ? try tensor.floats().map { Double($0) } : try tensor.doubles()
  }
}

/// How far predictions lie from the library's.
struct NativeTreesComparison {
  /// Relative above 1, absolute below.
  static let tolerance = 1e-6

  let rows: Int
  private(set) var worst = 0.0
  private(set) var differing = 0
  private(set) var problems: [String] = []

  init(rows: Int) {
    self.rows = rows
  }

  mutating func add(_ name: String, _ actual: Tensor, _ expected: [Double]) throws {
    let numbers = actual.elementType == .float ? try actual.floats().map { Double($0) } : try actual.doubles()
    add(name, numbers, expected)
  }

  private mutating func add(_ name: String, _ actual: [Double], _ expected: [Double]) {
    guard actual.count == expected.count else {
      return problems.append("\(name) has \(actual.count) numbers instead of \(expected.count)")
    }
    for (index, (answer, number)) in zip(actual, expected).enumerated() where answer != number {
      if answer.isNaN && number.isNaN { continue }
      differing += 1
      let deviation = abs(answer - number) / max(1, abs(number))
      worst = deviation.isNaN ? .infinity : max(worst, deviation)
      if !(deviation <= Self.tolerance), problems.count < 5 {
        problems.append("\(name) is \(answer) instead of \(number) at \(index)")
      }
    }
  }

  /// Compares with the predictions of a classifier: the probabilities, of which two classes have one, or the classes.
  mutating func add(
    classes: Tensor, _ probabilities: Tensor, _ expected: [Double], givesClasses: Bool
  ) throws {
    let labels = try classes.integers().map { Double($0) }
    if givesClasses { return compare(labels, expected) }
    let width = expected.count / max(rows, 1)
    if width == 1 {
      let all =
        probabilities.elementType == .float
        ? try probabilities.floats().map { Double($0) } : try probabilities.doubles()
      add("probabilities", (0..<rows).map { all[2 * $0 + 1] }, expected)
      compare(labels, expected.map { $0 > 0.5 ? 1 : 0 })
      return
    }
    try add("probabilities", probabilities, expected)
    if labels.count == rows {
      var best: [Double] = []
      for row in 0..<rows {
        let scores = expected[row * width..<(row + 1) * width]
        best.append(
          Double((scores.max().flatMap { scores.firstIndex(of: $0) } ?? scores.startIndex) - scores.startIndex))
      }
      compare(labels, best)
    } else {
      compare(labels, expected.map { $0 > 0.5 ? 1 : 0 })
    }
  }

  private mutating func compare(_ labels: [Double], _ expected: [Double]) {
    guard labels != expected else { return }
    let wrong = zip(labels, expected).count { $0 != $1 }
    problems.append("\(wrong) of \(expected.count) labels differ")
  }
}
