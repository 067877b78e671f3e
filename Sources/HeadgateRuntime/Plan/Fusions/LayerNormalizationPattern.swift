import HeadgateTensors

/// `(x - mean) / sqrt(variance + epsilon) * scale + bias` over the last axis, with the variance as the mean of squares.
enum LayerNormalizationPattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    guard last.isOperator("Add") else { return nil }
    for (scaled, bias) in last.eitherOrder {
      guard let product = graph.maker(of: scaled, "Mul") else { continue }
      for (quotient, scale) in product.eitherOrder {
        guard let division = graph.maker(of: quotient, "Div"), let found = normalized(division, graph),
          graph.isFloat(found.x), let width = graph.shape(found.x)?.last ?? nil, isRow(scale, width, graph),
          isRow(bias, width, graph)
        else { continue }
        return FusedOperator(
          name: "LayerNormalization", opset: 17,
          attributes: [("axis", .int(-1)), ("epsilon", .float(found.epsilon))], inputs: [found.x, scale, bias])
      }
    }
    return nil
  }

  /// Of `(x - mean) / sqrt(variance + epsilon)` what x and epsilon are.
  private static func normalized(_ division: Plan.Step, _ graph: StepGraph) -> (x: Plan.Operand, epsilon: Float)? {
    guard let root = graph.maker(of: division.input(1), "Sqrt"), let sum = graph.maker(of: root.input(0), "Add"),
      let difference = graph.maker(of: division.input(0), "Sub", readerCount: nil)
    else { return nil }
    let x = difference.input(0)
    guard isMean(difference.input(1), of: x, graph) else { return nil }
    for (variance, term) in sum.eitherOrder {
      guard let epsilon = graph.number(term, with: variance), epsilon >= 0,
        let mean = graph.maker(of: variance, "ReduceMean"), isOverLastAxis(mean, graph),
        let base = squared(mean.input(0), graph)
      else { continue }
      // Some exporters subtract twice.
      let other = graph.maker(of: base, "Sub", readerCount: nil)
      guard base == division.input(0) || other.map({ $0.input(0) == x && isMean($0.input(1), of: x, graph) }) == true
      else { continue }
      return (x, epsilon)
    }
    return nil
  }

  private static func isMean(_ operand: Plan.Operand, of x: Plan.Operand, _ graph: StepGraph) -> Bool {
    guard let mean = graph.maker(of: operand, "ReduceMean", readerCount: nil) else { return false }
    return mean.input(0) == x && isOverLastAxis(mean, graph)
  }

  /// What a value is the square of.
  private static func squared(_ operand: Plan.Operand, _ graph: StepGraph) -> Plan.Operand? {
    if let power = graph.maker(of: operand, "Pow"), graph.number(power.input(1), with: power.input(0)) == 2 {
      return power.input(0)
    }
    if let product = graph.maker(of: operand, "Mul"), product.input(0) == product.input(1) {
      return product.input(0)
    }
    return nil
  }

  /// Whether a mean is taken over the last axis, which it keeps.
  private static func isOverLastAxis(_ mean: Plan.Step, _ graph: StepGraph) -> Bool {
    guard let rank = graph.shape(mean.input(0))?.count, (try? mean.node.attributes.int("keepdims") ?? 1) == 1 else {
      return false
    }
    // The attribute counts where there are both, as for the operator.
    var axes = (try? mean.node.attributes.ints("axes")) ?? nil
    if axes == nil, let tensor = graph.constant(mean.input(1)), tensor.count == 1 { axes = try? tensor.ints() }
    return axes == [-1] || axes == [rank - 1]
  }

  /// Whether a constant is a row of so many floats.
  private static func isRow(_ operand: Plan.Operand, _ width: Int, _ graph: StepGraph) -> Bool {
    graph.constant(operand)?.shape == [width] && graph.isFloat(operand)
  }
}
