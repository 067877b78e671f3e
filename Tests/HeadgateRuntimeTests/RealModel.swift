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
    /// Whether users take the class with the highest score of those along an output's last axis.
    let classes: Bool
    /// ONNX Runtime's time for all of them, on one thread.
    let seconds: Double
  }

  /// What came of running all data sets.
  struct Outcome {
    var problems: [String] = []
    /// The furthest that an element lies off, relative to the expected one; the absolute tolerance counts as the
    /// relative one does, so that nothing above the relative tolerance passes. Nil when no output has floats.
    var worst: Double?
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
    let description = try description()
    let labels = description.sets
    if sets.count != labels.count {
      outcome.problems.append("\(sets.count) data sets, of which data.json names \(labels.count)")
    }
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
        guard let pairs = try pairs(actual, expected) else { continue }
        outcome.worst = max(outcome.worst ?? 0, distance(pairs))
        if description.classes, let width = actual.tensor?.shape.last, width > 1,
          let row = rowOfOtherClass(pairs, width: width)
        {
          outcome.problems.append("\(label), output \(info.name): row \(row) has its highest score elsewhere")
        }
      }
    }
    return outcome
  }

  /// The elements of both; nil for anything but tensors of floats of one shape.
  private func pairs(_ actual: Value, _ expected: Value) throws -> [(actual: Double, expected: Double)]? {
    guard let actual = actual.tensor, let expected = expected.tensor, actual.shape == expected.shape,
      actual.elementType == expected.elementType
    else { return nil }
    switch actual.elementType {
    case .double: return zip(try actual.doubles(), try expected.doubles()).map { ($0, $1) }
    case .float, .float16, .bfloat16:
      return zip(try actual.convertedToFloats(), try expected.convertedToFloats()).map { (Double($0), Double($1)) }
    default: return nil
    }
  }

  private func distance(_ pairs: [(actual: Double, expected: Double)]) -> Double {
    let floor = test.tolerance.absolute / test.tolerance.relative
    return pairs.reduce(0.0) { worst, pair in
      let (actual, expected) = pair
      guard actual != expected, !(actual.isNaN && expected.isNaN) else { return worst }
      let distance = abs(actual - expected) / (abs(expected) + floor)
      return distance <= worst ? worst : distance
    }
  }

  /// The first row of `width` elements whose highest one is another than expected.
  private func rowOfOtherClass(_ pairs: [(actual: Double, expected: Double)], width: Int) -> Int? {
    stride(from: 0, to: pairs.count, by: width).first { start in
      let places = start..<start + width
      let actual = places.max { pairs[$0].actual < pairs[$1].actual }
      return actual != places.max { pairs[$0].expected < pairs[$1].expected }
    }.map { $0 / width }
  }
}
