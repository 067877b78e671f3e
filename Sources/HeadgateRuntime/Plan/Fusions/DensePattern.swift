import HeadgateOperators
import HeadgateTensors

/// A product with a constant matrix, a row that is added, and an activation that keeps within bounds; the last two may
/// be absent, but not both.
enum DensePattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    let bounds = graph.bounds(of: last)
    let inner = bounds == nil ? last : graph.maker(of: last.input(0), among: ["Gemm", "Add", "MatMul"])
    guard let inner, let product = product(inner, graph), bounds != nil || product.bias != .absent else { return nil }
    var attributes: [(name: String, value: AttributeValue)] = [("transB", .int(product.isTransposed ? 1 : 0))]
    if let bounds { attributes += bounds.attributes }
    return FusedOperator(
      definition: Dense.definition, label: product.label, attributes: attributes,
      inputs: [product.a, product.b, product.bias])
  }

  private typealias Product = (
    a: Plan.Operand, b: Plan.Operand, bias: Plan.Operand, isTransposed: Bool, label: String
  )

  private static func product(_ step: Plan.Step, _ graph: StepGraph) -> Product? {
    if step.isOperator("Gemm") { return gemm(step, graph) }
    if step.isOperator("MatMul") { return matMul(step, bias: .absent, graph) }
    guard step.isOperator("Add") else { return nil }
    for (sum, bias) in step.eitherOrder {
      guard let product = graph.maker(of: sum, among: ["MatMul"]),
        let found = matMul(product, bias: bias, graph)
      else { continue }
      return found
    }
    return nil
  }

  private static func matMul(_ step: Plan.Step, bias: Plan.Operand, _ graph: StepGraph) -> Product? {
    let (a, b) = (step.input(0), step.input(1))
    guard graph.isFloat(a), let weights = graph.constant(b), weights.rank == 2,
      bias == .absent || isRow(bias, weights.shape[1], graph)
    else { return nil }
    return (a, b, bias, false, step.node.name)
  }

  private static func gemm(_ step: Plan.Step, _ graph: StepGraph) -> Product? {
    let (a, b, bias) = (step.input(0), step.input(1), step.input(2))
    let attributes = step.node.attributes
    guard graph.isFloat(a), graph.shape(a)?.count == 2, let weights = graph.constant(b), weights.rank == 2,
      (try? attributes.flag("transA")) == false, (try? attributes.float("alpha") ?? 1) == 1,
      (try? attributes.float("beta") ?? 1) == 1, let isTransposed = try? attributes.flag("transB"),
      bias == .absent || isRow(bias, weights.shape[isTransposed ? 0 : 1], graph)
    else { return nil }
    return (a, b, bias, isTransposed, step.node.name)
  }

  /// Whether a constant is a row of so many floats.
  private static func isRow(_ operand: Plan.Operand, _ width: Int, _ graph: StepGraph) -> Bool {
    graph.constant(operand)?.shape == [width] && graph.isFloat(operand)
  }
}
