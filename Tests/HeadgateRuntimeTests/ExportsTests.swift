import HeadgateTensors
import Testing

/// `Tests/run.sh` makes the exports with `Tests/peers/exports.py` and names their folder in HEADGATE_EXPORTS.
@Suite(.enabled(if: ExportsCase.root != nil, "HEADGATE_EXPORTS is not set; Tests/run.sh sets it"))
struct `Exported models` {
  @Test func `are at least 34, of three libraries`() throws {
    var libraries: [String: Int] = [:]
    for entry in ExportsCase.all { libraries[try entry.manifest().library, default: 0] += 1 }
    let trained = ["scikit-learn", "LightGBM", "XGBoost"].map { libraries[$0] ?? 0 }
    #expect(
      trained.reduce(0, +) >= 34,
      "\(ExportsCase.root?.path ?? "") holds \(libraries): make it again with Tests/peers/exports.py")
    #expect(trained.allSatisfy { $0 >= 4 }, "\(libraries)")
  }

  @Test func `include the four versions of the example, each with every held-out row`() throws {
    for version in ["adult-v1", "adult-v2", "adult-v3", "adult-v4"] {
      let model = try #require(ExportsCase.all.first { $0.name == version }, "run Tests/peers/adult.py")
      #expect(try model.rowCount() == 16_281, "\(version)")
    }
  }

  @Test(arguments: ExportsCase.all)
  func `predict as ONNX Runtime does`(_ model: ExportsCase) throws {
    let comparison = try model.compare()
    #expect(comparison.problems.isEmpty, "\(comparison.problems.joined(separator: "\n"))")
    #expect(comparison.worst <= ExportsComparison.tolerance)
  }
}

extension ExportsCase: CustomTestStringConvertible {
  var testDescription: String { name }
}

/// The comparison itself: that it would notice.
struct `A comparison with expected answers` {
  private func compared(_ actual: [Float], _ expected: [Float], classes: [Int64], _ labels: [Int64]) throws
    -> ExportsComparison
  {
    func values(_ scores: [Float], _ labels: [Int64]) throws -> [String: Value] {
      [
        "label": .tensor(try Tensor(shape: [labels.count], integers: labels)),
        "scores": .tensor(try Tensor(shape: [labels.count, 2], floats: scores)),
      ]
    }
    var comparison = ExportsComparison()
    comparison.add("rows", actual: try values(actual, classes), expected: try values(expected, labels))
    return comparison
  }

  @Test func `accepts equal answers`() throws {
    #expect(try compared([0.25, 0.75], [0.25, 0.75], classes: [1], [1]).problems.isEmpty)
  }

  @Test(arguments: [Float(0.25003), .nan, .infinity])
  func `refuses a score that is off`(_ score: Float) throws {
    #expect(try compared([score, 0.75], [0.25, 0.75], classes: [1], [1]).problems.count == 1)
  }

  @Test func `refuses another class`() throws {
    #expect(try compared([0.25, 0.75], [0.25, 0.75], classes: [0], [1]).problems.count == 1)
  }

  @Test func `accepts another class where the best scores are nearly equal`() throws {
    #expect(try compared([0.5, 0.5], [0.5, 0.5000002], classes: [0], [1]).problems.isEmpty)
  }

  @Test func `refuses an output that is absent`() throws {
    var comparison = ExportsComparison()
    comparison.add("rows", actual: [:], expected: ["y": .tensor(try Tensor(shape: [1], floats: [1]))])
    #expect(comparison.problems.count == 1)
  }

  @Test func `refuses another shape`() throws {
    var comparison = ExportsComparison()
    comparison.add(
      "rows", actual: ["y": .tensor(try Tensor(shape: [1, 1], floats: [1]))],
      expected: ["y": .tensor(try Tensor(shape: [1], floats: [1]))])
    #expect(comparison.problems.count == 1)
  }
}
