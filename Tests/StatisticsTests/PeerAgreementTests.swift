import Foundation
import Testing

@testable import Statistics

/// Runs over the file that `Tests/peers/metrics.py` writes with scikit-learn and Fairlearn.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HEADGATE_METRICS"] != nil))
struct `Agreement with scikit-learn and Fairlearn` {
  struct File: Decodable {
    struct Set: Decodable {
      let name: String
      let labels: [Int]
      let scores: [Double]
      let predictions: [Int]
      let weights: [Double]?
      let groups: [String]
      let expected: [String: Expected]
    }
    /// A number, null where the peer's value is undefined, or numbers by group.
    enum Expected: Decodable {
      case number(Double?)
      case groups([String: Double])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
          self = .number(nil)
        } else if let groups = try? container.decode([String: Double].self) {
          self = .groups(groups)
        } else {
          self = .number(try container.decode(Double.self))
        }
      }
    }
    let sets: [Set]
  }

  static func agree(_ ours: Double, _ theirs: Double) -> Bool {
    // log_loss of certain, right answers is about 1e-16: there only the absolute error means something.
    abs(ours - theirs) <= 1e-9 * max(abs(theirs), 1e-6)
  }

  @Test func `holds to 1e-9 for every set and metric`() throws {
    let path = try #require(ProcessInfo.processInfo.environment["HEADGATE_METRICS"])
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(!file.sets.isEmpty)
    for set in file.sets {
      let labels = set.labels.map { $0 == 1 }
      let predictions = set.predictions.map { $0 == 1 }
      let sample = try BinarySample(
        labels: labels, scores: set.scores, predictions: predictions, weights: set.weights)
      let names = Array(Swift.Set(set.groups)).sorted()
      let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
      let counts = try GroupedSample(
        labels: labels, predictions: predictions, groups: set.groups.map { try #require(numbers[$0]) },
        names: names, weights: set.weights
      ).counts
      for metric in QualityMetric.allCases {
        guard case .number(let expected)? = set.expected[metric.rawValue] else {
          Issue.record("\(set.name) has no \(metric.rawValue)")
          continue
        }
        let value = metric.measure(sample).value
        if metric == .f1, value == nil {
          // For 0/0 scikit-learn warns and gives 0; here it is undefined.
          #expect(expected == 0, "\(set.name)")
          continue
        }
        #expect((value == nil) == (expected == nil), "\(set.name) \(metric): \(value as Any), peer \(expected as Any)")
        if let value, let expected { #expect(Self.agree(value, expected), "\(set.name) \(metric)") }
      }
      for metric in FairnessMetric.allCases {
        guard case .number(let expected)? = set.expected[metric.rawValue] else {
          Issue.record("\(set.name) has no \(metric.rawValue)")
          continue
        }
        // With one group only, Fairlearn has a number and the default has not.
        let value = metric.measure(
          counts, zeroDenominator: names.count == 1 && expected != nil ? .fairlearn : .undefined)
        #expect(
          (value.value == nil) == (expected == nil), "\(set.name) \(metric): \(value), peer \(expected as Any)")
        if let value = value.value, let expected { #expect(Self.agree(value, expected), "\(set.name) \(metric)") }
      }
      if case .groups(let rates)? = set.expected["selection_rate"] {
        for group in counts {
          let theirs = try #require(rates[group.name])
          #expect(group.selectionRate.map { Self.agree($0, theirs) } == true, "\(set.name) \(group.name)")
        }
      }
    }
  }
}
