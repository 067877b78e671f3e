import HeadgateOperators
import HeadgateTensors

/// Attention as exporters of transformers write it: rows of queries, keys and values are seen as heads, the heads moved
/// before the rows; products, a scale, maybe a mask, and a softmax between them; and the way back.
///
/// One operator reads the rows where they lie and keeps the scores of a block of queries only. It differs where a mask
/// keeps a query from all keys by negative infinity: that row is zero, and not NaN.
enum AttentionPattern {
  static func match(_ graph: StepGraph, _ last: Plan.Step) -> FusedOperator? {
    guard last.isOperator("Reshape"), let back = graph.maker(of: last.input(0), "Transpose", readerCount: nil),
      order(back) == [0, 2, 1, 3], let sum = graph.maker(of: back.input(0), "MatMul"),
      let softmax = graph.maker(of: sum.input(0), "Softmax"), isOverLastAxis(softmax),
      let values = heads(sum.input(1), order: [0, 2, 1, 3], graph), let scores = scores(softmax.input(0), graph),
      let queries = heads(scores.product.input(0), order: [0, 2, 1, 3], graph),
      let keys = heads(scores.product.input(1), order: [0, 2, 3, 1], graph), graph.isFloat(queries.rows),
      queries.count == keys.count, queries.count == values.count, queries.size == keys.size,
      graph.keepsFirstAxes(last, extents: [values.count, values.size], joined: true)
    else { return nil }
    return FusedOperator(
      definition: StretchedAttention.definition, label: softmax.node.name,
      attributes: [
        ("q_num_heads", .int(Int64(queries.count))), ("kv_num_heads", .int(Int64(keys.count))),
        ("scale", .float(scores.scale)),
      ], inputs: [queries.rows, keys.rows, values.rows, scores.mask])
  }

  private typealias Scores = (product: Plan.Step, scale: Float, mask: Plan.Operand)

  private static func scores(_ operand: Plan.Operand, _ graph: StepGraph) -> Scores? {
    if let scaled = scaledProduct(operand, graph) { return (scaled.product, scaled.scale, .absent) }
    guard let sum = graph.maker(of: operand, "Add") else { return nil }
    for (scores, mask) in sum.eitherOrder where graph.isFloat(mask) && graph.shape(mask)?.count ?? 5 <= 4 {
      if let scaled = scaledProduct(scores, graph) { return (scaled.product, scaled.scale, mask) }
    }
    return nil
  }

  private static func scaledProduct(_ operand: Plan.Operand, _ graph: StepGraph) -> (product: Plan.Step, scale: Float)?
  {
    if let product = graph.maker(of: operand, "MatMul") { return (product, 1) }
    if let division = graph.maker(of: operand, "Div"), let product = graph.maker(of: division.input(0), "MatMul"),
      let divisor = graph.number(division.input(1), with: division.input(0)), divisor.isNormal
    {
      return (product, 1 / divisor)
    }
    guard let multiplication = graph.maker(of: operand, "Mul") else { return nil }
    for (scores, factor) in multiplication.eitherOrder {
      if let product = graph.maker(of: scores, "MatMul"), let factor = graph.number(factor, with: scores) {
        return (product, factor)
      }
    }
    return nil
  }

  private typealias Heads = (rows: Plan.Operand, count: Int, size: Int)

  /// The rows `[batch, length, count * size]` that a value is, seen as heads and with its axes in this order.
  private static func heads(_ operand: Plan.Operand, order wanted: [Int], _ graph: StepGraph) -> Heads? {
    guard let transpose = graph.maker(of: operand, "Transpose"), order(transpose) == wanted,
      let reshape = graph.maker(of: transpose.input(0), "Reshape"), let extents = graph.shape(transpose.input(0)),
      extents.count == 4, let count = extents[2], let size = extents[3], count > 0, size > 0,
      graph.keepsFirstAxes(reshape, extents: [count, size], joined: false)
    else { return nil }
    return (reshape.input(0), count, size)
  }

  private static func order(_ transpose: Plan.Step) -> [Int]? { (try? transpose.node.attributes.ints("perm")) ?? nil }

  /// Whether a softmax is over the last of four axes. Before opset 13 it was over all axes from the given one on.
  private static func isOverLastAxis(_ softmax: Plan.Step) -> Bool {
    let axis = (try? softmax.node.attributes.int("axis")) ?? nil
    return axis == -1 || axis == 3 || (axis == nil && softmax.node.opset >= 13)
  }
}
