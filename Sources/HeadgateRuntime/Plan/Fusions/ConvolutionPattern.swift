import HeadgateOperators
import HeadgateTensors

/// A convolution, a value that is added, and an activation that keeps within bounds; one of the last two may be absent.
enum ConvolutionPattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    let bounds = graph.bounds(of: last)
    let inner = bounds == nil ? last : graph.maker(of: last.input(0), among: ["Conv", "Add"])
    guard let inner, let found = convolution(inner, graph), bounds != nil || found.summand != .absent else {
      return nil
    }
    let step = found.step
    guard graph.isFloat(step.input(0)) else { return nil }
    var attributes = step.node.attributes.passing([
      "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides",
    ])
    if let bounds { attributes += bounds.attributes }
    return FusedOperator(
      definition: FusedConvolution.definition, label: step.node.name, attributes: attributes,
      inputs: [step.input(0), step.input(1), step.input(2), found.summand])
  }

  private static func convolution(
    _ step: Plan.Step, _ graph: StepGraph
  ) -> (step: Plan.Step, summand: Plan.Operand)? {
    if step.isOperator("Conv") { return (step, .absent) }
    guard step.isOperator("Add") else { return nil }
    for (sum, summand) in step.eitherOrder where graph.isFloat(summand) {
      // A kernel for each channel is faster slid over, which begins with no sums.
      if let convolution = graph.maker(of: sum, "Conv"), (try? convolution.node.attributes.int("group") ?? 1) == 1 {
        return (convolution, summand)
      }
    }
    return nil
  }
}
