import Foundation
import HeadgateTensors

@testable import HeadgateRuntime

/// A model that a package carries, with inputs and what ONNX Runtime answered: one folder that
/// `Tests/peers/real_models.py` wrote.
struct RealModel: Sendable {
  /// What `data.json` says beside the tolerances.
  struct Description: Decodable {
    let what: String
    /// What the inputs of each data set are.
    let sets: [String]
    /// ONNX Runtime's time for all of them, on one thread.
    let seconds: Double
  }

  /// What came of running all data sets.
  struct Outcome {
    var problems: [String] = []
    /// The furthest that an element lies off, relative to the expected one; the absolute tolerance counts as the
    /// relative one does, so that nothing above the relative tolerance passes.
    var worst = 0.0
    var time = Duration.zero
  }

  let test: ConformanceCase

  /// The folder that holds the cases; nil when the tests run without them.
  static var root: String? { ProcessInfo.processInfo.environment["HEADGATE_REAL_MODELS"] }

  static var all: [RealModel] {
    guard let root, let suite = try? ConformanceSuite(folder: root) else { return [] }
    return suite.cases.map { RealModel(test: $0) }
  }

  func description() throws -> Description {
    try JSONDecoder().decode(Description.self, from: Data(contentsOf: URL(fileURLWithPath: test.folder + "/data.json")))
  }

  /// Runs the model on every data set.
  func run() throws -> Outcome {
    let model = try Model(path: test.modelPath)
    var outcome = Outcome()
    let sets = try test.sets()
    let labels = try description().sets
    for (index, set) in sets.enumerated() {
      let label = index < labels.count ? labels[index] : "data set \(index)"
      var inputs: [String: Value] = [:]
      for (info, value) in zip(model.inputs, try set.inputs(model)) { inputs[info.name] = value }
      let expected = try set.outputs(model)
      guard expected.count == model.outputs.count else {
        outcome.problems.append("\(label): \(expected.count) outputs instead of \(model.outputs.count)")
        continue
      }
      let clock = ContinuousClock()
      let start = clock.now
      let answers = try model.run(values: inputs)
      outcome.time += clock.now - start
      for (info, expected) in zip(model.outputs, expected) {
        let actual = answers[info.name] ?? .absent
        if let difference = try test.tolerance.difference(actual, expected) {
          outcome.problems.append("\(label), output \(info.name): \(difference)")
        }
        outcome.worst = max(outcome.worst, try distance(actual, expected))
      }
    }
    return outcome
  }

  private func distance(_ actual: Value, _ expected: Value) throws -> Double {
    guard case .tensor(let actual) = actual, case .tensor(let expected) = expected, actual.shape == expected.shape,
      actual.elementType == .float, expected.elementType == .float
    else { return 0 }
    let floor = test.tolerance.absolute / test.tolerance.relative
    return zip(try actual.floats(), try expected.floats()).reduce(0.0) { worst, pair in
      let (actual, expected) = (Double(pair.0), Double(pair.1))
      guard actual != expected, !(actual.isNaN && expected.isNaN) else { return worst }
      let distance = abs(actual - expected) / (abs(expected) + floor)
      return distance <= worst ? worst : distance
    }
  }
}
