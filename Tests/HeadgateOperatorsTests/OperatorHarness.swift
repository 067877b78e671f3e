import Testing

@testable import HeadgateOperators
@testable import HeadgateTensors

extension MemoryBudget {
  /// For operators under test: no limit, and threads that share all work, however short. It changes no result.
  static let threaded = MemoryBudget(
    limit: .max, team: ThreadTeam(width: 3, pool: ThreadPool(processorCount: 3), leastShared: 0))
}

/// Runs one operator as the executor would. Draws without a seed are counted by the budget, as a run has one.
func run(
  _ name: String, domain: String = "", opset: Int = 17, _ inputs: [Tensor?],
  _ attributes: [(name: String, value: AttributeValue)] = [], outputs: Int = 1,
  budget: MemoryBudget = .threaded
) throws -> [Tensor] {
  let definition = try #require(OperatorRegistry.standard.definition(domain: domain, name: name, opset: opset))
  let node = OperatorNode(
    name: "test", operatorName: name, domain: domain, opset: opset, attributes: Attributes(attributes),
    constants: inputs.map { _ in nil }, usedOutputs: [Bool](repeating: true, count: outputs))
  let values = try definition.prepare(node)(
    OperatorCall(node: node, inputs: inputs.map { $0.map { .tensor($0) } }, budget: budget))
  return try values.map { try #require($0.tensor) }
}

func floats(_ shape: Shape, _ values: [Float]) throws -> Tensor { try Tensor(shape: shape, floats: values) }
func integers(_ shape: Shape, _ values: [Int64]) throws -> Tensor { try Tensor(shape: shape, integers: values) }

/// Equal to within single precision, NaN to NaN.
func expectClose(_ actual: [Float], _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(actual.count == expected.count, sourceLocation: sourceLocation)
  for (a, e) in zip(actual, expected) {
    #expect(a == e || (a.isNaN && e.isNaN) || abs(a - e) <= 1e-6 + 1e-5 * abs(e), sourceLocation: sourceLocation)
  }
}
