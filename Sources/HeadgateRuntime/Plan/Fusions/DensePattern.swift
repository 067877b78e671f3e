import HeadgateOperators
import HeadgateTensors

/// A product with a constant matrix, a row that is added, and what comes after: an activation that keeps within bounds,
/// Gelu, or the sum with another value. The row or what comes after may be absent, but not both.
enum DensePattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    if let layer = withGelu(graph, last) ?? withSummand(graph, last) { return layer }
    let bounds = graph.bounds(of: last)
    let inner = bounds == nil ? last : graph.maker(of: last.input(0), among: ["Gemm", "Add", "MatMul"])
    guard let inner, let product = product(inner, graph), bounds != nil || product.bias != .absent else { return nil }
    return layer(product, attributes: bounds?.attributes ?? [])
  }

  /// Gelu, as one operator or written out, of a value that nothing else reads.
  private static func withGelu(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    var (x, readerCount) = (last.input(0), 1)
    if !last.isOperator("Gelu") {
      guard let written = GeluPattern.argument(of: last, graph) else { return nil }
      (x, readerCount) = (written, 2)
    } else if (try? last.node.attributes.string("approximate") ?? "none") != "none" {
      return nil
    }
    for name in ["Add", "Gemm", "MatMul"] {
      guard let inner = graph.maker(of: x, name, readerCount: readerCount), let product = product(inner, graph) else {
        continue
      }
      return layer(product, attributes: [("gelu", .int(1))])
    }
    return nil
  }

  /// The sum of a layer and another value, as around the blocks of a transformer.
  private static func withSummand(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    guard last.isOperator("Add") else { return nil }
    for (sum, summand) in last.eitherOrder where graph.isFloat(summand) && graph.constant(summand) == nil {
      guard let inner = graph.maker(of: sum, among: ["Add", "Gemm"]), let product = product(inner, graph) else {
        continue
      }
      return layer(product, summand: summand, attributes: [])
    }
    return nil
  }

  private static func layer(
    _ product: Product, summand: Plan.Operand = .absent, attributes: [(name: String, value: AttributeValue)]
  ) -> FusedOperator {
    FusedOperator(
      definition: Dense.definition, label: product.label,
      attributes: [("transB", .int(product.isTransposed ? 1 : 0))] + attributes,
      inputs: [product.a, product.b, product.bias] + (summand == .absent ? [] : [summand]))
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
