/// `x / 2 (1 + erf(x / sqrt 2))`, whichever of the three factors are multiplied first.
enum GeluPattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    argument(of: last, graph).map { FusedOperator(name: "Gelu", opset: 20, inputs: [$0]) }
  }

  /// The x of which a step is the last.
  static func argument(of last: Plan.Step, _ graph: StepGraph) -> Plan.Operand? {
    guard last.isOperator("Mul") else { return nil }
    for (first, second) in last.eitherOrder {
      // 0.5 (x (1 + erf)), or (0.5 x) (1 + erf), or x (0.5 (1 + erf)).
      guard let inner = graph.maker(of: first, "Mul") else { continue }
      for (left, right) in inner.eitherOrder {
        let candidates: [(x: Plan.Operand, half: Plan.Operand, sum: Plan.Operand)] = [
          (left, second, right), (left, right, second), (second, left, right),
        ]
        for (x, half, sum) in candidates
        where graph.isFloat(x) && graph.number(half, with: x) == 0.5 && isErrorFunction(sum, of: x, graph) {
          return x
        }
      }
    }
    return nil
  }

  /// Whether a value is `1 + erf(x / sqrt 2)`.
  private static func isErrorFunction(_ operand: Plan.Operand, of x: Plan.Operand, _ graph: StepGraph) -> Bool {
    guard let sum = graph.maker(of: operand, "Add") else { return false }
    return sum.eitherOrder.contains { erf, one in
      guard graph.number(one, with: x) == 1, let erf = graph.maker(of: erf, "Erf") else { return false }
      let scaled = erf.input(0)
      if let quotient = graph.maker(of: scaled, "Div") {
        return quotient.input(0) == x && graph.number(quotient.input(1), with: x) == Float(2.0.squareRoot())
      }
      guard let product = graph.maker(of: scaled, "Mul") else { return false }
      return product.eitherOrder.contains { $0 == x && graph.number($1, with: x) == Float(0.5.squareRoot()) }
    }
  }
}
